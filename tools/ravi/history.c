/* SPDX-License-Identifier: MIT */
/* ravi secrets history, rollback: the versions that a vault keeps of a secret. */
#include <config.h>

#include <errno.h>
#include <stdio.h>

#include "commands.h"
#include "job.h"
#include "secret.h"
#include "util/when.h"

struct rollback_values {
	const char *identity;
	long to; /* 0: the version before the current one */
	const char *expires;
	bool json;
};

#define ROW(member) .name = #member, .offset = offsetof(struct rollback_values, member)

const struct option_row rollback_options[] = {
    {ROW(identity), .kind = OPTION_TEXT, .letter = 'i', .argument = "ID",
	.help = "whose (default: RAVI_IDENTITY, or the only one)"},
    {ROW(to), .kind = OPTION_NUMBER, .argument = "N", .min = 1, .max = VAULT_REVISION_MAX,
	.help = "this version (default: the one before the current one)"},
    {ROW(expires), .kind = OPTION_TEXT, .argument = "WHEN",
	.help = "90s, 15m, 12h, 30d, 2w or a time (default: as that version had it)"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print JSON"},
    {0},
};

#undef ROW

/* ---- history ---- */

struct listing {
	struct jsonout j;
	struct table table;
	uint64_t current;
};

#define listing_auto __attribute__((cleanup(listing_free))) struct listing

static void listing_free(struct listing *listing)
{
	jsonout_free(&listing->j);
	table_free(&listing->table);
}

static void add_json(struct jsonout *j, const struct vault_secret *version, bool is_current)
{
	jsonout_open(j, NULL, '{');
	jsonout_number(j, "version", (int64_t)version->version);
	jsonout_bool(j, "current", is_current);
	jsonout_when(j, "updated_dt", version->updated);
	jsonout_when(j, "expires_dt", version->expires);
	jsonout_text(j, "by", version->by);
	jsonout_text(j, "host", version->host);
	jsonout_number(j, "bytes", (int64_t)version->value.len);
	jsonout_close(j, '}');
}

static int add_version(void *opaque, struct vault_secret *version)
{
	struct listing *listing = opaque;
	char updated[WHEN_TEXT];

	if (!listing->current)
		listing->current = version->version;
	when_format(version->updated, updated);
	table_addf(&listing->table, "%llu%s", (unsigned long long)version->version,
	    version->version == listing->current ? " (current)" : "");
	table_add(&listing->table, updated);
	secret_add_expiry(&listing->table, version->expires);
	table_add(&listing->table, version->by);
	table_add(&listing->table, version->host);
	table_addf(&listing->table, "%zu", version->value.len);
	add_json(&listing->j, version, version->version == listing->current);
	return 0;
}

static int print_history(struct job *job, bool json)
{
	listing_auto listing = {
	    .table = table_make("VERSION", "UPDATED", "EXPIRES", "BY", "HOST", "BYTES", NULL)};
	struct reason why = {0};
	int r;

	jsonout_open(&listing.j, NULL, '{');
	jsonout_text(&listing.j, "identity", job->identity);
	jsonout_text(&listing.j, "name", job->name);
	jsonout_open(&listing.j, "versions", '[');
	r = vault_each_version(job->vault, job->name, add_version, &listing, &why);
	jsonout_close(&listing.j, ']');
	jsonout_close(&listing.j, '}');
	if (r == 0)
		r = json ? jsonout_print(&listing.j) : table_print(&listing.table);
	return r < 0 ? context_fail(r, &why) : EXIT_DONE;
}

int run_secrets_history(void *opaque, int argc, char **argv)
{
	const struct secret_values *values = opaque;
	job_auto job = {0};
	struct reason why = {0};
	int code;

	(void)argc;
	if (context_need_root("see earlier versions, which are in the vault", &why) < 0)
		return cli_fail(-EPERM, &why);
	if (secret_name_fold(argv[0], job.name, &why) < 0)
		return cli_usage("%s", why.text);
	code = job_open(&job, values->identity);
	return code == EXIT_DONE ? print_history(&job, values->json) : code;
}

/* ---- rollback ---- */

struct rollback {
	struct job job;
	uint64_t wanted; /* 0: the version before the current one */
	uint64_t former; /* the version that came back */
};

#define rollback_auto __attribute__((cleanup(rollback_free))) struct rollback

static void rollback_free(struct rollback *rollback)
{
	job_free(&rollback->job);
}

static int change_rollback(void *opaque, struct vault *vault, struct reason *why)
{
	struct rollback *rollback = opaque;
	int r = context_need_living(vault, why);

	/* Another try may find other versions. */
	rollback->former = rollback->wanted;
	return r < 0 ? r
		     : vault_rollback(
			   vault, &rollback->job.change, &rollback->former, time(NULL), why);
}

static void audit_rollback(const void *opaque, const char *user, int error)
{
	const struct rollback *rollback = opaque;
	const struct job *job = &rollback->job;

	job_audit(job, "rollback", user, job->name, NULL, error);
}

static int report(const struct rollback *rollback, bool json)
{
	const struct job *job = &rollback->job;
	vault_secret_auto secret = {0};
	jsonout_auto j = {0};

	vault_get(job->vault, job->name, &secret, NULL);
	if (!json) {
		printf("%s of %s is what it was in version %llu; that is version %llu now\n",
		    job->name, job->identity, (unsigned long long)rollback->former,
		    (unsigned long long)secret.version);
		return EXIT_DONE;
	}
	jsonout_open(&j, NULL, '{');
	jsonout_text(&j, "status", "rolled back");
	jsonout_text(&j, "identity", job->identity);
	jsonout_text(&j, "name", job->name);
	jsonout_number(&j, "from_version", (int64_t)rollback->former);
	jsonout_number(&j, "version", (int64_t)secret.version);
	jsonout_number(&j, "revision", (int64_t)vault_revision(job->vault));
	jsonout_when(&j, "expires_dt", secret.expires);
	jsonout_close(&j, '}');
	return jsonout_print(&j) < 0 ? EXIT_FAILED : EXIT_DONE;
}

int run_secrets_rollback(void *opaque, int argc, char **argv)
{
	const struct rollback_values *values = opaque;
	rollback_auto rollback = {.wanted = (uint64_t)values->to};
	struct job *job = &rollback.job;
	struct reason why = {0};
	int code;

	(void)argc;
	if (context_need_root("bring earlier versions back", &why) < 0)
		return cli_fail(-EPERM, &why);
	if (secret_name_fold(argv[0], job->name, &why) < 0)
		return cli_usage("%s", why.text);
	job->change.name = job->name;
	if (values->expires &&
	    when_expiry(values->expires, time(NULL), &job->change.expires, &why) < 0)
		return cli_usage("--expires: %s", why.text);
	code = job_open(job, values->identity);
	if (code == EXIT_DONE)
		code = job_change(job, change_rollback, &rollback, audit_rollback);
	return code == EXIT_DONE ? report(&rollback, values->json) : code;
}

/* SPDX-License-Identifier: MIT */
/*
 * ravi secrets set, get, list, delete: root's side, on vaults. An agent's own side is own.c, and what is
 * done with earlier versions history.c.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "commands.h"
#include "job.h"
#include "own.h"
#include "secret.h"
#include "util/when.h"
#include "value.h"

const struct option_row secret_options[] = {
    {.name = "identity",
	.kind = OPTION_TEXT,
	.letter = 'i',
	.argument = "ID",
	.offset = offsetof(struct secret_values, identity),
	.help = "whose (default: RAVI_IDENTITY, or the only one)"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct secret_values, json),
	.help = "print JSON"},
    {0},
};

struct get_values {
	const char *identity;
	long version; /* 0: the current one */
	bool json;
};

const struct option_row get_options[] = {
    {.name = "identity",
	.kind = OPTION_TEXT,
	.letter = 'i',
	.argument = "ID",
	.offset = offsetof(struct get_values, identity),
	.help = "whose (default: RAVI_IDENTITY, or the only one)"},
    {.name = "version",
	.kind = OPTION_NUMBER,
	.argument = "N",
	.min = 1,
	.max = VAULT_REVISION_MAX,
	.offset = offsetof(struct get_values, version),
	.help = "what it was then, expired or not; see: ravi secrets history"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct get_values, json),
	.help = "print JSON"},
    {0},
};

struct set_values {
	const char *identity;
	const char *file;
	const char *expires;
	const char *note;
	bool json;
};

#define ROW(member) .name = #member, .offset = offsetof(struct set_values, member)

const struct option_row set_options[] = {
    {ROW(identity), .kind = OPTION_TEXT, .letter = 'i', .argument = "ID",
	.help = "whose (default: RAVI_IDENTITY, or the only one)"},
    {ROW(file), .kind = OPTION_TEXT, .letter = 'f', .argument = "PATH",
	.help = "take the bytes of this file as they are (-: of stdin)"},
    {ROW(expires), .kind = OPTION_TEXT, .argument = "WHEN",
	.help = "90s, 15m, 12h, 30d, 2w or 2027-01-31T00:00:00Z (default: never)"},
    {ROW(note), .kind = OPTION_TEXT, .argument = "TEXT", .may_be_empty = true,
	.help = "what it is for (kept unless given; empty: none)"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print JSON"},
    {0},
};

#undef ROW

static int change_set(void *opaque, struct vault *vault, struct reason *why)
{
	struct job *job = opaque;
	int r = context_need_living(vault, why);

	return r < 0 ? r : vault_set(vault, &job->change, time(NULL), why);
}

static int change_delete(void *opaque, struct vault *vault, struct reason *why)
{
	struct job *job = opaque;
	int r = context_need_living(vault, why);

	return r < 0 ? r : vault_delete(vault, job->name, why);
}

static void audit_set(const void *opaque, const char *user, int error)
{
	const struct job *job = opaque;

	job_audit(job, "set", user, job->name, NULL, error);
}

static void audit_delete(const void *opaque, const char *user, int error)
{
	const struct job *job = opaque;

	job_audit(job, "delete", user, job->name, NULL, error);
}

static bool is_note(const char *text)
{
	size_t len = strlen(text);

	for (const char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			return false;
	return len <= VAULT_NOTE_MAX && jsonout_is_text(text, len);
}

/* The option values into job->change, but for the value itself. Returns an exit code. */
static int parse_change(struct job *job, const struct set_values *values, const char *name)
{
	struct reason why;

	if (secret_name_fold(name, job->name, &why) < 0)
		return cli_usage("%s", why.text);
	job->change.name = job->name;
	if (values->expires &&
	    when_expiry(values->expires, time(NULL), &job->change.expires, &why) < 0)
		return cli_usage("--expires: %s", why.text);
	if (values->note && !is_note(values->note))
		return cli_usage(
		    "--note takes one line of UTF-8, at most %u bytes", VAULT_NOTE_MAX);
	job->change.note = values->note;
	return EXIT_DONE;
}

static int read_value(const struct job *job, const struct set_values *values, struct buf *value)
{
	struct reason why = {0};
	buf_auto prompt = {0};
	int r;

	if (value->len)
		return EXIT_DONE;
	buf_addf(&prompt, "Value of %s%s%s (not shown): ", job->name, *job->identity ? " for " : "",
	    job->identity);
	r = value_read(values->file, buf_text(&prompt), value, &why);
	return r < 0 ? cli_fail(r, &why) : EXIT_DONE;
}

static int set(struct job *job, const struct set_values *values, struct buf *value)
{
	vault_secret_auto stored = {0};
	int code = job_open(job, values->identity);

	if (code == EXIT_DONE)
		code = read_value(job, values, value);
	if (code != EXIT_DONE)
		return code;
	job->change.value = value->data;
	job->change.len = value->len;
	code = job_change(job, change_set, job, audit_set);
	if (code != EXIT_DONE)
		return code;
	if (vault_get(job->vault, job->name, &stored, NULL) < 0)
		return context_fail(-EIO, NULL);
	return secret_print_stored(job->identity, &stored, values->json);
}

/* The same as an agent, who asks the broker. */
static int set_own(struct job *job, const struct set_values *values, struct buf *value)
{
	int code = read_value(job, values, value);

	if (code != EXIT_DONE)
		return code;
	job->change.value = value->data;
	job->change.len = value->len;
	return own_set(values->identity, &job->change, values->json);
}

/* Root changes the vaults, an agent asks the broker to. */
static int need_writer(const char *what, struct reason *why)
{
	return own_is_agent() ? 0 : context_need_root(what, why);
}

int run_secrets_set(void *opaque, int argc, char **argv)
{
	const struct set_values *values = opaque;
	job_auto job = {0};
	buf_auto value = {0};
	struct reason why = {0};
	int code;

	/* First of all: until then other users' ps(1) shows it. */
	if (argc > 1 && value_take(argv[1], &value) < 0)
		return cli_fail(value.error, NULL);
	if (need_writer("store secrets on this machine", &why) < 0)
		return cli_fail(-EPERM, &why);
	if (argc > 1 && values->file)
		return cli_usage("say either VALUE or --file, not both");
	if (argc > 1 && value_check(&value, &why) < 0)
		return cli_usage("%s", why.text);
	code = parse_change(&job, values, argv[0]);
	if (code != EXIT_DONE)
		return code;
	return geteuid() == 0 ? set(&job, values, &value) : set_own(&job, values, &value);
}

int run_secrets_delete(void *opaque, int argc, char **argv)
{
	const struct secret_values *values = opaque;
	job_auto job = {0};
	struct reason why = {0};
	int code;

	(void)argc;
	if (need_writer("delete secrets on this machine", &why) < 0)
		return cli_fail(-EPERM, &why);
	if (secret_name_fold(argv[0], job.name, &why) < 0)
		return cli_usage("%s", why.text);
	if (geteuid() != 0)
		return own_delete(values->identity, job.name, values->json);
	code = job_open(&job, values->identity);
	if (code == EXIT_DONE)
		code = job_change(&job, change_delete, &job, audit_delete);
	if (code != EXIT_DONE)
		return code;
	return secret_print_deleted(job.identity, job.name, values->json);
}

/* ---- get, list ---- */

/* The current version must be good still; who asks for one by its number takes it as it is. */
static int get_checked(struct job *job, const struct get_values *values,
    struct vault_secret *secret, struct reason *why)
{
	char expired[WHEN_TEXT];
	int r = vault_get(job->vault, job->name, secret, why);

	if (r == -ENOSECRET)
		return reason_set(why, r,
		    "identity %s has no secret %s; store it: ravi secrets set %s "
		    "--identity %s",
		    job->identity, job->name, job->name, job->identity);
	if (r == 0 && values->version) {
		vault_secret_free(secret);
		return vault_get_version(
		    job->vault, job->name, (uint64_t)values->version, secret, why);
	}
	when_format(secret->expires, expired);
	if (r == 0 && secret->expires && secret->expires <= time(NULL))
		return reason_set(why, -EKEYEXPIRED,
		    "the secret %s of %s expired at %s; store a new one: ravi secrets set %s "
		    "--identity %s",
		    job->name, job->identity, expired, job->name, job->identity);
	return r;
}

static int get(struct job *job, const struct get_values *values)
{
	vault_secret_auto secret = {0};
	struct reason why = {0};
	char version[24] = "";
	int r = get_checked(job, values, &secret, &why);

	if (values->version)
		snprintf(version, sizeof(version), "%ld", values->version);
	audit("get", context_result(r), "identity", job->identity, "name", job->name, "version",
	    *version ? version : NULL, "by", context_uid().text, NULL);
	return r < 0 ? context_fail(r, &why) : secret_print(job->identity, &secret, values->json);
}

int run_secrets_get(void *opaque, int argc, char **argv)
{
	const struct get_values *values = opaque;
	job_auto job = {0};
	struct reason why = {0};
	int code;

	(void)argc;
	if (secret_name_fold(argv[0], job.name, &why) < 0)
		return cli_usage("%s", why.text);
	if (geteuid() != 0)
		return own_get(values->identity, job.name, (uint64_t)values->version, values->json);
	code = job_open(&job, values->identity);
	return code == EXIT_DONE ? get(&job, values) : code;
}

struct listing {
	const char *identity;
	bool json;
	struct jsonout j;
	struct table table;
};

#define listing_auto __attribute__((cleanup(listing_free))) struct listing

static void listing_free(struct listing *listing)
{
	jsonout_free(&listing->j);
	table_free(&listing->table);
}

static int list_secret(void *opaque, struct vault_secret *secret)
{
	struct listing *listing = opaque;
	char updated[WHEN_TEXT];

	if (listing->json) {
		secret_json(&listing->j, listing->identity, secret, false);
		return 0;
	}
	when_format(secret->updated, updated);
	table_add(&listing->table, secret->name);
	table_addf(&listing->table, "%llu", (unsigned long long)secret->version);
	table_add(&listing->table, updated);
	secret_add_expiry(&listing->table, secret->expires);
	if (secret->plain)
		table_addf(&listing->table, "%s%s[in clear at the service]",
		    secret->note ? secret->note : "", secret->note ? " " : "");
	else
		table_add(&listing->table, secret->note);
	return 0;
}

int run_secrets_list(void *opaque, int argc, char **argv)
{
	const struct secret_values *values = opaque;
	listing_auto listing = {.json = values->json};
	job_auto job = {0};
	int code, r;

	(void)argc;
	(void)argv;
	if (geteuid() != 0)
		return own_list(values->identity, values->json);
	code = job_open(&job, values->identity);
	if (code != EXIT_DONE)
		return code;
	listing.identity = job.identity;
	listing.table = table_make("NAME", "VERSION", "UPDATED", "EXPIRES", "NOTE", NULL);
	jsonout_open(&listing.j, NULL, '[');
	vault_each(job.vault, list_secret, &listing);
	jsonout_close(&listing.j, ']');
	r = values->json ? jsonout_print(&listing.j) : table_print(&listing.table);
	return r < 0 ? context_fail(r, NULL) : EXIT_DONE;
}

/* SPDX-License-Identifier: MIT */
/*
 * ravi secrets import: all secrets of a file, in one revision or not at all. A file is often older than the
 * vault, so what is in the vault with another value is overwritten only when --existing says so.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle.h"
#include "commands.h"
#include "job.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/jsonout.h"
#include "util/table.h"
#include "util/when.h"

enum existing {
	EXISTING_REFUSE,
	EXISTING_REPLACE,
	EXISTING_KEEP,
};

struct import_values {
	const char *identity;
	int format;   /* enum bundle_form */
	int existing; /* enum existing */
	const char *expires;
	bool dry_run;
	bool json;
};

static const char *const formats[] = {"auto", "dotenv", "json", "codex-monitor", NULL};
static const char *const existing_words[] = {"refuse", "replace", "keep", NULL};

#define ROW(member, text) .name = text, .offset = offsetof(struct import_values, member)

const struct option_row import_options[] = {
    {ROW(identity, "identity"), .kind = OPTION_TEXT, .letter = 'i', .argument = "ID",
	.help = "whose (default: RAVI_IDENTITY, or the only one)"},
    {ROW(format, "format"), .kind = OPTION_CHOICE, .argument = "FORM", .choices = formats,
	.help = "dotenv, json or codex-monitor (default: what it looks like)"},
    {ROW(existing, "existing"), .kind = OPTION_CHOICE, .argument = "WHAT",
	.choices = existing_words,
	.help = "where a name has another value: refuse, replace or keep it"},
    {ROW(expires, "expires"), .kind = OPTION_TEXT, .argument = "WHEN",
	.help = "of those for which the file says none (default: never)"},
    {ROW(dry_run, "dry-run"), .kind = OPTION_FLAG, .letter = 'n',
	.help = "say what would be done, and do nothing"},
    {ROW(json, "json"), .kind = OPTION_FLAG, .help = "print JSON"},
    {0},
};

#undef ROW

/* What becomes of one secret. */
enum action {
	ACTION_NEW,
	ACTION_REPLACED,
	ACTION_UNCHANGED, /* the vault has that very value */
	ACTION_KEPT,      /* the vault has another one, which stays */
	ACTION_CONFLICT,  /* the same, and refuses the file */
};

static const char *const action_words[] = {"new", "replaced", "unchanged", "kept", "conflict"};

struct taking {
	struct job job;
	const struct import_values *values;
	struct bundle bundle;
	enum action *actions; /* one an item */
	time_t expires;
	mode_t readable; /* bits of a file that let others read it */
	bool is_file;
};

#define taking_auto __attribute__((cleanup(taking_free))) struct taking

static void taking_free(struct taking *taking)
{
	free(taking->actions);
	bundle_free(&taking->bundle);
	job_free(&taking->job);
}

/* The administrator names it, as for cat(1): a pipe, another owner or a link is theirs to choose. */
static int read_source(
    struct taking *taking, const char *path, struct buf *text, struct reason *why)
{
	bool is_stdin = !strcmp(path, "-");
	fd_auto opened = is_stdin ? -1 : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	int fd = is_stdin ? STDIN_FILENO : opened, r;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return reason_errno(why, -errno, "%s", path);
	taking->is_file = !is_stdin && S_ISREG(st.st_mode);
	taking->readable = st.st_mode & (S_IRGRP | S_IROTH);
	r = file_read_fd(fd, BUNDLE_FILE_MAX, text);
	return r < 0 ? reason_errno(why, r, "reading %s", is_stdin ? "stdin" : path) : 0;
}

/* What could not be taken, a line each. Returns an exit code. */
static int report_words(struct bundle *bundle, const char *path)
{
	char *words = bundle->words.data, *line;

	while (words && (line = strsep(&words, "\n")) && *line)
		cli_note("%s: %s", path, line);
	if (bundle->complaints) {
		cli_note("%s: nothing was imported", path);
		return EXIT_FAILED;
	}
	if (bundle->count)
		return EXIT_DONE;
	cli_note("%s holds no secret", path);
	return EXIT_FAILED;
}

static int read_bundle(struct taking *taking, const char *path)
{
	buf_auto text = {0};
	struct reason why = {0};
	int r = read_source(taking, path, &text, &why);

	if (r < 0)
		return context_fail(r, &why);
	r = bundle_parse(
	    &taking->bundle, (enum bundle_form)taking->values->format, &text, time(NULL), &why);
	if (r < 0)
		return context_fail(reason_prefix(&why, r, "%s: ", path), &why);
	taking->actions = calloc(taking->bundle.count + 1, sizeof(*taking->actions));
	return taking->actions ? report_words(&taking->bundle, path) : context_fail(-ENOMEM, NULL);
}

static enum action choose(const struct taking *taking, const struct vault *vault,
    const struct bundle_item *item, struct vault_secret *held)
{
	if (vault_get(vault, item->name, held, NULL) < 0)
		return ACTION_NEW;
	if (held->value.len == item->value.len &&
	    !memcmp(held->value.data, item->value.data, item->value.len))
		return ACTION_UNCHANGED;
	if (taking->values->existing == EXISTING_REPLACE)
		return ACTION_REPLACED;
	return taking->values->existing == EXISTING_KEEP ? ACTION_KEPT : ACTION_CONFLICT;
}

static int store(const struct taking *taking, struct vault *vault, const struct bundle_item *item,
    struct reason *why)
{
	struct vault_change change = taking->job.change;

	change.name = item->name;
	change.value = item->value.data;
	change.len = item->value.len;
	change.note = item->note.len ? item->note.data : NULL;
	change.expires = item->expires ? item->expires : taking->expires;
	return vault_set(vault, &change, time(NULL), why);
}

static int say_conflicts(const struct taking *taking, const struct vault *vault, struct reason *why)
{
	char names[240] = "";
	size_t more = 0, used;

	for (size_t i = 0; i < taking->bundle.count; i++) {
		const char *name = taking->bundle.items[i].name;

		used = strlen(names);
		if (taking->actions[i] != ACTION_CONFLICT)
			continue;
		/* Room for the words on those that find none. */
		if (more || used + strlen(name) + 32 > sizeof(names))
			more++;
		else
			snprintf(
			    names + used, sizeof(names) - used, "%s%s", used ? ", " : "", name);
	}
	used = strlen(names);
	if (more)
		snprintf(names + used, sizeof(names) - used, " and %zu more", more);
	return reason_set(why, -EEXIST,
	    "%s has other values of %s; say --existing replace (they stay earlier versions) or "
	    "--existing keep",
	    vault_name(vault), names);
}

/* Makes all changes in the vault in memory: 0, 1 when there is none to make, or a negative errno. */
static int plan(void *opaque, struct vault *vault, struct reason *why)
{
	struct taking *taking = opaque;
	bool changes = false, conflicts = false;
	int r = context_need_living(vault, why);

	for (size_t i = 0; i < taking->bundle.count && r == 0; i++) {
		const struct bundle_item *item = &taking->bundle.items[i];
		vault_secret_auto held = {0};

		taking->actions[i] = choose(taking, vault, item, &held);
		conflicts = conflicts || taking->actions[i] == ACTION_CONFLICT;
		if (taking->actions[i] > ACTION_REPLACED)
			continue;
		changes = true;
		r = store(taking, vault, item, why);
	}
	if (r < 0)
		return r;
	return conflicts ? say_conflicts(taking, vault, why) : !changes;
}

static void audit_import(const void *opaque, const char *user, int error)
{
	const struct taking *taking = opaque;

	for (size_t i = 0; i < taking->bundle.count; i++)
		if (error < 0 || taking->actions[i] <= ACTION_REPLACED)
			job_audit(&taking->job, "set", user, taking->bundle.items[i].name, "import",
			    error);
}

/* ---- what it says ---- */

static int print_json(const struct taking *taking, size_t stored)
{
	jsonout_auto j = {0};

	jsonout_open(&j, NULL, '{');
	jsonout_text(&j, "identity", taking->job.identity);
	jsonout_bool(&j, "dry_run", taking->values->dry_run);
	jsonout_number(&j, "imported", (int64_t)stored);
	jsonout_number(&j, "revision", (int64_t)vault_revision(taking->job.vault));
	jsonout_open(&j, "secrets", '[');
	for (size_t i = 0; i < taking->bundle.count; i++) {
		jsonout_open(&j, NULL, '{');
		jsonout_text(&j, "name", taking->bundle.items[i].name);
		jsonout_text(&j, "action", action_words[taking->actions[i]]);
		jsonout_close(&j, '}');
	}
	jsonout_close(&j, ']');
	jsonout_close(&j, '}');
	return jsonout_print(&j) < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int print_table(const struct taking *taking, size_t stored)
{
	table_auto table = table_make("NAME", "ACTION", NULL);

	for (size_t i = 0; i < taking->bundle.count; i++) {
		table_add(&table, taking->bundle.items[i].name);
		table_add(&table, action_words[taking->actions[i]]);
	}
	if (table_print(&table) < 0)
		return EXIT_FAILED;
	if (taking->values->dry_run)
		printf("would import %zu of %zu secrets for %s\n", stored, taking->bundle.count,
		    taking->job.identity);
	else
		printf("imported %zu of %zu secrets for %s, revision %llu\n", stored,
		    taking->bundle.count, taking->job.identity,
		    (unsigned long long)vault_revision(taking->job.vault));
	return EXIT_DONE;
}

static int report(const struct taking *taking, const char *path)
{
	size_t stored = 0;
	int code;

	for (size_t i = 0; i < taking->bundle.count; i++)
		stored += taking->actions[i] <= ACTION_REPLACED;
	code = taking->values->json ? print_json(taking, stored) : print_table(taking, stored);
	if (code == EXIT_DONE && taking->is_file && !taking->values->dry_run)
		cli_note("%s still holds them in clear%s; delete it when nothing else needs it",
		    path, taking->readable ? ", and others can read it" : "");
	return code;
}

static int import_all(struct taking *taking)
{
	struct reason why = {0};
	int r;

	if (!taking->values->dry_run)
		return job_change(&taking->job, plan, taking, audit_import);
	r = plan(taking, taking->job.vault, &why);
	return r < 0 ? context_fail(r, &why) : EXIT_DONE;
}

int run_secrets_import(void *opaque, int argc, char **argv)
{
	const struct import_values *values = opaque;
	taking_auto taking = {.values = values};
	struct reason why = {0};
	int code;

	(void)argc;
	if (context_need_root("import secrets; an agent stores its own one by one (ravi secrets "
			      "set)",
		&why) < 0)
		return cli_fail(-EPERM, &why);
	if (values->expires && when_expiry(values->expires, time(NULL), &taking.expires, &why) < 0)
		return cli_usage("--expires: %s", why.text);
	code = job_open(&taking.job, values->identity);
	if (code == EXIT_DONE)
		code = read_bundle(&taking, argv[0]);
	if (code == EXIT_DONE)
		code = import_all(&taking);
	return code == EXIT_DONE ? report(&taking, argv[0]) : code;
}

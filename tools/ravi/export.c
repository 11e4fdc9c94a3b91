/* SPDX-License-Identifier: MIT */
/*
 * ravi secrets export: secrets in clear, for another tool or another machine. They go into a file for its
 * owner alone, or to whatever reads stdout; not to a screen unless that is said.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle.h"
#include "commands.h"
#include "job.h"
#include "newfile.h"
#include "secret.h"
#include "sshkey/sshkey.h"
#include "util/file.h"

struct export_values {
	const char *identity;
	int format; /* index of formats */
	bool json;
	bool full;
	const char *output;
};

enum {
	FORMAT_DOTENV,
	FORMAT_JSON,
};

static const char *const formats[] = {"dotenv", "json", NULL};

#define ROW(member) .name = #member, .offset = offsetof(struct export_values, member)

const struct option_row export_options[] = {
    {ROW(identity), .kind = OPTION_TEXT, .letter = 'i', .argument = "ID",
	.help = "whose (default: RAVI_IDENTITY, or the only one)"},
    {ROW(format), .kind = OPTION_CHOICE, .argument = "FORM", .choices = formats,
	.help = "dotenv (the default) or json"},
    {ROW(json), .kind = OPTION_FLAG, .help = "the same as --format json"},
    {ROW(full), .kind = OPTION_FLAG, .help = "JSON with notes, versions and expiries"},
    {ROW(output), .kind = OPTION_TEXT, .letter = 'o', .argument = "FILE",
	.help = "write a new file, mode 0600 (-: to stdout, be it a terminal)"},
    {0},
};

#undef ROW

struct giving {
	struct job job;
	const struct export_values *values;
	char **names; /* NULL: all */
	int count;
	struct buf text;
	struct jsonout j;
	struct reason why;
};

#define giving_auto __attribute__((cleanup(giving_free))) struct giving

static void giving_free(struct giving *giving)
{
	buf_free(&giving->text);
	jsonout_free(&giving->j);
	job_free(&giving->job);
}

static bool is_json(const struct export_values *values)
{
	return values->format == FORMAT_JSON || values->json || values->full;
}

static void add_json(struct giving *giving, const struct vault_secret *secret)
{
	const struct buf *value = &secret->value;

	if (!giving->values->full && jsonout_is_text(value->data, value->len)) {
		jsonout_bytes(&giving->j, secret->name, value->data, value->len);
		return;
	}
	secret_json_member(&giving->j, secret->name, giving->job.identity, secret, true);
}

static int add_secret(void *opaque, struct vault_secret *secret)
{
	struct giving *giving = opaque;
	int r = 0;

	if (secret->expires && secret->expires <= time(NULL)) {
		cli_note("%s was left out: it has expired", secret->name);
		return 0;
	}
	job_audit(&giving->job, "get", NULL, secret->name, "export", 0);
	if (is_json(giving->values))
		add_json(giving, secret);
	else
		r = dotenv_add(&giving->text, secret->name, &secret->value);
	if (r == -EINVAL)
		return reason_set(&giving->why, r,
		    "%s has a NUL byte, which dotenv cannot hold; say --format json", secret->name);
	return r;
}

static int add_unless_own(void *opaque, struct vault_secret *secret)
{
	if (strcmp(secret->name, SSHKEY_SECRET) != 0)
		return add_secret(opaque, secret);
	cli_note(SSHKEY_SECRET " was left out: it is the identity's own; name it to export it");
	return 0;
}

/* Who names one twice wants it once: import takes no file that has it twice. */
static bool is_named_before(const struct giving *giving, int i)
{
	for (int before = 0; before < i; before++)
		if (!strcasecmp(giving->names[before], giving->names[i]))
			return true;
	return false;
}

static int add_named(struct giving *giving)
{
	int r = 0;

	for (int i = 0; i < giving->count && r == 0; i++) {
		vault_secret_auto secret = {0};

		if (is_named_before(giving, i))
			continue;
		r = vault_get(giving->job.vault, giving->names[i], &secret, &giving->why);
		if (r == 0)
			r = add_secret(giving, &secret);
	}
	return r;
}

static int render(struct giving *giving)
{
	int r;

	jsonout_open(&giving->j, NULL, '{');
	r = giving->count ? add_named(giving)
			  : vault_each(giving->job.vault, add_unless_own, giving);
	jsonout_close(&giving->j, '}');
	if (r < 0 || !is_json(giving->values))
		return r < 0 ? r : giving->text.error;
	buf_move(&giving->text, &giving->j.text);
	return buf_add_char(&giving->text, '\n');
}

/* A shell made the file that stdout is with its umask; the values go into it when others cannot read it. */
static int check_stdout(const struct giving *giving, struct reason *why)
{
	struct stat st;

	if (!giving->values->output && isatty(STDOUT_FILENO))
		return reason_set(why, -EPERM,
		    "this would show secrets on the terminal; say --output FILE, or --output - to "
		    "have it so");
	if (fstat(STDOUT_FILENO, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & FILE_SECRET))
		return 0;
	if (fchmod(STDOUT_FILENO, st.st_mode & 07777 & ~FILE_SECRET) < 0)
		return reason_errno(why, -EPERM,
		    "others can read the file that stdout is, and its mode cannot be changed");
	cli_note("the file that stdout is has mode %04o now, so that others cannot read it",
	    st.st_mode & 07777 & ~FILE_SECRET);
	return 0;
}

static int print(struct giving *giving, struct reason *why)
{
	const char *output = giving->values->output;
	int r;

	if (output && strcmp(output, "-") != 0)
		return newfile_write(output, 0600, &giving->text, why);
	r = file_write_fd(STDOUT_FILENO, giving->text.data, giving->text.len);
	return r < 0 ? reason_errno(why, r, "writing to stdout") : 0;
}

int run_secrets_export(void *opaque, int argc, char **argv)
{
	const struct export_values *values = opaque;
	giving_auto giving = {.values = values, .names = argv, .count = argc};
	struct reason *why = &giving.why;
	bool to_file = values->output && strcmp(values->output, "-") != 0;
	int code, r;

	if (context_need_root("export a vault; an agent runs a command with its secrets: "
			      "ravi-keyctl exec",
		why) < 0)
		return cli_fail(-EPERM, why);
	for (int i = 0; i < argc; i++) {
		char folded[SECRET_NAME_MAX + 1];

		if (secret_name_fold(argv[i], folded, why) < 0)
			return cli_usage("%s", why->text);
	}
	code = job_open(&giving.job, values->identity);
	if (code != EXIT_DONE)
		return code;
	r = to_file ? 0 : check_stdout(&giving, why);
	if (r == 0)
		r = render(&giving);
	if (r == 0)
		r = print(&giving, why);
	return r < 0 ? context_fail(r, why) : EXIT_DONE;
}

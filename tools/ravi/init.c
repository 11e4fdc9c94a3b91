/* SPDX-License-Identifier: MIT */
/*
 * ravi init: makes what a machine needs before it can hold identities. Everything that is there is kept and
 * said so, so it can be run again at any time, also to mend what is missing.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "commands.h"
#include "config/paths.h"
#include "context.h"
#include "fetch/fetch.h"
#include "layout.h"
#include "machine/machine.h"
#include "osuser.h"
#include "recovery.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/jsonout.h"

struct init_values {
	const char *domain;
	const char *service;
	const char *recovery_out;
	bool recovery_passphrase;
	bool json;
};

const struct option_row init_options[] = {
    {.name = "domain",
	.kind = OPTION_TEXT,
	.argument = "DOMAIN",
	.offset = offsetof(struct init_values, domain),
	.help = "mail domain of identities made from now on (into ravi.conf)"},
    {.name = "service",
	.kind = OPTION_TEXT,
	.argument = "URL",
	.offset = offsetof(struct init_values, service),
	.help = "the Ravi service, https://HOST (into ravi.conf)"},
    {.name = "recovery-out",
	.kind = OPTION_TEXT,
	.argument = "FILE",
	.offset = offsetof(struct init_values, recovery_out),
	.help = "write the recovery key there and nowhere else"},
    {.name = "recovery-passphrase",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct init_values, recovery_passphrase),
	.help = "ask for a passphrase that protects it (or read it from stdin)"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct init_values, json),
	.help = "print JSON"},
    {0},
};

static int make_folder(const char *path, mode_t mode, struct buf *report, struct reason *why)
{
	bool there = access(path, F_OK) == 0;
	fd_auto fd = dir_make(AT_FDCWD, path, mode, 0, why);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return reason_errno(why, -errno, "folder %s", path);
	if ((st.st_mode & 07777) == mode) {
		buf_addf(report, "%s  %s\n", there ? "kept" : "made", path);
		return 0;
	}
	if (fchmod(fd, mode) < 0)
		return reason_errno(why, -errno, "mode of folder %s", path);
	buf_addf(report, "kept  %s, its mode set to %04o\n", path, (unsigned)mode);
	return 0;
}

static int make_folders(struct buf *report, struct reason *why)
{
	for (const struct layout_folder *f = layout_folders; f->path; f++) {
		int r = make_folder(f->path, f->mode, report, why);

		if (r < 0)
			return r;
	}
	return 0;
}

static int make_host_key(struct buf *report, struct reason *why)
{
	host_auto host = {0};
	int r = host_load(&host, why);

	if (r == 0)
		buf_addf(report, "kept  %s, the host key\n", PATH_HOST_KEY);
	if (r != -ENOENT)
		return r;
	r = host_generate(&host);
	if (r < 0)
		return reason_errno(why, r, "making a host key");
	r = host_save(&host, why);
	if (r == 0)
		buf_addf(report, "made  %s, the host key\n", PATH_HOST_KEY);
	if (r == 0 && machine_has_vaults())
		buf_add_text(report,
		    "      The vaults that are here do not open with it: ravi vault "
		    "rekey --all --key FORMER-KEY,\n"
		    "      which is the former host.key or the recovery key.\n");
	return r;
}

/* Whom ravi-fetch becomes. */
static int make_user(struct buf *report, struct reason *why)
{
	uid_t uid;
	int r = osuser_find(FETCH_USER, &uid, why);

	if (r == 0)
		buf_addf(report, "kept  the OS user %s\n", FETCH_USER);
	if (r != -ENOENT)
		return r;
	r = osuser_add_system(FETCH_USER, why);
	if (r == 0)
		buf_addf(report, "made  the OS user %s\n", FETCH_USER);
	return r;
}

/* Whether the line sets `key`. */
static bool sets_key(const char *line, const char *key)
{
	size_t len = strlen(key);

	line += strspn(line, " \t");
	if (strncmp(line, key, len))
		return false;
	line += len + strspn(line + len, " \t");
	return *line == '=';
}

/* The file with its first line that sets `key` replaced, further ones left out, or the line added. */
static void replace_key(struct buf *text, const char *key, const char *value, struct buf *out)
{
	char *cursor = text->data, *line;
	bool done = false;

	while (cursor && (line = strsep(&cursor, "\n"))) {
		bool sets = sets_key(line, key);

		if (sets && !done)
			buf_addf(out, "%s = %s\n", key, value);
		else if (!sets && (*line || cursor))
			buf_addf(out, "%s\n", line);
		done = done || sets;
	}
	if (!done)
		buf_addf(out, "%s = %s\n", key, value);
}

/* `now` is what the file says, NULL: nothing. */
static int set_key(
    const char *key, const char *value, const char *now, struct buf *report, struct reason *why)
{
	static const struct file_rule rule = {
	    .owner = 0, .forbidden = FILE_PUBLIC, .max = CONF_FILE_MAX};
	fd_auto dir = dir_open(AT_FDCWD, RAVI_CONFDIR, 0, why);
	const char *name = strrchr(PATH_CONF, '/') + 1;
	buf_auto text = {0};
	buf_auto out = {0};
	int r;

	if (dir < 0)
		return dir;
	if (now && !strcmp(now, value)) {
		buf_addf(report, "kept  %s, %s = %s\n", PATH_CONF, key, value);
		return 0;
	}
	r = file_read(dir, name, &rule, &text, why);
	if (r < 0 && r != -ENOENT)
		return r;
	replace_key(&text, key, value, &out);
	r = out.error ? out.error : file_replace(dir, name, 0644, true, out.data, out.len, why);
	if (r == 0)
		buf_addf(report, "set   %s, %s = %s\n", PATH_CONF, key, value);
	return r;
}

static int set_keys(const struct init_values *values, struct buf *report, struct reason *why)
{
	conf_auto conf = {0};
	int r = context_conf(&conf, why);

	if (r == 0 && values->domain)
		r = set_key("domain", values->domain, conf.domain, report, why);
	if (r == 0 && values->service)
		r = set_key("service_url", values->service, conf.service_url, report, why);
	return r;
}

static int init_all(const struct init_values *values, struct buf *report, struct reason *why)
{
	int r = make_folders(report, why);

	if (r == 0)
		r = make_host_key(report, why);
	if (r == 0)
		r = make_user(report, why);
	if (r == 0)
		r = recovery_make(values->recovery_out, values->recovery_passphrase, report, why);
	if (r == 0 && (values->domain || values->service))
		r = set_keys(values, report, why);
	return r;
}

/*
 * The report as JSON. Its lines are "made  PATH, words", "kept  ..." or "set   ...", and indented words on the
 * one before.
 */
static int print_json(struct buf *report)
{
	char *cursor = report->data, *line;
	jsonout_auto j = {0};

	jsonout_open(&j, NULL, '{');
	jsonout_open(&j, "steps", '[');
	while (cursor && (line = strsep(&cursor, "\n")) && *line) {
		char *path = line + strcspn(line, " "), *words = NULL;

		if (path == line)
			continue;
		*path++ = '\0';
		path += strspn(path, " ");
		/* The path may have commas, too. */
		for (char *c = path; (c = strstr(c, ", ")); c += 2)
			words = c;
		if (words) {
			*words = '\0';
			words += 2;
		}
		jsonout_open(&j, NULL, '{');
		jsonout_text(&j, "action", line);
		jsonout_text(&j, "path", path);
		jsonout_text(&j, "what", words);
		jsonout_close(&j, '}');
	}
	jsonout_close(&j, ']');
	jsonout_close(&j, '}');
	return jsonout_print(&j);
}

int run_init(void *opaque, int argc, char **argv)
{
	const struct init_values *values = opaque;
	struct reason why = {0};
	buf_auto report = {0};
	int r = context_need_root("prepare this machine", &why);

	(void)argc;
	(void)argv;
	if (r < 0)
		return cli_fail(r, &why);
	if (values->domain && domain_check(values->domain, &why) < 0)
		return cli_usage("--domain: %s", why.text);
	if (values->service &&
	    fetch_check_conf(&(struct conf){.service_url = values->service}, &why) < 0)
		return cli_usage("--service: %s", why.text);
	r = init_all(values, &report, &why);
	if (values->json)
		print_json(&report);
	else
		fputs(buf_text(&report), stdout);
	audit("init", context_result(r), "by", context_uid().text, NULL);
	if (r < 0)
		return context_fail(r, &why);
	return EXIT_DONE;
}

/* SPDX-License-Identifier: MIT */
/* The settings: see conf.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "config/conf.h"
#include "config/paths.h"
#include "util/file.h"
#include "util/text.h"

static const char *const reach_words[] = {"user", "session", NULL};
static const char *const seal_words[] = {"on", "off", NULL};

#define ROW(member) .name = #member, .offset = offsetof(struct conf, member)

const struct option_row conf_table[] = {
    {ROW(debug), .kind = OPTION_FLAG, .help = "log what is done, step by step"},
    {ROW(quiet), .kind = OPTION_FLAG, .help = "say nothing to the person who logs in"},
    {ROW(timeout), .kind = OPTION_NUMBER, .argument = "SECONDS", .min = 1, .max = 60,
	.help = "the total for everything one login does (default 3)"},
    {ROW(reach), .kind = OPTION_CHOICE, .argument = "user|session", .choices = reach_words,
	.help = "link the ring into the agent's @u too, or into its session ring alone"},
    {ROW(domain), .kind = OPTION_TEXT, .argument = "DOMAIN",
	.help = "mail domain of identities made without --email"},
    {ROW(keep), .kind = OPTION_NUMBER, .argument = "COUNT", .min = 0, .max = 50,
	.help = "previous versions kept of every secret (default 5)"},
    {ROW(audit_keep), .kind = OPTION_NUMBER, .argument = "COUNT", .min = 0, .max = 100000,
	.help = "full files of the audit trail that are kept, 0 all of them (default 16)"},
    {ROW(gh), .kind = OPTION_TEXT, .argument = "PATH",
	.help = "the real gh (default: the first in PATH that is not ravi-gh)"},
    {ROW(codex), .kind = OPTION_TEXT, .argument = "PATH",
	.help = "the real codex (default: the first in PATH that is not ravi-codex)"},
    {ROW(daemon), .kind = OPTION_TEXT, .argument = "PATH",
	.help = "CodexMonitor's daemon (default: codex-monitor-daemon in PATH)"},
    {.name = "git_host",
	.offset = offsetof(struct conf, git_hosts),
	.kind = OPTION_LIST,
	.argument = "HOST[:PORT] [username=USER]",
	.help = "a host that git-credential-ravi answers for; once a line "
		"(default github.com, gist.github.com)"},
    {ROW(agent_write), .kind = OPTION_LIST, .argument = "PATTERN",
	.help = "names of secrets that agents may store themselves; once a line "
		"(default: codex's logins, and what agents made themselves)"},
    {ROW(service_url), .kind = OPTION_TEXT, .argument = "URL",
	.help = "the Ravi service, https://HOST[:PORT] (default: none, all is local)"},
    {ROW(service_ca), .kind = OPTION_TEXT, .argument = "PATH",
	.help = "certificates that may vouch for it, instead of the system's"},
    {ROW(service_proxy), .kind = OPTION_TEXT, .argument = "URL",
	.help = "the proxy on the way to it (default: none)"},
    {ROW(service_timeout), .kind = OPTION_NUMBER, .argument = "SECONDS", .min = 1, .max = 600,
	.help = "the total for what one command asks of it (default 30)"},
    {ROW(store), .kind = OPTION_TEXT, .argument = "directory|service",
	.help = "where the vaults are at home: in this machine's folder alone, or at the service "
		"(default directory)"},
    {ROW(seal), .kind = OPTION_CHOICE, .argument = "on|off", .choices = seal_words,
	.help = "whether the service gets sealed vaults, or single secrets that it can read"},
    {ROW(max_age), .kind = OPTION_NUMBER, .argument = "SECONDS", .min = 0, .max = 2592000,
	.help = "a login looks for news behind a copy that is older than this (default 900)"},
    {ROW(required_fresh), .kind = OPTION_FLAG,
	.help = "a login waits for news where the copy is older than max_age, and fails without"},
    {ROW(offline_max), .kind = OPTION_NUMBER, .argument = "SECONDS", .min = 0, .max = 31536000,
	.help = "so long a copy serves while the store is not reached (default 604800, 7 days)"},
    {ROW(conf), .kind = OPTION_TEXT, .argument = "PATH",
	.help = "another ravi.conf (PAM line only; absolute path)"},
    {0},
};

#undef ROW

bool conf_has_remote_store(const struct conf *conf)
{
	return conf->store && strcmp(conf->store, "directory") != 0;
}

bool conf_has_leases(const struct conf *conf)
{
	return conf_has_remote_store(conf) && conf->seal == SEAL_ON;
}

static size_t without_slash(const char *url)
{
	size_t len = strlen(url);

	return len && url[len - 1] == '/' ? len - 1 : len;
}

bool conf_same_service(const char *a, const char *b)
{
	size_t len = without_slash(a);

	return len == without_slash(b) && !memcmp(a, b, len);
}

const char *conf_reach_word(int reach)
{
	return reach_words[reach];
}

void conf_free(struct conf *conf)
{
	buf_free(&conf->text);
}

static void report_unknown(conf_unknown *unknown, void *context, const char *where, const char *key)
{
	if (unknown)
		unknown(context, where, key);
}

static int parse_file(
    struct conf *conf, const char *path, conf_unknown *unknown, void *context, struct reason *why)
{
	char *cursor = conf->text.data, *key, *value;
	unsigned line = 0;
	int r;

	if (memchr(conf->text.data, '\0', conf->text.len))
		return reason_set(why, -EINVAL, "%s holds a NUL byte; it must be text", path);
	while ((r = text_pair(&cursor, &line, &key, &value)) > 0) {
		const struct option_row *row = options_find(conf_table, key);

		if (!row || row->offset == offsetof(struct conf, conf)) {
			report_unknown(unknown, context, path, key);
			continue;
		}
		r = options_set(row, conf, value, why);
		if (r < 0)
			return reason_prefix(why, r, "%s line %u: ", path, line);
	}
	if (r < 0)
		return reason_set(why, r, "%s line %u: \"%s\" is not key = value", path, line, key);
	return 0;
}

static int load_file(struct conf *conf, conf_unknown *unknown, void *context, struct reason *why)
{
	static const struct file_rule rule = {
	    .owner = 0, .forbidden = FILE_PUBLIC, .max = CONF_FILE_MAX};
	const char *path = conf->conf ? conf->conf : PATH_CONF;
	int r;

	if (*path != '/')
		return reason_set(why, -EINVAL, "conf=%s is no absolute path", path);
	r = file_read(AT_FDCWD, path, &rule, &conf->text, why);
	if (r == -ENOENT && !conf->conf)
		return 0;
	if (r == -ENOENT)
		return reason_errno(why, r, "conf=%s", path);
	if (r < 0)
		return r;
	if (!conf->text.len)
		return 0;
	return parse_file(conf, path, unknown, context, why);
}

/* "" when it is longer than any key. */
static void take_key(const char *argument, char key[64])
{
	size_t len = strcspn(argument, "=");

	snprintf(key, 64, "%.*s", len < 64 ? (int)len : 0, argument);
}

const struct option_row *conf_row_of(const char *argument)
{
	char key[64];

	take_key(argument, key);
	return options_find(conf_table, key);
}

/*
 * One argument, `key` or `key=value`. `only_conf` takes conf= alone: it says which file to read, and the
 * file is read before the arguments that win over it.
 */
static int apply_argument(struct conf *conf, const char *argument, bool only_conf,
    conf_unknown *unknown, void *context, struct reason *why)
{
	const struct option_row *row = conf_row_of(argument);
	const char *equals = strchr(argument, '=');
	char key[64];
	int r;

	if (only_conf != (row && row->offset == offsetof(struct conf, conf)))
		return 0;
	if (!row) {
		take_key(argument, key);
		report_unknown(unknown, context, "PAM argument", *key ? key : "(too long)");
		return 0;
	}
	r = options_set(row, conf, equals ? equals + 1 : NULL, why);
	if (r < 0)
		return reason_prefix(why, r, "PAM argument ");
	return 0;
}

int conf_load(struct conf *conf, int argc, const char *const *argv, conf_unknown *unknown,
    void *context, struct reason *why)
{
	int r = 0;

	*conf = (struct conf){.timeout = 3,
	    .reach = REACH_USER,
	    .keep = 5,
	    .audit_keep = 16,
	    .service_timeout = 30,
	    .max_age = 15 * 60,
	    .offline_max = 7 * 24 * 3600};
	for (int i = 0; i < argc && r == 0; i++)
		r = apply_argument(conf, argv[i], true, unknown, context, why);
	if (r == 0)
		r = load_file(conf, unknown, context, why);
	for (int i = 0; i < argc && r == 0; i++)
		r = apply_argument(conf, argv[i], false, unknown, context, why);
	return r;
}

/* SPDX-License-Identifier: MIT */
/* Starting the daemon: its token in the environment of this one exec, nowhere else. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/conf.h"
#include "monitor.h"
#include "util/cli.h"
#include "util/environment.h"
#include "util/nodump.h"
#include "util/program.h"
#include "util/table.h"

#define TOKEN_SHORT 24 /* characters; the daemon lets a client guess without end */

struct start {
	struct monitor_identity id;
	char data_dir[PATH_MAX], codex_home[PATH_MAX], program[PATH_MAX];
	const char *listen;
	struct buf token;
};

static void report_unknown(void *context, const char *where, const char *key)
{
	(void)context;
	cli_note("%s: unknown option %s, ignored", where, key);
}

static int find_daemon(const char *argument, char path[PATH_MAX], struct reason *why)
{
	conf_auto conf = {0};
	struct program_search search = {
	    .name = argument ? argument : "codex-monitor-daemon",
	    .variable = argument ? NULL : "CODEX_MONITOR_DAEMON_PATH",
	    .setting = "daemon",
	};
	int r = conf_load(&conf, 0, NULL, report_unknown, NULL, why);

	if (r < 0)
		return r;
	search.configured = argument ? NULL : conf.daemon;
	if (argument && strchr(argument, '/')) {
		search.configured = argument;
		search.setting = "DAEMON";
	}
	return program_find(&search, path, why);
}

static int find_codex_home(const struct monitor *m, char path[PATH_MAX], struct reason *why)
{
	const char *named = m->codex_home ? m->codex_home : getenv("CODEX_HOME");
	const char *home = getenv("HOME");
	int len;

	if (!m->codex_home && named && !*named)
		named = NULL;
	if (named && *named != '/')
		return reason_set(why, -EINVAL, "CODEX_HOME %s is no absolute path", named);
	if (!named && (!home || *home != '/'))
		return reason_set(why, -EINVAL, "HOME is not set; say --codex-home DIR");
	len = named ? snprintf(path, PATH_MAX, "%s", named)
		    : snprintf(path, PATH_MAX, "%s/.codex", home);
	if (len < 0 || len >= PATH_MAX)
		return reason_set(why, -ENAMETOOLONG, "the path of CODEX_HOME is too long");
	return 0;
}

/* Made where it is missing: codex refuses one that is not there, and we one that is open. */
static int prepare_codex_home(const char *path, struct reason *why)
{
	if ((mkdir(path, 0700) < 0 && errno != EEXIST) || chmod(path, 0700) < 0)
		return reason_errno(why, -errno, "%s", path);
	return 0;
}

static int prepare_environment(const struct start *s, struct reason *why)
{
	const char *path = getenv("PATH");
	buf_auto with_shims = {0};
	int r = environment_drop_tokens();

	/* The daemon calls `gh` by PATH: the shim comes first and picks the worktree's own token. */
	buf_addf(&with_shims, SHIMS ":%s", path ? path : "/usr/local/bin:/usr/bin:/bin");
	if (r < 0 || with_shims.error || setenv("PATH", with_shims.data, 1) < 0 ||
	    setenv("CODEX_HOME", s->codex_home, 1) < 0 ||
	    setenv(DAEMON_TOKEN, s->token.data, 1) < 0)
		return reason_errno(why, -ENOMEM, "preparing the daemon's environment");
	return 0;
}

/* What a sysadmin wants to hear before the daemon talks to the network. */
static int check_exposure(const struct start *s, struct reason *why)
{
	json_auto_t *settings = NULL;
	struct plaintext plaintext;
	const char *identity = getenv("RAVI_IDENTITY"), *codex;
	bool loopback;
	int r = wire_check_address(s->listen, &loopback, why);

	if (r == 0)
		r = monitor_read_json(s->data_dir, "settings.json", &settings, why);
	if (r < 0)
		return r;
	if (!loopback)
		cli_note("%s is reachable from other machines, and the daemon encrypts nothing: "
			 "put a tunnel "
			 "or a firewall before it",
		    s->listen);
	if (s->token.len < TOKEN_SHORT)
		cli_note("the token has %zu characters only, and the daemon lets anybody guess: "
			 "store a long "
			 "random one",
		    s->token.len);
	plaintext = settings_look(settings, s->token.data);
	if (plaintext.own)
		cli_note("%s/settings.json holds a token in clear; --adopt moves it into the vault",
		    s->data_dir);
	if (plaintext.others)
		cli_note("%s/settings.json holds tokens of other daemons in clear (%zu in "
			 "remoteBackends): " OTHERS_REMEDY,
		    s->data_dir, plaintext.others);
	codex = json_string_value(json_object_get(settings, "codexBin"));
	if (!codex || !strstr(codex, "ravi-codex"))
		cli_note("codexBin in %s/settings.json is %s; set it to " RAVI_BINDIR
			 "/ravi-codex, so that codex runs on the stored session",
		    s->data_dir, codex ? codex : "not set");
	/* It is the way to give the daemon's codex another login than the default one, so it is left. */
	if (identity && *identity)
		cli_note("RAVI_IDENTITY is set: git, gh and codex of the daemon act as %s in every "
			 "worktree, whatever it is bound to; unset it unless that is meant",
		    identity);
	return 0;
}

static int print_command(const struct start *s, bool json)
{
	char because[CHOICE_BECAUSE_MAX];
	report_auto out = report_begin(json, 0);
	int r;

	choice_because(&s->id.choice, because);
	report_say(&out, "%s --listen %s --data-dir %s\n", s->program, s->listen, s->data_dir);
	report_say(&out, "identity:\n  %s (%s)\n\nenvironment:", s->id.choice.identity, because);
	jsonout_text(&out.j, "identity", s->id.choice.identity);
	jsonout_text(&out.j, "because", because);
	jsonout_text(&out.j, "program", s->program);
	jsonout_text(&out.j, "listen", s->listen);
	jsonout_text(&out.j, "data_dir", s->data_dir);
	jsonout_open(&out.j, "environment", '[');
	for (char **e = environ; *e; e++) {
		size_t len = strcspn(*e, "=");

		report_say(&out, "  %.*s", (int)len, *e);
		jsonout_bytes(&out.j, NULL, *e, len);
	}
	jsonout_close(&out.j, ']');
	r = report_print(&out);
	return r < 0 ? cli_fail(r, NULL) : EXIT_DONE;
}

static int tell_which(const struct monitor *m)
{
	report_auto out = report_begin(m->json, CHOICE_EXPLAIN_WIDTH);
	struct monitor_identity id = {0};
	buf_auto token = {0};
	struct reason why = {0};
	int r = monitor_identity(m, &id, &why), told;

	if (r < 0)
		return cli_fail(r, &why);
	choice_explain(&id.choice, NULL, &out);
	r = monitor_token(&id, &token, &why);
	if (r == 0)
		report_line(&out, "token", DAEMON_TOKEN);
	jsonout_text(&out.j, "token", r == 0 ? DAEMON_TOKEN : NULL);
	told = report_print(&out);
	if (r == 0 && told < 0)
		r = reason_errno(&why, told, "standard output");
	return r < 0 ? cli_fail(r, &why) : EXIT_DONE;
}

static int prepare(const struct monitor *m, const char *daemon, struct start *s, struct reason *why)
{
	int r = monitor_identity(m, &s->id, why);

	if (r == 0)
		r = monitor_data_dir(m, s->data_dir, why);
	if (r == 0 && m->adopt)
		r = settings_adopt(m, &s->id, s->data_dir, why);
	if (r == 0)
		r = monitor_token(&s->id, &s->token, why);
	if (r == 0)
		r = check_exposure(s, why);
	if (r == 0)
		r = find_codex_home(m, s->codex_home, why);
	if (r == 0 && !m->print)
		r = prepare_codex_home(s->codex_home, why);
	/* Before PATH begins with the shims and the token is in the environment. */
	if (r == 0)
		r = find_daemon(daemon, s->program, why);
	return r < 0 ? r : prepare_environment(s, why);
}

int monitor_start(void *values, int argc, char **argv)
{
	const struct monitor *m = values;
	struct start s = {.listen = m->listen ? m->listen : DEFAULT_LISTEN};
	struct rlimit core;
	struct reason why = {0};
	int r = nodump_begin(&core);

	if (m->adopt && (m->print || m->which))
		return cli_usage(
		    "--adopt goes with neither --which nor --print, which change nothing");
	if (r == 0 && m->which)
		return tell_which(m);
	if (m->json && !m->print)
		return cli_usage("--json goes with --which or --print");
	if (r == 0)
		r = prepare(m, argc ? argv[0] : NULL, &s, &why);
	buf_free(&s.token);
	if (r < 0)
		return cli_fail(r, &why);
	if (m->print)
		return print_command(&s, m->json);
	nodump_end(&core);
	execl(s.program, s.program, "--listen", s.listen, "--data-dir", s.data_dir, (char *)NULL);
	reason_errno(&why, -errno, "starting %s", s.program);
	return cli_fail(-EIO, &why);
}

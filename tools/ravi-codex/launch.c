/* SPDX-License-Identifier: MIT */
/* Running codex: see launch.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/conf.h"
#include "launch.h"
#include "prepare.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/environment.h"
#include "util/file.h"
#include "util/nodump.h"
#include "util/program.h"
#include "util/table.h"

static void ignore_unknown(void *context, const char *where, const char *key)
{
	(void)context;
	(void)where;
	(void)key;
}

static int find_codex(const struct conf *conf, char path[PATH_MAX], struct reason *why)
{
	return program_find(&(struct program_search){.name = "codex",
				.variable = "CODEX_BIN",
				.configured = conf->codex,
				.setting = "codex"},
	    path, why);
}

static bool is_one_of(const char *argument, const char *const *words)
{
	for (; argument && *words; words++)
		if (!strcmp(argument, *words))
			return true;
	return false;
}

/* What codex says about itself needs no login, nor about its commands. CodexMonitor asks for --version first. */
static bool needs_no_login(char **arguments)
{
	static const char *const words[] = {
	    "--version", "-V", "--help", "-h", "help", "completion", NULL};
	static const char *const help[] = {"--help", "-h", NULL};

	return is_one_of(arguments[0], words) ||
	       (arguments[0] && *arguments[0] != '-' && is_one_of(arguments[1], help));
}

/* Options of codex may come first, and their values look like anything: the first word that is known. */
static bool is_command(char **arguments, const char *command)
{
	static const char *const commands[] = {"app-server", "exec", "e", "login", "logout", "mcp",
	    "resume", "review", "mcp-server", NULL};

	for (; *arguments && strcmp(*arguments, "--") != 0; arguments++)
		if (is_one_of(*arguments, commands))
			return !strcmp(*arguments, command);
	return false;
}

/* A variable that is called like a secret is somebody's copy of it; not those codex cannot do without. */
static int drop_variable(void *context, const struct ring_key *key)
{
	static const char *const kept[] = {"PATH", "HOME", "CODEX_HOME", NULL};

	(void)context;
	if (*key->name == '@' || is_one_of(key->name, kept))
		return 0;
	return unsetenv(key->name) < 0 ? -errno : 0;
}

static int set_environment(const struct place *place, const struct login *login)
{
	int r = ring_each(&place->ring, drop_variable, NULL, NULL);

	if (r == 0 && setenv("CODEX_HOME", place->home, 1) < 0)
		r = -errno;
	/* Of the three forms the one that codex takes from its environment, app-server too. */
	if (r == 0 && login->form == CODEX_ACCESS_TOKEN &&
	    setenv("CODEX_ACCESS_TOKEN", login->value.data, 1) < 0)
		r = -errno;
	return r;
}

/* `codex login` in all its forms but `codex login status`. */
static bool makes_login(char **arguments)
{
	if (!is_command(arguments, "login"))
		return false;
	while (strcmp(*arguments, "login") != 0)
		arguments++;
	return !arguments[1] || strcmp(arguments[1], "status") != 0;
}

/*
 * Whether codex goes on although `r`, of place_login, is not a login for it. What has expired, or is no login, is what
 * a new one is made for, and with an access token codex would have no link.
 */
static bool begins_anew(char **arguments, const struct login *login, int r)
{
	if (r == -ENOSECRET && (is_command(arguments, "login") || is_command(arguments, "mcp")))
		return true;
	return makes_login(arguments) && (r == -EKEYEXPIRED || r == -EBADMSG ||
					     (r == 0 && login->form == CODEX_ACCESS_TOKEN));
}

/* The login that this codex may make: onto tmpfs and from there into the vault, at no time onto a disk. */
static void expect_login(const struct place *place, struct login *login)
{
	time_t updated;

	*login = (struct login){.form = CODEX_AUTH_FILE};
	strcpy(login->secret, CODEX_SECRET);
	login->version = ring_profile_version(&place->profile, CODEX_SECRET, &updated);
}

static int find_login(
    const struct place *place, struct login *login, char **arguments, struct reason *why)
{
	int r = place_login(place, login, why);

	if (!begins_anew(arguments, login, r)) {
		if (r == 0 && login->form == CODEX_ACCESS_TOKEN)
			codex_trim(&login->value);
		return r;
	}
	login_free(login);
	expect_login(place, login);
	if (r == -EKEYEXPIRED)
		login->version = 0;
	return 0;
}

/* With an access token codex reads no file; but clients of its app-server can make a login, which it writes. */
static int prepare_for(
    struct place *place, const struct login *login, char **arguments, struct reason *why)
{
	login_auto expected = {0};

	if (login->form != CODEX_ACCESS_TOKEN)
		return prepare(place, login, why);
	if (!is_command(arguments, "app-server"))
		return place_open_home(place, deadline_in(PREPARE_MILLISECONDS), why);
	expect_login(place, &expected);
	return prepare(place, &expected, why);
}

static int get_ready(const char *identity, char **arguments, struct reason *why)
{
	place_auto place = PLACE_NONE;
	login_auto login = {0};
	int r = place_find(&place, identity, is_command(arguments, "app-server"), why);

	if (r == 0)
		r = find_login(&place, &login, arguments, why);
	if (r == 0)
		r = place_lease(&place, &login, deadline_in(PREPARE_MILLISECONDS), why);
	if (r == 0)
		r = prepare_for(&place, &login, arguments, why);
	if (r < 0)
		return r;
	if (is_command(arguments, "logout"))
		cli_note("what codex logs out of stays in the vault, and will be used again, also "
			 "when its issuer has ended it: `ravi secrets delete %s --identity %s` "
			 "takes it out, `ravi-codex login` stores another",
		    login.secret, place.choice.identity);
	r = set_environment(&place, &login);
	return r < 0 ? reason_errno(why, r, "the environment") : 0;
}

int launch(const char *identity, int count, char **arguments)
{
	struct reason why = {0};
	conf_auto conf = {0};
	char path[PATH_MAX], codex[] = "codex";
	struct rlimit core;
	int r = nodump_begin(&core);

	if (r < 0)
		return cli_fail(r, NULL);
	/* Settings that cannot be read say nothing about codex. */
	r = conf_load(&conf, 0, NULL, ignore_unknown, NULL, &why);
	if (r < 0)
		return cli_fail(r, &why);
	r = find_codex(&conf, path, &why);
	if (r < 0) {
		cli_fail(r, &why);
		return program_exit_code(r);
	}
	r = environment_drop_tokens();
	if (r == 0 && !needs_no_login(arguments))
		r = get_ready(identity, arguments, &why);
	return r < 0 ? cli_fail(r, &why) : program_exec(path, codex, count, arguments, &core);
}

int launch_which(const char *identity, bool json, char **arguments)
{
	place_auto place = PLACE_NONE;
	login_auto login = {0};
	conf_auto conf = {0};
	struct reason why = {0};
	char path[PATH_MAX] = "";
	report_auto out = report_begin(json, CHOICE_EXPLAIN_WIDTH);
	int r = place_find(&place, identity, is_command(arguments, "app-server"), &why), told;

	if (r == 0) {
		choice_explain(&place.choice, NULL, &out);
		report_text(&out, "home", place.home);
		r = place_login(&place, &login, &why);
	}
	if (r == 0) {
		report_text(&out, "login", login.secret);
		report_text(&out, "form", codex_form_word(login.form));
		r = conf_load(&conf, 0, NULL, ignore_unknown, NULL, &why);
	}
	if (r == 0)
		r = find_codex(&conf, path, &why);
	if (r == 0)
		report_text(&out, "codex", path);
	told = report_print(&out);
	if (r == 0 && told < 0)
		r = reason_errno(&why, told, "standard output");
	return r < 0 ? cli_fail(r, &why) : EXIT_DONE;
}

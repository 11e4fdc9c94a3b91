/* SPDX-License-Identifier: MIT */
/* ravi-codex status: which login is stored, since when, and until when; no network is asked. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "prepare.h"
#include "setup.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/jsonout.h"
#include "util/nodump.h"
#include "util/table.h"
#include "util/when.h"
#include "watch.h"

#define WIDTH 10
#define WAIT  1000 /* milliseconds for the lock; who holds it longer writes back */

struct status {
	struct place place;
	struct login login;
	struct codex_facts facts;
	int link; /* enum link_state; negative: CODEX_HOME is not there */
	bool has_folder, running, watching, owing;
	bool is_set[2]; /* setup_settings */
	bool keeps_elsewhere;
	struct buf problem;
};

static void status_free(struct status *status)
{
	place_close(&status->place);
	login_free(&status->login);
	buf_free(&status->problem);
}

#define status_auto __attribute__((cleanup(status_free))) struct status

static void look_at_home(struct status *status)
{
	struct place *place = &status->place;
	buf_auto text = {0};

	status->link = -ENOENT;
	place->home_fd = open(place->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->home_fd < 0)
		return;
	status->link = link_look(place, NULL);
	if (setup_read(place, &text, NULL) < 0)
		return;
	for (size_t i = 0; setup_settings[i].section; i++)
		status->is_set[i] = toml_look(&text, &setup_settings[i]) == TOML_SET;
	status->keeps_elsewhere = setup_keeps_elsewhere(&text);
}

/* With the lock, because looking at the others is taking them for a moment. */
static void look_at_folder(struct status *status)
{
	struct place *place = &status->place;
	codex_growth_auto growth = {0};
	fd_auto running = -1;
	fd_auto lock = -1;

	place->folder_fd = open(place->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place->folder_fd < 0)
		return;
	status->has_folder = true;
	status->watching = true;
	lock = codex_lock_open(place->folder_fd, CODEX_LOCK, false, NULL);
	running = codex_lock_open(place->folder_fd, CODEX_LOCK_RUNNING, false, NULL);
	if (lock >= 0 && running >= 0 &&
	    codex_lock_take(lock, LOCK_EX, deadline_in(WAIT), NULL) == 0) {
		status->running = !prepare_is_alone(running);
		status->watching = watch_runs(place);
	}
	status->owing = codex_growth_find(place->folder_fd, &growth, NULL) == 1;
	if (codex_read(place->folder_fd, CODEX_FILE_PROBLEM, &status->problem, NULL) < 0)
		buf_reset(&status->problem);
}

static void line_when(struct buf *out, const char *key, time_t when)
{
	char text[WHEN_TEXT], far[32], both[80];
	int64_t left = when - time(NULL);

	if (!when)
		return;
	when_format(when, text);
	when_describe(left < 0 ? -left : left, far, sizeof(far));
	snprintf(both, sizeof(both), "%s (%s%s%s)", text, left < 0 ? "" : "in ", far,
	    left < 0 ? " ago" : "");
	table_line(out, WIDTH, key, both);
}

static void print_login(const struct status *status, struct buf *out)
{
	const struct login *login = &status->login;
	char text[SECRET_NAME_MAX + 64];

	snprintf(text, sizeof(text), "%s, version %llu: %s%s", login->secret,
	    (unsigned long long)login->version, codex_form_word(login->form),
	    login->form == CODEX_AUTH_FILE && status->facts.has_key ? " of an API key" : "");
	table_line(out, WIDTH, "login", text);
	line_when(out, "stored", login->updated);
	line_when(out, "refreshed", status->facts.last_refresh);
	line_when(out, "good until", status->facts.expires);
	if (login->form == CODEX_AUTH_FILE && !status->facts.has_key && !status->facts.has_refresh)
		table_line(out, WIDTH, "note", "it cannot be renewed: it has no refresh token");
}

static void print_link(const struct status *status, struct buf *out)
{
	static const char *const words[] = {
	    "auth.json is not there yet; the first run makes it",
	    "auth.json is a link to tmpfs",
	    "auth.json is a link to another identity's login",
	    "auth.json is a link to somewhere else: store it with ravi-codex save, or remove it",
	    "auth.json is a login in clear, on disk: store it with ravi-codex save",
	};

	table_line(out, WIDTH, "home", status->place.home);
	/* An access token needs no link, but a login in clear is one. */
	if (status->link >= 0 &&
	    (status->login.form != CODEX_ACCESS_TOKEN || status->link == LINK_FILE))
		table_line(out, WIDTH, "", words[status->link]);
	if (status->keeps_elsewhere)
		table_line(out, WIDTH, "problem",
		    "config.toml has codex keep its login elsewhere, so that it finds none: take "
		    "cli_auth_credentials_store out");
	for (size_t i = 0; setup_settings[i].section; i++) {
		char text[128];

		snprintf(text, sizeof(text), "config.toml lacks %s = %s in [%s]: ravi-codex setup",
		    setup_settings[i].key, setup_settings[i].value, setup_settings[i].section);
		if (!status->is_set[i])
			table_line(out, WIDTH, "advice", text);
	}
}

static int print_text(const struct status *status)
{
	buf_auto out = {0};

	table_line(&out, WIDTH, "identity", status->place.choice.identity);
	print_login(status, &out);
	print_link(status, &out);
	table_line(&out, WIDTH, "codex", status->running ? "runs with it" : "does not run");
	if (status->owing)
		table_line(&out, WIDTH, "write-back",
		    status->watching
			? "a refresh is on its way to the vault"
			: "a refresh is not in the vault yet: ravi-codex save stores it");
	else if (status->watching)
		table_line(&out, WIDTH, "write-back", "watches");
	if (status->problem.len)
		table_line(&out, WIDTH, "problem", buf_text(&status->problem));
	if (out.error)
		return out.error;
	fputs(buf_text(&out), stdout);
	return fflush(stdout) ? -errno : 0;
}

static int print_json(const struct status *status)
{
	const struct login *login = &status->login;
	jsonout_auto j = {0};

	jsonout_open(&j, NULL, '{');
	jsonout_text(&j, "identity", status->place.choice.identity);
	jsonout_text(&j, "secret", login->secret);
	jsonout_text(&j, "form", codex_form_word(login->form));
	jsonout_number(&j, "version", (int64_t)login->version);
	jsonout_when(&j, "updated_dt", login->updated);
	jsonout_when(&j, "refreshed_dt", status->facts.last_refresh);
	jsonout_when(&j, "expires_dt", status->facts.expires);
	jsonout_bool(&j, "renewable", status->facts.has_refresh);
	jsonout_text(&j, "home", status->place.home);
	jsonout_text(&j, "auth_json", status->link < 0 ? "none" : link_word(status->link));
	jsonout_bool(&j, "running", status->running);
	jsonout_bool(&j, "watching", status->watching);
	jsonout_bool(&j, "unstored", status->owing);
	jsonout_text(&j, "problem", status->problem.len ? buf_text(&status->problem) : NULL);
	jsonout_open(&j, "config", '{');
	for (size_t i = 0; setup_settings[i].section; i++)
		jsonout_bool(&j, setup_settings[i].key, status->is_set[i]);
	jsonout_bool(&j, "cli_auth_credentials_store", !status->keeps_elsewhere);
	jsonout_close(&j, '}');
	jsonout_close(&j, '}');
	return jsonout_print(&j);
}

int run_status(void *values, int argc, char **argv)
{
	const struct request *request = values;
	status_auto status = {.place = PLACE_NONE};
	struct reason why = {0};
	struct rlimit core;
	int r = nodump_begin(&core);

	(void)argc, (void)argv;
	if (r == 0)
		r = place_find(&status.place, request->identity, false, &why);
	if (r == 0)
		r = place_login(&status.place, &status.login, &why);
	if (r < 0)
		return cli_fail(r, &why);
	codex_facts_of(status.login.form, &status.login.value, &status.facts);
	look_at_home(&status);
	look_at_folder(&status);
	r = request->json ? print_json(&status) : print_text(&status);
	if (r < 0)
		return cli_fail(reason_errno(&why, r, "standard output"), &why);
	return EXIT_DONE;
}

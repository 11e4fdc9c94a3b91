/* SPDX-License-Identifier: MIT */
/* ravi-git-config show and --which: whom git takes the agent for here, and who says so. Changes nothing. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "person.h"
#include "place.h"
#include "settings.h"
#include "util/file.h"
#include "util/jsonout.h"
#include "util/nodump.h"
#include "util/table.h"

#define WIDTH        9
#define WARNINGS_MAX 12
#define HOST         "https://github.com"

struct view {
	struct git git;
	struct place place;
	struct settings all; /* all that holds here, in git's order */
	struct choice choice;
	bool has_choice;
	bool has_key;
	uint8_t key[SSHKEY_PUBLIC_SIZE]; /* what the identity signs with now */
	const struct setting *helper;    /* the last of those that git asks for HOST */
	size_t helpers;                  /* how many it asks */

	struct reason warnings[WARNINGS_MAX];
	size_t warning_count;
};

static void view_cleanup(struct view **v)
{
	if (!*v)
		return;
	git_free(&(*v)->git);
	place_close(&(*v)->place);
	settings_free(&(*v)->all);
	free(*v);
}

#define view_auto __attribute__((cleanup(view_cleanup))) struct view *

static struct reason *new_warning(struct view *v)
{
	return v->warning_count < WARNINGS_MAX ? &v->warnings[v->warning_count++] : NULL;
}

/* ---- what is found out ---- */

static int take_choice(struct view *v, const char *option, struct reason *why)
{
	struct reason no_key;
	struct person person;
	struct ring ring;
	int r = ring_find(&ring, why);

	if (r == 0)
		r = choice_make(&ring, option, v->place.git_dir, &v->choice, why);
	if (r < 0)
		return r;
	v->has_choice = true;
	if (v->choice.is_carried &&
	    person_choose(&ring, &v->place, v->choice.identity, "a@b", &person, &no_key) == 0) {
		v->has_key = person.has_key;
		memcpy(v->key, person.key, sizeof(v->key));
	}
	return 0;
}

/* Helpers for every host and for HOST, in order; an empty one clears those before it. */
static void take_helpers(struct view *v)
{
	for (size_t i = 0; i < v->all.count; i++) {
		const struct setting *setting = &v->all.items[i];

		if (strcmp(setting->key, "credential.helper") != 0 &&
		    strcmp(setting->key, "credential." HOST ".helper") != 0)
			continue;
		if (!setting->value || !*setting->value) {
			v->helpers = 0;
			v->helper = NULL;
		} else {
			v->helpers++;
			v->helper = setting;
		}
	}
}

static void warn_overruled(struct view *v)
{
	for (size_t i = 0; i < OVERRULES; i++) {
		const char *user = overrules[i].is_name ? "user.name" : "user.email";
		const struct setting *theirs = settings_last(&v->all, overrules[i].key);
		const struct setting *ours = settings_last(&v->all, user);

		if (getenv(overrules[i].variable))
			reason_set(new_warning(v), 0,
			    "%s is set in this environment, and git takes it before %s; unset it",
			    overrules[i].variable, user);
		if (theirs && theirs->value &&
		    (!ours || !ours->value || strcmp(theirs->value, ours->value) != 0))
			reason_set(new_warning(v), 0,
			    "%s is \"%.100s\" (%.150s), and git takes it before %s; bind again",
			    overrules[i].key, theirs->value, theirs->origin, user);
	}
}

bool is_our_helper(const char *command)
{
	return strstr(command, "/" HELPER_NAME) ||
	       (!strncmp(command, "ravi", 4) && (!command[4] || command[4] == ' '));
}

static void warn_helper(struct view *v)
{
	const char *command = v->helper ? v->helper->value : NULL;

	if (!command)
		reason_set(new_warning(v), 0,
		    "git has no helper for " HOST ": it would ask a person; bind it");
	else if (!is_our_helper(command))
		reason_set(new_warning(v), 0,
		    "git asks another program for the token of " HOST " (%.150s); bind it",
		    command);
	else if (v->helpers > 1)
		reason_set(new_warning(v), 0,
		    "git tells the token of " HOST " to %zu other helpers as well; bind it",
		    v->helpers - 1);
}

static void warn_identity(struct view *v)
{
	const struct setting *name = settings_last(&v->all, "user.name");
	const char *text = name && name->value ? name->value : NULL;

	if (v->has_choice && (!text || strcmp(text, v->choice.identity) != 0))
		reason_set(new_warning(v), 0,
		    "git commits as %.100s, but the identity here is %s; bind it",
		    text ? text : "nobody", v->choice.identity);
}

static void warn_signing(struct view *v)
{
	const struct setting *setting = settings_last(&v->all, "user.signingkey");
	const char *key = setting && setting->value ? setting->value : "";
	uint8_t public[SSHKEY_PUBLIC_SIZE];

	if (!settings_bool(&v->all, "commit.gpgsign", false) || !v->has_choice)
		return;
	if (!strncmp(key, "key::", 5))
		key += 5;
	if (!v->has_key || sshkey_parse_public(key, strlen(key), public) < 0 ||
	    memcmp(public, v->key, sizeof(public)) != 0)
		reason_set(new_warning(v), 0,
		    "commits are to be signed with another key than that of %s; bind it again with "
		    "--sign",
		    v->choice.identity);
}

static int look(struct view *v, const struct request *request, const char *path, struct reason *why)
{
	struct reason no_choice = {0};
	int r = git_find(&v->git, why);

	if (r == 0)
		r = place_worktree(&v->git, path, &v->place, why);
	if (r == 0)
		r = settings_load_all(&v->git, v->place.top, &v->all, why);
	if (r < 0)
		return r;
	/* Without a ring, what git is told can still be seen. */
	if (take_choice(v, request->identity, &no_choice) < 0)
		reason_set(new_warning(v), 0, "no identity: %s", no_choice.text);
	take_helpers(v);
	warn_identity(v);
	warn_helper(v);
	warn_signing(v);
	warn_overruled(v);
	return 0;
}

/* ---- how it is shown ---- */

/* "file:PATH" as an absolute path; "command line:" and the like as they are. */
static void add_origin(const struct view *v, const struct setting *setting, struct buf *out)
{
	const char *origin = setting->origin;

	if (strncmp(origin, "file:", 5) != 0) {
		buf_add_text(out, origin);
		return;
	}
	origin += 5;
	if (*origin != '/')
		buf_addf(out, "%s/", v->place.top);
	buf_add_text(out, origin);
}

static void add_setting(
    const struct view *v, const struct setting *setting, const char *title, struct buf *out)
{
	buf_auto text = {0};

	if (setting) {
		buf_addf(
		    &text, "%s (%s: ", setting->value ? setting->value : "true", setting->scope);
		add_origin(v, setting, &text);
		buf_add_char(&text, ')');
	}
	table_line(out, WIDTH, title, setting ? buf_text(&text) : "none");
}

static void print_text(const struct view *v)
{
	char because[CHOICE_BECAUSE_MAX];
	buf_auto text = {0};
	buf_auto out = {0};

	table_line(&out, WIDTH, "worktree", v->place.top);
	if (v->has_choice) {
		choice_because(&v->choice, because);
		buf_addf(&text, "%s (%s)", v->choice.identity, because);
		table_line(&out, WIDTH, "identity", buf_text(&text));
	}
	add_setting(v, settings_last(&v->all, "user.name"), "name", &out);
	add_setting(v, settings_last(&v->all, "user.email"), "e-mail", &out);
	add_setting(v, v->helper, "helper", &out);
	if (settings_bool(&v->all, "commit.gpgsign", false))
		add_setting(v, settings_last(&v->all, "user.signingkey"), "signing", &out);
	else
		table_line(&out, WIDTH, "signing", "off");
	for (size_t i = 0; i < v->warning_count; i++)
		table_line(&out, WIDTH, "warning", v->warnings[i].text);
	fputs(buf_text(&out), stdout);
}

static void json_setting(
    struct jsonout *j, const struct view *v, const char *key, const struct setting *setting)
{
	buf_auto origin = {0};

	if (!setting) {
		jsonout_text(j, key, NULL);
		return;
	}
	add_origin(v, setting, &origin);
	jsonout_open(j, key, '{');
	jsonout_text(j, "value", setting->value ? setting->value : "true");
	jsonout_text(j, "scope", setting->scope);
	jsonout_text(j, "origin", buf_text(&origin));
	jsonout_close(j, '}');
}

static int print_json(const struct view *v)
{
	const struct setting *bound = settings_last(&v->all, "ravi.identity");
	char because[CHOICE_BECAUSE_MAX] = "";
	jsonout_auto j = {0};

	if (v->has_choice)
		choice_because(&v->choice, because);
	jsonout_open(&j, NULL, '{');
	jsonout_text(&j, "worktree", v->place.top);
	jsonout_text(&j, "git_dir", v->place.git_dir);
	jsonout_text(&j, "bound", bound ? bound->value : NULL);
	jsonout_text(&j, "identity", v->has_choice ? v->choice.identity : NULL);
	jsonout_text(&j, "because", v->has_choice ? because : NULL);
	json_setting(&j, v, "name", settings_last(&v->all, "user.name"));
	json_setting(&j, v, "email", settings_last(&v->all, "user.email"));
	json_setting(&j, v, "helper", v->helper);
	jsonout_bool(&j, "signing", settings_bool(&v->all, "commit.gpgsign", false));
	json_setting(&j, v, "signing_key", settings_last(&v->all, "user.signingkey"));
	json_setting(
	    &j, v, "allowed_signers", settings_last(&v->all, "gpg.ssh.allowedsignersfile"));
	jsonout_open(&j, "warnings", '[');
	for (size_t i = 0; i < v->warning_count; i++)
		jsonout_text(&j, NULL, v->warnings[i].text);
	jsonout_close(&j, ']');
	jsonout_close(&j, '}');
	return jsonout_print(&j);
}

int run_show(void *opaque, int argc, char **argv)
{
	const struct request *request = opaque;
	view_auto v = calloc(1, sizeof(*v));
	struct reason why = {0};
	struct rlimit core;
	int r = v ? nodump_begin(&core) : -ENOMEM;

	if (r < 0)
		return cli_fail(r, &why);
	v->place.lock = -1;
	r = look(v, request, argc ? argv[0] : ".", &why);
	if (r < 0)
		return cli_fail(r, &why);
	if (request->json)
		return print_json(v) < 0 ? EXIT_FAILED : EXIT_DONE;
	print_text(v);
	return EXIT_DONE;
}

/* ---- --which ---- */

/* Where there is no worktree there still is a decision: the working directory's. */
static int decide(const struct request *request, const char *path, struct choice *choice,
    struct choice_token *token, bool *has_token, struct reason *why)
{
	git_auto git = {0};
	place_auto place = {.lock = -1};
	struct ring ring;
	int r = ring_find(&ring, why);

	if (r == 0 && path)
		r = git_find(&git, why);
	if (r == 0 && path)
		r = place_worktree(&git, path, &place, why);
	if (r == 0)
		r = choice_make(&ring, request->identity, path ? place.git_dir : NULL, choice, why);
	if (r == 0)
		*has_token = choice_github_token(&ring, choice, token, NULL) == 0;
	return r;
}

int run_which(void *opaque, int argc, char **argv)
{
	const struct request *request = opaque;
	choice_token_auto token = {0};
	struct reason why = {0};
	bool has_token = false;
	struct choice choice;
	struct rlimit core;
	report_auto out = report_begin(request->json, CHOICE_EXPLAIN_WIDTH);
	int r = nodump_begin(&core);

	if (r == 0)
		r = decide(request, argc ? argv[0] : NULL, &choice, &token, &has_token, &why);
	if (r < 0)
		return cli_fail(r, &why);
	choice_explain(&choice, has_token ? &token : NULL, &out);
	r = report_print(&out);
	return r < 0 ? cli_fail(r, NULL) : EXIT_DONE;
}

/* SPDX-License-Identifier: MIT */
/* ravi-git-config bind and unbind: an identity's settings in a place's configuration, and out of it again. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "config/conf.h"
#include "person.h"
#include "place.h"
#include "settings.h"
#include "signers.h"
#include "util/nodump.h"

#define HELPER  RAVI_BINDIR "/" HELPER_NAME
#define SIGNER  RAVI_BINDIR "/ravi-ssh-sign"
#define TRUE    "true"
#define KEY_MAX 320 /* bytes: a host name and what is around it */
#define HOSTS   OPTION_LIST_MAX

const struct overrule overrules[OVERRULES] = {
    {"author.name", "GIT_AUTHOR_NAME", true},
    {"author.email", "GIT_AUTHOR_EMAIL", false},
    {"committer.name", "GIT_COMMITTER_NAME", true},
    {"committer.email", "GIT_COMMITTER_EMAIL", false},
};

#define WANTED_MAX (16 + OVERRULES + HOSTS)

struct wanted {
	const char *key;
	struct values values;
};

struct binding {
	struct git git;
	struct ring ring;
	struct conf conf;
	struct place place;
	struct person person;
	struct settings settings; /* the place's file */
	bool sign;

	struct wanted wanted[WANTED_MAX];
	size_t count;
	char host_keys[HOSTS][KEY_MAX];
	struct buf helper, signing_key; /* what some of the values point into */
};

static void binding_free(struct binding *b)
{
	if (!b)
		return;
	git_free(&b->git);
	conf_free(&b->conf);
	place_close(&b->place);
	settings_free(&b->settings);
	buf_free(&b->helper);
	buf_free(&b->signing_key);
	free(b);
}

static void binding_cleanup(struct binding **b)
{
	binding_free(*b);
}

#define binding_auto __attribute__((cleanup(binding_cleanup))) struct binding *

static struct binding *binding_new(void)
{
	struct binding *b = calloc(1, sizeof(*b));

	if (b)
		b->place.lock = -1;
	return b;
}

/* ---- what is to be there ---- */

static void want(struct binding *b, const char *key, const char *value)
{
	struct wanted *wanted = &b->wanted[b->count++];

	*wanted = (struct wanted){.key = key, .values = {.count = 1}};
	wanted->values.items[0] = value;
}

static bool is_wanted(const struct binding *b, const char *key)
{
	for (size_t i = 0; i < b->count; i++)
		if (!strcmp(b->wanted[i].key, key))
			return true;
	return false;
}

/*
 * An empty helper first, so that no other one (store, a colleague's) is asked, nor told our token. A host
 * is https://HOST: git takes the answer for its repositories, whatever their path.
 */
static int want_host(struct binding *b, const char *host, char key[KEY_MAX], struct reason *why)
{
	size_t len = strcspn(host, " \t");
	struct wanted *wanted;

	if (!len ||
	    snprintf(key, KEY_MAX, "credential.https://%.*s.helper", (int)len, host) >= KEY_MAX)
		return reason_set(
		    why, -EINVAL, "git_host in ravi.conf: \"%.80s\" is no host", host);
	if (is_wanted(b, key))
		return 0;
	want(b, key, "");
	wanted = &b->wanted[b->count - 1];
	wanted->values.items[wanted->values.count++] = buf_text(&b->helper);
	return 0;
}

static int want_hosts(struct binding *b, struct reason *why)
{
	static const char *const usual[] = {"github.com", "gist.github.com"};
	const struct option_list *hosts = &b->conf.git_hosts;
	size_t count = hosts->count ? hosts->count : sizeof(usual) / sizeof(*usual);
	int r = 0;

	buf_add_text(&b->helper, HELPER);
	/* In a worktree the binding itself decides; a user's configuration has no other place for it. */
	if (b->place.is_user && !b->person.choice.is_default)
		buf_addf(&b->helper, " --identity %s", b->person.choice.identity);
	if (b->helper.error)
		return reason_errno(why, b->helper.error, "the helper's command line");
	for (size_t i = 0; i < count && r == 0; i++)
		r = want_host(b, hosts->count ? hosts->items[i] : usual[i], b->host_keys[i], why);
	return r;
}

/* A setting that git would take instead of ours, wherever it is, is answered in the place's own file. */
static int want_overrules(struct binding *b, struct reason *why)
{
	settings_auto all = {0};
	int r = settings_load_all(&b->git, b->place.is_user ? NULL : b->place.top, &all, why);

	for (size_t i = 0; i < OVERRULES && r == 0; i++)
		if (settings_last(&all, overrules[i].key))
			want(b, overrules[i].key,
			    overrules[i].is_name ? b->person.choice.identity : b->person.email);
	return r;
}

static int want_signing(struct binding *b, struct reason *why)
{
	if (!b->person.has_key)
		return reason_set(why, -ENOKEY,
		    "%s cannot sign: %s; as root: ravi identity sign-key %s",
		    b->person.choice.identity, b->person.no_key.text, b->person.choice.identity);
	if (b->place.is_user && !b->person.choice.is_default)
		return reason_set(why, -EINVAL,
		    "--user --sign is for the default identity: outside of a bound worktree "
		    "ravi-ssh-sign has no other's key; bind worktrees to %s instead",
		    b->person.choice.identity);
	buf_add_text(&b->signing_key, "key::");
	sshkey_add_public(b->person.key, &b->signing_key);
	if (b->signing_key.error)
		return reason_errno(why, b->signing_key.error, "the signing key");
	want(b, "gpg.format", "ssh");
	want(b, "gpg.ssh.program", SIGNER);
	want(b, SIGNERS_KEY, b->place.signers);
	want(b, "user.signingkey", buf_text(&b->signing_key));
	want(b, "commit.gpgsign", TRUE);
	want(b, "tag.gpgsign", TRUE);
	return 0;
}

static int want_all(struct binding *b, struct reason *why)
{
	int r;

	want(b, "user.name", b->person.choice.identity);
	want(b, "user.email", b->person.email);
	want(b, "user.useconfigonly", TRUE);
	if (!b->place.is_user)
		want(b, "ravi.identity", b->person.choice.identity);
	r = want_overrules(b, why);
	if (r == 0)
		r = want_hosts(b, why);
	if (r == 0 && b->sign)
		r = want_signing(b, why);
	return r;
}

/* ---- bind ---- */

static int open_place(
    struct binding *b, const struct request *request, const char *path, struct reason *why)
{
	int r = git_find(&b->git, why);

	if (r < 0)
		return r;
	if (request->user)
		return place_user(&b->place, why);
	return place_worktree(&b->git, path ? path : ".", &b->place, why);
}

/* What is held and not wanted any more (an earlier bind had --sign) is given back. */
static int write_all(struct binding *b, struct reason *why)
{
	struct values held;
	int r = settings_held(&b->settings, &held, why);

	for (size_t i = 0; i < b->count && r == 0; i++)
		r = settings_hold(
		    &b->git, &b->settings, b->wanted[i].key, &b->wanted[i].values, why);
	for (size_t i = 0; i < held.count && r == 0; i++)
		if (!is_wanted(b, held.items[i]))
			r = settings_give_back(&b->git, &b->settings, held.items[i], why);
	return r;
}

static int bind_place(struct binding *b, const struct request *request, struct reason *why)
{
	int r = place_claim(&b->place, why);

	if (r == 0)
		r = ring_find(&b->ring, why);
	if (r == 0)
		r = conf_load(&b->conf, 0, NULL, NULL, NULL, why);
	if (r == 0)
		r = person_choose(
		    &b->ring, &b->place, request->identity, request->email, &b->person, why);
	if (r == 0)
		r = want_all(b, why);
	if (r == 0 && !b->place.is_user)
		r = place_separate(&b->git, &b->place, why);
	if (r == 0)
		r = settings_load(&b->git, b->place.config, &b->settings, why);
	if (r == 0 && b->sign)
		r = person_write_signers(&b->ring, &b->place, &b->person, why);
	return r < 0 ? r : write_all(b, why);
}

/* The environment of this shell is not the daemon's, so this is a remark and no error. */
static void note_overruled(void)
{
	for (size_t i = 0; i < OVERRULES; i++)
		if (getenv(overrules[i].variable))
			cli_note("%s is set here, and git takes it before any configuration",
			    overrules[i].variable);
}

/* Whether git asks our helper for the host where only the system's and the user's settings hold. */
static bool user_asks_us(const struct settings *user, const char *host_key)
{
	bool is_asked = false;

	for (size_t i = 0; i < user->count; i++) {
		const struct setting *setting = &user->items[i];

		if (strcmp(setting->key, host_key) != 0 &&
		    strcmp(setting->key, "credential.helper") != 0)
			continue;
		if (!setting->value || !*setting->value)
			is_asked = false;
		else if (is_our_helper(setting->value))
			is_asked = true;
	}
	return is_asked;
}

/* What a submodule needs and this binding cannot give it. */
static void note_submodules(const struct binding *b)
{
	char path[PATH_MAX];
	settings_auto user = {0};

	if (b->place.is_user ||
	    snprintf(path, sizeof(path), "%s/.gitmodules", b->place.top) >= PATH_MAX ||
	    access(path, F_OK) < 0 || settings_load_all(&b->git, NULL, &user, NULL) < 0)
		return;
	for (size_t i = 0; i < HOSTS && *b->host_keys[i]; i++) {
		if (user_asks_us(&user, b->host_keys[i]))
			continue;
		cli_note("the binding does not reach the submodules of %s: ravi-git-config bind "
			 "--user, or bind each; else git asks other helpers there",
		    b->place.top);
		return;
	}
}

static int report(const struct binding *b, bool json)
{
	report_auto out = report_begin(json, 0);
	buf_auto where = {0};
	int r;

	place_describe(&b->place, &where);
	report_say(&out, "%s is bound to %s <%s>%s", buf_text(&where), b->person.choice.identity,
	    b->person.email, b->sign ? ", and signs" : "");
	jsonout_text(&out.j, "status", "bound");
	jsonout_text(&out.j, "place", buf_text(&where));
	jsonout_text(&out.j, "identity", b->person.choice.identity);
	jsonout_text(&out.j, "email", b->person.email);
	jsonout_bool(&out.j, "signs", b->sign);
	r = report_print(&out);
	note_overruled();
	note_submodules(b);
	if (b->place.is_user && !b->person.choice.is_default)
		cli_note("gh and codex go on with the default identity outside of bound worktrees");
	return r < 0 ? cli_fail(r, NULL) : EXIT_DONE;
}

int run_bind(void *opaque, int argc, char **argv)
{
	const struct request *request = opaque;
	binding_auto b = binding_new();
	struct reason why = {0};
	struct rlimit core;
	int r = b ? nodump_begin(&core) : -ENOMEM;

	if (argc && request->user)
		return cli_usage("bind takes a worktree or --user, not both");
	if (r < 0)
		return cli_fail(r, &why);
	b->sign = request->sign;
	r = open_place(b, request, argc ? argv[0] : NULL, &why);
	if (r == 0)
		r = bind_place(b, request, &why);
	if (r < 0)
		return cli_fail(r, &why);
	return report(b, request->json);
}

/* ---- unbind ---- */

static void unlink_if_empty(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
		unlink(path);
}

static int give_all_back(struct binding *b, size_t *count, struct reason *why)
{
	const struct setting *signers;
	struct values held;
	int r = settings_load(&b->git, b->place.config, &b->settings, why);

	if (r == 0)
		r = settings_held(&b->settings, &held, why);
	if (r < 0)
		return r;
	*count = held.count;
	for (size_t i = 0; i < held.count && r == 0; i++)
		r = settings_give_back(&b->git, &b->settings, held.items[i], why);
	if (r == 0)
		r = settings_forget_strays(&b->git, &b->settings, why);
	if (r < 0 || !held.count)
		return r;
	/* The settings are still those from before. */
	signers = settings_last(&b->settings, SIGNERS_KEY);
	r = signers_forget(&b->git, &b->place, signers ? signers->value : NULL, why);
	if (r < 0)
		return r;
	/* An empty ~/.gitconfig still decides which file git writes: that one stays. */
	if (!b->place.is_user)
		unlink_if_empty(b->place.config);
	return 0;
}

int run_unbind(void *opaque, int argc, char **argv)
{
	const struct request *request = opaque;
	report_auto out = report_begin(request->json, 0);
	binding_auto b = binding_new();
	buf_auto where = {0};
	struct reason why = {0};
	size_t count = 0;
	int r = b ? 0 : -ENOMEM;

	if (argc && request->user)
		return cli_usage("unbind takes a worktree or --user, not both");
	if (r == 0)
		r = open_place(b, request, argc ? argv[0] : NULL, &why);
	if (r == 0)
		r = place_claim(&b->place, &why);
	if (r == 0)
		r = give_all_back(b, &count, &why);
	if (r < 0)
		return cli_fail(r, &why);
	place_describe(&b->place, &where);
	report_say(&out, "%s %s", buf_text(&where), count ? "is no longer bound" : "was not bound");
	jsonout_text(&out.j, "status", count ? "unbound" : "not bound");
	jsonout_text(&out.j, "place", buf_text(&where));
	r = report_print(&out);
	return r < 0 ? cli_fail(r, NULL) : EXIT_DONE;
}

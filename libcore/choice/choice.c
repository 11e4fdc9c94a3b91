/* SPDX-License-Identifier: MIT */
/* Which identity, which token: see choice.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choice/choice.h"
#include "choice/worktree.h"
#include "util/report.h"
#include "util/when.h"

#define SEED_TOKEN "CODEX_MONITOR_GH_TOKEN" /* the name that guides to CodexMonitor use */

_Static_assert(sizeof(SEED_TOKEN) + 1 + IDENTITY_NAME_MAX <= SECRET_NAME_MAX + 1, "fits a name");

void choice_because(const struct choice *choice, char text[CHOICE_BECAUSE_MAX])
{
	static const char *const words[] = {
	    [CHOICE_OPTION] = "--identity",
	    [CHOICE_ENVIRONMENT] = "RAVI_IDENTITY",
	    [CHOICE_DEFAULT] = "this user's default",
	};

	if (choice->source == CHOICE_WORKTREE)
		snprintf(text, CHOICE_BECAUSE_MAX, "ravi.identity in %s", choice->config);
	else
		snprintf(text, CHOICE_BECAUSE_MAX, "%s", words[choice->source]);
}

/* The wish, wherever it comes from: 1 with choice->identity; 0: there is none. */
static int take_wish(
    const char *option, const char *git_dir, struct choice *choice, struct reason *why)
{
	const char *wanted = option ? option : secure_getenv("RAVI_IDENTITY");
	struct worktree_binding binding;
	int r;

	if (!wanted || (!option && !*wanted)) {
		r = worktree_find(git_dir, &binding, why);
		choice->source = r > 0 ? CHOICE_WORKTREE : CHOICE_DEFAULT;
		strcpy(choice->identity, binding.identity);
		strcpy(choice->config, binding.config);
		return r;
	}
	choice->source = option ? CHOICE_OPTION : CHOICE_ENVIRONMENT;
	r = identity_name_check(wanted, why);
	if (r < 0)
		return reason_prefix(why, r, option ? "--identity: " : "RAVI_IDENTITY: ");
	strcpy(choice->identity, wanted);
	return 1;
}

int choice_make(const struct ring *ring, const char *option, const char *git_dir,
    struct choice *choice, struct reason *why)
{
	ring_profile_auto profile = {0};
	int r;

	*choice = (struct choice){0};
	r = take_wish(option, git_dir, choice, why);
	if (r < 0)
		return r;
	r = ring_read_profile(ring, r ? choice->identity : NULL, &profile, why);
	if (r == -ENOKEY && choice->source != CHOICE_DEFAULT)
		return 0;
	if (r < 0)
		return r;
	choice->is_carried = true;
	choice->is_default = profile.is_default;
	strcpy(choice->identity, profile.name);
	return 0;
}

int choice_vault(const struct ring *ring, const char *option, struct choice *choice,
    const char **identity, struct reason *why)
{
	char because[CHOICE_BECAUSE_MAX];
	int r = choice_make(ring, option, NULL, choice, why);

	if (r < 0)
		return r;
	*identity = choice->is_default ? NULL : choice->identity;
	if (choice->is_carried)
		return 0;
	choice_because(choice, because);
	return reason_set(why, -ENOKEY, "the agent %s carries no identity %s (%s)", ring->user,
	    choice->identity, because);
}

void choice_token_free(struct choice_token *token)
{
	buf_free(&token->value);
}

/* CODEX_MONITOR_GH_TOKEN_<NAME> */
static void seed_name(const char *identity, char name[SECRET_NAME_MAX + 1])
{
	char *at = name + snprintf(name, SECRET_NAME_MAX + 1, "%s_", SEED_TOKEN);

	for (; *identity; identity++) {
		if (*identity >= 'a' && *identity <= 'z')
			*at++ = (char)(*identity - 'a' + 'A');
		else
			*at++ = *identity == '-' || *identity == '.' ? '_' : *identity;
	}
	*at = '\0';
}

/* A header, and a line of git's protocol, are made of it: nothing that could end either. */
static int check_value(struct choice_token *token, struct reason *why)
{
	struct buf *value = &token->value;

	while (value->len && strchr("\r\n", value->data[value->len - 1]))
		buf_cut(value, value->len - 1);
	for (size_t i = 0; i < value->len; i++) {
		unsigned char c = (unsigned char)value->data[i];

		if (c <= 0x20 || c >= 0x7f)
			return reason_set(why, -EBADMSG,
			    "the value of %s has a blank, a control character or a byte that is "
			    "not ASCII in it and cannot be a token; store it again",
			    token->key);
	}
	if (!value->len)
		return reason_set(why, -EBADMSG,
		    "the value of %s is an empty line and cannot be a token; store it again",
		    token->key);
	return 0;
}

static int read_token(
    const struct ring *ring, const char *vault, struct choice_token *token, struct reason *why)
{
	ring_profile_auto profile = {0};
	int r = ring_read(ring, vault, token->key, &token->value, why);

	if (r == 0)
		r = ring_read_profile(ring, vault, &profile, why);
	if (r < 0)
		return r;
	token->expires = ring_profile_expires(&profile, token->key);
	return check_value(token, why);
}

static int no_token(const struct choice *choice, const char *seed, bool expired, struct reason *why)
{
	char because[CHOICE_BECAUSE_MAX];

	choice_because(choice, because);
	return reason_set(why, expired ? -EKEYEXPIRED : -ENOKEY,
	    "%s GitHub token for the identity %s: looked for %s%s%s; as root: ravi secrets set "
	    "GH_TOKEN --identity %s (which identity: %s)",
	    expired ? "only an expired" : "no", choice->identity,
	    choice->is_carried ? "its GH_TOKEN, " : "", seed,
	    choice->is_default ? ", GITHUB_TOKEN, " SEED_TOKEN : " in the default identity's vault",
	    choice->identity, because);
}

int choice_github_token(const struct ring *ring, const struct choice *choice,
    struct choice_token *token, struct reason *why)
{
	char seed[SECRET_NAME_MAX + 1];
	const struct {
		bool is_asked;
		const char *vault, *key;
	} places[] = {
	    {choice->is_carried, choice->is_default ? NULL : choice->identity, "GH_TOKEN"},
	    {true, NULL, seed},
	    {choice->is_default, NULL, "GITHUB_TOKEN"},
	    {choice->is_default, NULL, SEED_TOKEN},
	};
	bool expired = false;
	int r;

	seed_name(choice->identity, seed);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (!places[i].is_asked)
			continue;
		snprintf(token->key, sizeof(token->key), "%s", places[i].key);
		token->in_default = !places[i].vault && !choice->is_default;
		r = read_token(ring, places[i].vault, token, why);
		if (r != -ENOKEY && r != -EKEYEXPIRED)
			return r;
		expired |= r == -EKEYEXPIRED;
	}
	return no_token(choice, seed, expired, why);
}

int choice_take_token(
    const char *option, struct choice *choice, struct choice_token *token, struct reason *why)
{
	struct ring ring;
	int r = ring_find(&ring, why);

	if (r == 0)
		r = choice_make(&ring, option, NULL, choice, why);
	if (r == 0)
		r = choice_github_token(&ring, choice, token, why);
	return r;
}

/* Where the token is, for people in a line; programs get it in pieces. */
static void explain_token(
    const struct choice *choice, const struct choice_token *token, struct report *out)
{
	char text[CHOICE_BECAUSE_MAX], when[WHEN_TEXT];

	snprintf(text, sizeof(text), "%s in the vault of %s", token->key,
	    token->in_default ? "the default identity" : choice->identity);
	report_line(out, "token", text);
	when_format(token->expires, when);
	if (token->expires)
		report_line(out, "expires", when);
	jsonout_text(&out->j, "token", token->key);
	jsonout_bool(&out->j, "token_in_default_vault", token->in_default);
	jsonout_when(&out->j, "expires_dt", token->expires);
}

void choice_explain(
    const struct choice *choice, const struct choice_token *token, struct report *out)
{
	char because[CHOICE_BECAUSE_MAX];

	choice_because(choice, because);
	report_text(out, "identity", choice->identity);
	report_text(out, "because", because);
	if (token)
		explain_token(choice, token, out);
}

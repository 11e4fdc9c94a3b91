/* SPDX-License-Identifier: MIT */
/*
 * Which identity a tool acts as, and which GitHub token is that identity's: the one place where this is
 * decided, for ravi, ravi-keyctl, git-credential-ravi, ravi-gh, ravi-git-config, ravi-codex and every other.
 *
 * The identity is the first of: --identity, RAVI_IDENTITY, the binding of the worktree (ravi.identity in
 * that worktree's own config, config.worktree of its git dir), the OS user's default one.
 *
 * Its GitHub token is the first of: its own GH_TOKEN; CODEX_MONITOR_GH_TOKEN_<NAME> in the default
 * identity's vault (NAME in capitals, '-' and '.' as '_'); and for the default identity alone GITHUB_TOKEN
 * and CODEX_MONITOR_GH_TOKEN. A bound identity without a token gets an error, never the default's token.
 */
#ifndef RAVI_CHOICE_H
#define RAVI_CHOICE_H

#include <limits.h>
#include <stdbool.h>
#include <time.h>

#include "ring/ring.h"
#include "util/buf.h"
#include "util/reason.h"
#include "util/report.h"

enum choice_source {
	CHOICE_OPTION,      /* --identity */
	CHOICE_ENVIRONMENT, /* RAVI_IDENTITY */
	CHOICE_WORKTREE,    /* ravi.identity of the worktree */
	CHOICE_DEFAULT,     /* the first of the OS user */
};

struct choice {
	enum choice_source source;
	char identity[IDENTITY_NAME_MAX + 1];
	bool is_default; /* it is the OS user's default one: its keys are ravi:NAME */
	/* Its vault is in the ring; else it is a name, for the seed's token names. */
	bool is_carried;
	char config[PATH_MAX]; /* CHOICE_WORKTREE: the file that says so */
};

/*
 * Decides the identity. `option` is --identity or NULL. `git_dir` names a worktree's git dir; tools pass
 * NULL: GIT_DIR, else the repository that the working directory lies in. 0; -EINVAL (no identity name);
 * another negative errno when a binding is there and cannot be read: then nobody's token is given.
 */
int choice_make(const struct ring *ring, const char *option, const char *git_dir,
    struct choice *choice, struct reason *why);

/* What decided it: "--identity", "RAVI_IDENTITY", "ravi.identity in FILE", "this user's default". */
#define CHOICE_BECAUSE_MAX (PATH_MAX + 32)
void choice_because(const struct choice *choice, char text[CHOICE_BECAUSE_MAX]);

/*
 * The same for tools that read the identity's own vault: `*identity` is what ring_read and its neighbours
 * take, NULL for the default one, else in `choice`. -ENOKEY: this user does not carry it.
 */
int choice_vault(const struct ring *ring, const char *option, struct choice *choice,
    const char **identity, struct reason *why);

struct choice_token {
	char key[SECRET_NAME_MAX + 1]; /* the secret's name */
	bool in_default;               /* in the default identity's vault, not in its own */
	time_t expires;                /* 0: never */
	struct buf value; /* without trailing newlines; no blanks, no control characters */
};

#define choice_token_auto __attribute__((cleanup(choice_token_free))) struct choice_token

void choice_token_free(struct choice_token *token);

/*
 * The identity's GitHub token: 0; -ENOKEY (-EKEYEXPIRED) with the reason saying which names were looked
 * for; -EBADMSG when the value cannot be a token.
 */
int choice_github_token(const struct ring *ring, const struct choice *choice,
    struct choice_token *token, struct reason *why);

/* The whole way, for a tool that needs the token alone: finds the ring, decides, reads. */
int choice_take_token(
    const char *option, struct choice *choice, struct choice_token *token, struct reason *why);

/* What --which prints: identity and why it, token name and whose vault (NULL: no token line). */
void choice_explain(
    const struct choice *choice, const struct choice_token *token, struct report *out);

/* The column of its lines, for the report that they go to. */
#define CHOICE_EXPLAIN_WIDTH 9

#endif

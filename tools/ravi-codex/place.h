/* SPDX-License-Identifier: MIT */
/*
 * Whose codex this is, and where it keeps what: the identity that was chosen, the login it has in the ring,
 * CODEX_HOME, and the folder on tmpfs where the login lies while codex runs (codex/home.h).
 */
#ifndef RAVI_PLACE_H
#define RAVI_PLACE_H

#include <limits.h>

#include "choice/choice.h"
#include "codex/home.h"

struct place {
	struct ring ring;
	struct choice choice;
	const char *identity; /* as ring_read takes it: NULL for the default one */
	struct ring_profile profile;
	char home[PATH_MAX]; /* CODEX_HOME */
	int home_fd;         /* -1: not opened */
	char folder[128];    /* /run/ravi/home/USER/codex/IDENTITY */
	int folder_fd;
};

#define place_auto __attribute__((cleanup(place_close))) struct place
#define PLACE_NONE                                                                                 \
	{                                                                                          \
		.home_fd = -1, .folder_fd = -1                                                     \
	}

void place_close(struct place *place);

/*
 * Finds the ring, decides the identity and where things are; opens nothing. `option` is --identity or NULL.
 * `of_daemon`: one app-server serves all worktrees of a daemon, so the binding of the one that happened to
 * come first says nothing about it.
 */
int place_find(struct place *place, const char *option, bool of_daemon, struct reason *why);

/* CODEX_HOME alone: it can be set up by who is not logged in as an agent. */
int place_find_home(struct place *place, struct reason *why);

/* Opens (makes, 0700) CODEX_HOME and locks it, so that two wrappers prepare it one after the other. */
int place_open_home(struct place *place, struct deadline deadline, struct reason *why);

/*
 * Opens (makes) the folder on tmpfs. -ENORING: the agent's folder is not there; -EMEDIUMTYPE: it is on no
 * tmpfs, where a login must not lie in clear.
 */
int place_open_folder(struct place *place, struct reason *why);

/* A login as the ring has it. */
struct login {
	char secret[SECRET_NAME_MAX + 1];
	uint64_t version; /* 0: there is none yet */
	time_t updated;
	enum codex_form form;
	struct buf value;
};

#define login_auto __attribute__((cleanup(login_free))) struct login

void login_free(struct login *login);

/* The first of the identity's that there is: 0, -ENOSECRET, -EBADMSG (it is no login), each with the reason. */
int place_login(const struct place *place, struct login *login, struct reason *why);

/*
 * Waits until this machine is the one that uses the login, where the vault is on several: the broker is asked, and
 * the ring says when it is so. 0, -EACCES (another machine does), -ETIMEDOUT, or broker_lease's, each with the reason.
 */
int place_lease(
    struct place *place, const struct login *login, struct deadline deadline, struct reason *why);

/* What the ring has under this very name, read anew: 0 with its version, or -ENOSECRET. */
int place_read(struct place *place, const char *secret, struct buf *value, uint64_t *version,
    struct reason *why);

#endif

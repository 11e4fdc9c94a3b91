/* SPDX-License-Identifier: MIT */
/*
 * What has to be in place before codex starts: the login on tmpfs, the link to it in CODEX_HOME, and the
 * process that writes back.
 */
#ifndef RAVI_PREPARE_H
#define RAVI_PREPARE_H

#include "place.h"

/* Milliseconds that another wrapper of the same login, or a write-back, is waited for. */
#define PREPARE_MILLISECONDS 15000

/*
 * All of it, for a login in a file. From here on this process counts as a running codex: the lock that
 * says so is inherited by exec. A login that is there already is shared; it is replaced when the ring has
 * another and no running codex has this one in memory, whose next refresh would go on top.
 */
int prepare(struct place *place, const struct login *login, struct reason *why);

enum link_state {
	LINK_NONE,
	LINK_OURS,    /* to this login */
	LINK_OTHER,   /* to another login of ours */
	LINK_FOREIGN, /* to somewhere else */
	LINK_FILE,    /* a login in clear */
};

/* What auth.json in CODEX_HOME is. -errno when it cannot be seen. */
int link_look(const struct place *place, struct reason *why);

/* Puts the link there, in one step, in the place of whatever is. */
int link_put(const struct place *place, struct reason *why);

/* "none", "linked", "other", "foreign", "plaintext" */
const char *link_word(int state);

/* Whether a codex of the login in this folder runs: probes with `fd` of its lock file `running`. */
bool prepare_is_alone(int fd);

#endif

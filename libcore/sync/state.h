/* SPDX-License-Identifier: MIT */
/*
 * How it stands with the meetings about an identity, until the next boot (PATH_SYNC_STATE): one process at a time holds
 * its lock, and what the next one has to know is a note beside it. Root only.
 */
#ifndef RAVI_SYNC_STATE_H
#define RAVI_SYNC_STATE_H

#include <stdbool.h>

#include "util/buf.h"
#include "util/deadline.h"
#include "util/reason.h"

enum state_note {
	STATE_TROUBLE, /* why the last meeting failed, in words */
	STATE_UNSHOWN, /* a meeting has changed the copy, and who carries the identity was not shown it */
};

/* What cannot be noted or forgotten is not worth a failure. */
void state_note(const char *identity, enum state_note note, const char *text);
void state_forget(const char *identity, enum state_note note);

/* The note's text: 0, -ENOENT, or another negative errno. */
int state_read(const char *identity, enum state_note note, struct buf *text);

/* A descriptor that holds the lock; -ETIMEDOUT: somebody else did until the deadline. */
int state_lock(const char *identity, struct deadline deadline, struct reason *why);

#endif

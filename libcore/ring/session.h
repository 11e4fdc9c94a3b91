/* SPDX-License-Identifier: MIT */
/*
 * What /run/ravi remembers of an agent: the ring it has, and its sessions.
 *
 *	rings/USER		key=value: ring=SERIAL, uid=UID, keys=LINKS; written by ravi-load alone
 *	rings/UID		a link to USER: whose ring the @u of this uid may hold
 *	sessions/USER/		flock(2) on this folder serialises everything about USER; its time of modification
 *				is when the last session was opened, 0 for never
 *	sessions/USER/PID-STARTTIME	an empty file a session; .2, .3 ... when one process has several
 *
 * STARTTIME is field 22 of /proc/PID/stat: with it a recycled pid is told from the one that was meant.
 * These names are a format: code loaded before an upgrade closes sessions after it.
 */
#ifndef RAVI_SESSION_H
#define RAVI_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "identity/name.h"
#include "ring/ring.h"
#include "util/deadline.h"
#include "util/reason.h"

#define SESSION_NAME_MAX 48 /* "4194304-18446744073709551615.2" and more */

struct session_ring {
	int32_t id;
	uid_t uid;
	uint32_t keys; /* links in the ring: secrets and profiles */
};

/* Opens (makes) sessions/USER and locks it: the descriptor, -ETIMEDOUT, or another negative errno. */
int session_lock(const char *user, struct deadline deadline, struct reason *why);

/* Counts this process as a session; its record's name goes to `name`. Call with the lock. */
int session_add(int lock, char name[SESSION_NAME_MAX], struct reason *why);

/* Takes a record away; one that is gone already is no error. */
int session_remove(int lock, const char *name, struct reason *why);

/* What can be seen of a user's sessions without the lock, and without changing anything. */
struct session_sight {
	unsigned living;
	unsigned dead;     /* records whose leader is gone */
	time_t last_login; /* since the machine was started; 0: none */
};

/* 0, also where there is nothing to see, or -errno. Root only. */
int session_look(const char *user, struct session_sight *sight, struct reason *why);

/*
 * How many sessions live, or `most` as soon as so many are found: an agent may have thousands, and to know that
 * one lives takes no look at the others. Records whose leader is gone (or a zombie) are removed on the way.
 * Or -errno.
 */
int session_count(int lock, unsigned most, struct reason *why);

/*
 * rings/USER: 0, -ENOENT without a reason, -EBADMSG when it is no record of ours (damaged, somebody else's
 * file), or another negative errno, which says nothing about the ring.
 */
int session_ring_load(const char *user, struct session_ring *ring, struct reason *why);
int session_ring_save(const char *user, const struct session_ring *ring, struct reason *why);
int session_ring_remove(const char *user, struct reason *why);

/* Whether any user has a ring, or for want of descriptors may have. */
bool session_ring_any(void);

/* The user whose ring the @u of this uid may hold: 0 or -ENOENT. */
int session_ring_of_uid(uid_t uid, char user[USER_NAME_MAX + 1]);

/*
 * Whether the serial is still a ring of ours, of this user: a serial alone proves nothing. 1, 0, or a
 * negative errno when the kernel does not say: then it may be, and must not be forgotten.
 */
int session_ring_is_ours(const char *user, int32_t id, struct reason *why);

/* Whether the ring is still what the record says, whole: describe and count, nothing else. */
bool session_ring_is_whole(const char *user, const struct session_ring *ring);

/* Calls `each` for every user with a ring or a session folder; stops at the first negative result. */
int session_each_user(
    int (*each)(void *context, const char *user), void *context, struct reason *why);

#endif

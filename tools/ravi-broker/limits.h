/* SPDX-License-Identifier: MIT */
/*
 * How much of the broker one agent may have: so many connections at once, its writes one after the other,
 * and so many of them a minute. All of it is one small file, /run/ravi/broker/USER: locks on bytes of it,
 * which the kernel drops with the process, and in it a point in time.
 */
#ifndef RAVI_BROKER_LIMITS_H
#define RAVI_BROKER_LIMITS_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/deadline.h"
#include "util/reason.h"

#define LIMITS_CONNECTIONS 16 /* of one agent at once */
#define LIMITS_WRITES      60 /* of one agent a minute; all of them may come in one go */

#define LIMITS_REFUSALS                                                                            \
	10 /* of one uid a minute go into the audit trail; all of them into syslog */

/* Takes one of the agent's connections until the returned descriptor is closed; -EAGAIN: none is left. */
int limits_enter(const char *user, struct reason *why);

/* Waits until it is this connection's turn to write, for as long as the descriptor is open. -EAGAIN. */
int limits_wait_turn(int fd, struct deadline deadline, struct reason *why);

/* Counts a write; call it in one's turn. -EDQUOT: there were too many. */
int limits_count(int fd, struct reason *why);

/*
 * Counts a request that was refused, or made no sense: whether it goes into the audit trail. All uids that are
 * no user's count as one: who has a range of them for containers has no more than anybody else.
 */
bool limits_note_refusal(uid_t uid);

#endif

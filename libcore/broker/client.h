/* SPDX-License-Identifier: MIT */
/*
 * What agents ask the broker for, writes before all: `ravi secrets set|delete` run as the agent, and
 * ravi-codex's write-back. One connection to /run/ravi/broker.sock (root 0666) a request; protocol.h says
 * what goes over it. The kernel says who is asking; no message does.
 *
 * JSON goes through jansson: a program that has values written calls vault_memory_init (vault/vault.h) first.
 */
#ifndef RAVI_BROKER_CLIENT_H
#define RAVI_BROKER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "util/buf.h"
#include "util/deadline.h"
#include "util/reason.h"

/* What is enough for a write, however busy the broker is; it takes some 20 ms when it is not. */
#define BROKER_MILLISECONDS 10000

struct broker_write {
	const char *identity; /* NULL: the asking user's default one */
	const char *name;
	const void *value;
	size_t len;
	time_t expires;   /* 0: never */
	const char *note; /* NULL: the one it has stays */
	bool has_base;    /* it grew from `base` */
	/* The version that the vault must still have; 0: it must have none. */
	uint64_t base;
};

/*
 * Stores a secret and refreshes the ring: 0 with the new version.
 *
 *	-ESTALE		the vault has another version than `base` (one that has expired is none); the
 *			value was kept as a conflict, as the reason says, under NAME_CONFLICT. Not when
 *			that version holds the very same value: then this is 0, so a write whose answer
 *			got lost can be said again.
 *	-EACCES		policy, or the identity is not the asking user's; -EPERM: who asks is no agent
 *	-EINVAL, -E2BIG	the name, the note or the value cannot be stored
 *	-EDQUOT		too many writes in the last minute
 *	-ECONNREFUSED	no broker runs here
 *	-ETIMEDOUT, -ECONNRESET	no answer: the write may have been made or not
 *	-EIO		the write was made and the ring does not show it, or the vault could not be written
 *
 * Every reason says what to do. A broker that is busy with others is asked again until the deadline.
 */
int broker_set(const struct broker_write *write, struct deadline deadline, uint64_t *version,
    struct reason *why);

/* The same for taking a secret away; -ENOKEY: there is none of that name. */
int broker_delete(
    const char *identity, const char *name, struct deadline deadline, struct reason *why);

/*
 * Asks that this machine use the identity's Codex login: 0: it does. -EINPROGRESS: nobody does, and root's
 * programs have been asked to see to it at the service; the ring's profile says when they have. -EACCES
 * with the reason: another machine does.
 */
int broker_lease(const char *identity, struct deadline deadline, struct reason *why);

/*
 * What the audit trail has of the asking user: lines as in audit/line.h, each ended by a newline, the oldest
 * first; `*cut` when older ones did not fit. `identity` NULL: everything of the user's own.
 */
int broker_events(const char *identity, time_t since, struct deadline deadline, struct buf *events,
    bool *cut, struct reason *why);

#endif

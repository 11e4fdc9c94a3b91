/* SPDX-License-Identifier: MIT */
/*
 * Writes by agents: what `ravi secrets set|delete` run as the agent and ravi-codex's write-back ask the
 * broker for. One connection to /run/ravi/broker.sock (root 0666) a request, one JSON object each way,
 * each at most BROKER_MESSAGE_MAX bytes. The kernel says who is asking; no message does.
 */
#ifndef RAVI_BROKER_CLIENT_H
#define RAVI_BROKER_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "util/deadline.h"
#include "util/reason.h"

#define BROKER_SOCKET      RAVI_RUNDIR "/broker.sock"
#define BROKER_MESSAGE_MAX (128u << 10) /* bytes: a value of 32,767 in base64 and the rest */

struct broker_write {
	const char *identity; /* NULL: the asking user's default one */
	const char *name;
	const void *value;
	size_t len;
	time_t expires;   /* 0: never */
	const char *note; /* NULL: the one it has stays */
	uint64_t base;    /* the version it grew from: the vault must still have it; 0: any */
};

/*
 * Stores a secret and refreshes the ring: 0 with the new version. -ESTALE: the vault has a newer version
 * than `base` (the value was kept as a conflict, named in the reason); -EACCES: policy; -ECONNREFUSED or
 * -ENOENT: no broker runs here; another negative errno. Every reason says what to do.
 */
int broker_set(const struct broker_write *write, struct deadline deadline, uint64_t *version,
    struct reason *why);

int broker_delete(
    const char *identity, const char *name, struct deadline deadline, struct reason *why);

#endif

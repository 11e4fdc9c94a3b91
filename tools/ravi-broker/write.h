/* SPDX-License-Identifier: MIT */
/* The write itself: policy and version are checked, the vault changed, the ring told. */
#ifndef RAVI_BROKER_WRITE_H
#define RAVI_BROKER_WRITE_H

#include <stdbool.h>

#include "broker/protocol.h"
#include "config/conf.h"
#include "identity/agent.h"
#include "util/deadline.h"
#include "util/reason.h"

struct writing {
	const struct conf *conf;
	const struct agent *agent;
	const char *identity; /* one of the agent's */
	const struct broker_request *request;

	bool is_stored;      /* what came is in the vault, whatever became of the ring */
	uint64_t version;    /* that the vault has now; 0: none */
	uint64_t revision;   /* of the vault by then */
	bool is_stale;       /* it grew from another version than the vault has: */
	bool is_kept;        /* beside that one */
	struct reason stale; /* what became of it */
};

/*
 * 0, or a negative errno as client.h lists them. A value that grew from another version than the vault has
 * is kept beside it as the secret NAME_CONFLICT, which the next such value replaces (machine/grow.h).
 */
int write_secret(struct writing *writing, struct deadline deadline, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/* What an agent's ring shall hold, from the sealed vaults of its identities. */
#ifndef RAVI_CONTENT_H
#define RAVI_CONTENT_H

#include <stdbool.h>

#include "config/conf.h"
#include "identity/agent.h"
#include "ring/build.h"
#include "util/deadline.h"
#include "util/reason.h"

struct content {
	struct ring_content ring;
	size_t room;
	uint64_t revision; /* of the default identity's vault */
	bool denied;       /* the default identity is not active: the agent may have nothing */
	bool wants_sync;   /* fresh.h */
};

#define content_auto __attribute__((cleanup(content_free))) struct content

/*
 * Opens the vaults of all identities of the agent. Expired secrets and identities that are not active
 * are left out; a default identity that is not active is -EACCES with `denied`. A vault that does not open fails the
 * whole: a ring that lacks tokens must not look whole.
 *
 * Where this host has a key for an identity at the service that `conf` names, that is in its ring as
 * RAVI_IDENTITY_KEY, instead of a secret of that name.
 */
int content_build(const struct agent *agent, const struct conf *conf, struct deadline deadline,
    struct content *content, struct reason *why);

void content_free(struct content *content);

#endif

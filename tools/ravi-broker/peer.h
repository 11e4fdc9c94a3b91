/* SPDX-License-Identifier: MIT */
/* Who is at the other end of the connection. */
#ifndef RAVI_BROKER_PEER_H
#define RAVI_BROKER_PEER_H

#include <sys/types.h>

#include "identity/agent.h"
#include "util/reason.h"

/*
 * The agent that made the connection, by the uid that the kernel noted then; in whatever namespace it lives,
 * that is its uid here. `*uid` is set in any case. -EPERM: root, or no agent; -EACCES: a disabled one;
 * another negative errno when its entry is damaged.
 */
int peer_agent(int fd, uid_t *uid, struct agent *agent, struct reason *why);

#endif

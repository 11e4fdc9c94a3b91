/* SPDX-License-Identifier: MIT */
/* What the audit trail has of an agent, for that agent. */
#ifndef RAVI_BROKER_TELL_H
#define RAVI_BROKER_TELL_H

#include "broker/protocol.h"
#include "identity/agent.h"
#include "util/reason.h"

/*
 * The agent's own events into `answer`, the newest that fit; looked for in the newest two files of the trail
 * alone, so that asking costs no more than a write. 0, also when there are none, or a negative errno.
 */
int tell_events(const struct agent *agent, const struct broker_request *request,
    struct broker_answer *answer, struct reason *why);

#endif

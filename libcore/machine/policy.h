/* SPDX-License-Identifier: MIT */
/*
 * Which secrets an agent may write: `agent_write` of ravi.conf, for the broker and for what ravi-load takes
 * in of an agent's.
 */
#ifndef RAVI_POLICY_H
#define RAVI_POLICY_H

#include <stdbool.h>

#include "config/conf.h"
#include "util/reason.h"

/*
 * Whether `name` (folded) may be written. `is_own`: no administrator made it, for it is new or the agent
 * made it; what the word @own lets through. `identity`, and what is done to the secret ("set" or "delete"), are
 * for the reason. 0 or -EACCES.
 */
int policy_check(const struct conf *conf, const char *identity, const char *action,
    const char *name, bool is_own, struct reason *why);

#endif

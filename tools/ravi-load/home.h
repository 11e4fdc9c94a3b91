/* SPDX-License-Identifier: MIT */
/*
 * The agent's folder on tmpfs, /run/ravi/home/USER: made for its first session, removed when its ring
 * ends. What lies in it is the agent's; root goes through it without following a link, and believes
 * nothing it reads there.
 */
#ifndef RAVI_HOME_H
#define RAVI_HOME_H

#include <stdbool.h>

#include "config/conf.h"
#include "identity/agent.h"
#include "util/deadline.h"
#include "util/reason.h"

/* Makes it where it is missing. One that a former user of this name left is removed first. */
int home_make(const struct agent *agent, struct deadline deadline, struct reason *why);

struct home_end {
	const char *user;
	const struct conf *conf;
	struct deadline deadline;
	/*
	 * Removes it in any case: the agent may have no token any more. Else it stays, for the next sweep,
	 * while a codex runs that could not save its next refresh, and when the last one cannot be stored.
	 */
	bool force;
};

/* Takes in the logins that codex has written and the vaults lack (intake.h), then removes it. */
int home_end(const struct home_end *end, struct reason *why);

#endif

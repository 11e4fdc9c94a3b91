/* SPDX-License-Identifier: MIT */
/* What a program of root's that others start is before it opens, locks or decrypts anything. */
#ifndef RAVI_TAKEOVER_H
#define RAVI_TAKEOVER_H

#include "util/reason.h"

/*
 * Throws away everything inherited: su and sudo start ravi-load with the caller's real uid, who could
 * signal it, and with its limits, mask, timers and terminal. -EPERM when this is not root.
 */
int process_take_over(struct reason *why);

/*
 * For a process that does one thing and ends: undumpable, dead with the parent, and ended by the kernel when
 * it spins. The first two are lost when the effective uid changes, so this is called again after that.
 */
int process_guard(struct reason *why);

#endif

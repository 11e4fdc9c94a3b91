/* SPDX-License-Identifier: MIT */
/* What ravi-load is before it opens, locks or decrypts anything. */
#ifndef RAVI_PROCESS_H
#define RAVI_PROCESS_H

#include "util/reason.h"

/*
 * Throws away everything inherited: su and sudo start us with the caller's real uid, who could signal us,
 * and with its limits, mask, timers and terminal. -EPERM when this is not root.
 */
int process_take_over(struct reason *why);

/*
 * Undumpable, and dead with the parent. Both are lost when the effective uid changes, so this is called
 * again after that.
 */
int process_guard(struct reason *why);

#endif

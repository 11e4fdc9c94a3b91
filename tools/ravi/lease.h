/* SPDX-License-Identifier: MIT */
/* Which machine uses an identity's Codex login. */
#ifndef RAVI_LEASE_H
#define RAVI_LEASE_H

#include "home.h"

/*
 * Takes the lease for this machine, on what the service has now, and shows it in the ring: 0 also when it is here
 * already. -EACCES: another machine has it (not with `over`).
 */
int lease_take(struct context *context, struct sync *sync, const char *identity, bool over,
    struct reason *why);

#endif

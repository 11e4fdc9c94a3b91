/* SPDX-License-Identifier: MIT */
/* Where no systemd does it: listens on the broker's socket and starts one process a connection. */
#ifndef RAVI_BROKER_LISTEN_H
#define RAVI_BROKER_LISTEN_H

#include "util/reason.h"

#define LISTEN_CHILDREN 64 /* at once; more connections wait in the kernel's queue */

/* Does not return but with an error: -EADDRINUSE (somebody listens there already) or another. */
int listen_for_agents(struct reason *why);

#endif

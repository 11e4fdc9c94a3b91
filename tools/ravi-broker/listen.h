/* SPDX-License-Identifier: MIT */
/* Listens on the broker's socket and starts one process a connection. */
#ifndef RAVI_BROKER_LISTEN_H
#define RAVI_BROKER_LISTEN_H

#include "util/reason.h"

#define LISTEN_CHILDREN 64 /* at once; more connections wait in the kernel's queue */

/*
 * On `fd`, which listens already; -1: on a socket that it makes. Returns 0 when the socket was given and
 * nobody has asked for a while; else an error: -EADDRINUSE (somebody listens there already) or another.
 */
int listen_for_agents(int fd, struct reason *why);

#endif

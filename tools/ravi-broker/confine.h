/* SPDX-License-Identifier: MIT */
/* What the broker gives up before it listens to anybody; ravi-load, which it starts, has no more. */
#ifndef RAVI_BROKER_CONFINE_H
#define RAVI_BROKER_CONFINE_H

#include "util/reason.h"

/* No new privileges, and no capabilities but those that ravi-load works with. */
int confine(struct reason *why);

/* A network namespace of its own, with nothing in it: 0 or -errno where the machine has none to give. */
int confine_network(void);

#endif

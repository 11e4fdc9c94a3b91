/* SPDX-License-Identifier: MIT */
/* The lease of a Codex login, which an agent asks for before it runs codex. */
#ifndef RAVI_BROKER_LEASE_H
#define RAVI_BROKER_LEASE_H

#include "write.h"

/* 0, -EINPROGRESS or -EACCES, as broker_lease in client.h. */
int lease_ask(const struct writing *writing, struct reason *why);

#endif

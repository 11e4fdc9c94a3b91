/* SPDX-License-Identifier: MIT */
/*
 * Whether the service knows that this machine uses an identity's Codex login: a lease that is in the copy alone, of a
 * program that died before it was at the service, is none.
 */
#ifndef RAVI_SYNC_AGREED_H
#define RAVI_SYNC_AGREED_H

#include <stdbool.h>

#include "vault/host.h"

bool agreed_lease(const struct host *host, const char *identity);

#endif

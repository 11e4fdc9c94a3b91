/* SPDX-License-Identifier: MIT */
/* What the commands of ravi auth share. */
#ifndef RAVI_AUTH_H
#define RAVI_AUTH_H

#include <stdbool.h>

#include "account/account.h"
#include "context.h"

struct auth_values {
	bool offline;
	bool replace;
	bool json;
};

/* Loads the rings of all agents anew: the keys that this host has for their identities have changed. */
void auth_refresh_all(const struct context *context);

#endif

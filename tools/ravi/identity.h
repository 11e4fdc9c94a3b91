/* SPDX-License-Identifier: MIT */
/* An identity as the commands show it. */
#ifndef RAVI_IDENTITY_H
#define RAVI_IDENTITY_H

#include "identity/agent.h"
#include "util/jsonout.h"
#include "vault/vault.h"

struct identity_values {
	bool json;
	bool offline; /* of list alone */
};

/* Loads the entry of the OS user that carries the identity; count 0: nobody does. */
int identity_carrier(const char *identity, struct agent *agent, struct reason *why);

/* `agent` is NULL when no OS user carries the identity. */
void identity_json(
    struct jsonout *j, const char *member, const struct vault *vault, const struct agent *agent);

/* Prints it as JSON, or as "key: value" lines; returns an exit code. */
int identity_print(const struct vault *vault, const struct agent *agent, bool json);

#endif

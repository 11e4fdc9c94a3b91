/* SPDX-License-Identifier: MIT */
/* An identity as the commands show it. */
#ifndef RAVI_IDENTITY_H
#define RAVI_IDENTITY_H

#include "identity/agent.h"
#include "util/jsonout.h"
#include "vault/vault.h"

/* `agent` is NULL when no OS user carries the identity. */
void identity_json(
    struct jsonout *j, const char *key, const struct vault *vault, const struct agent *agent);

/* Prints it as JSON, or as "key: value" lines; returns an exit code. */
int identity_print(const struct vault *vault, const struct agent *agent, bool json);

#endif

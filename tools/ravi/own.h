/* SPDX-License-Identifier: MIT */
/*
 * What an agent sees of its own secrets: the ring that its login was given; and how it changes them: it asks
 * the broker. It opens no vault and needs no privilege.
 */
#ifndef RAVI_OWN_H
#define RAVI_OWN_H

#include <stdbool.h>

#include "vault/vault.h"

/* Whether the user who calls is an agent. */
bool own_is_agent(void);

/*
 * `identity` is --identity or NULL; all of these return an exit code. `version` 0: the one in the ring, which
 * holds no other.
 */
int own_get(const char *identity, const char *name, uint64_t version, bool json);
int own_list(const char *identity, bool json);

/* Asks the broker; what it may not or cannot do has been said. */
int own_set(const char *identity, const struct vault_change *change, bool json);
int own_delete(const char *identity, const char *name, bool json);

#endif

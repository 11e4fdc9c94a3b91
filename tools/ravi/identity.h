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

/*
 * Loads the entry of the OS user that carries the identity; count 0: nobody does, and `user` is whom a link of
 * it names all the same, "" without one.
 */
int identity_carrier(const char *identity, struct agent *agent, struct reason *why);

/*
 * The command for an identity that no OS user carries: lets `former` (whom its link still names; "": nobody)
 * or a user of its name carry it, or deletes it where nothing was stored in it. Whether something was.
 */
bool identity_uncarried(const struct vault *vault, const char *former, char *command, size_t size);

/* `agent` is NULL when no OS user carries the identity. */
void identity_json(
    struct jsonout *j, const char *member, const struct vault *vault, const struct agent *agent);

/* Prints it as JSON, or as "key: value" lines; returns an exit code. */
int identity_print(const struct vault *vault, const struct agent *agent, bool json);

#endif

/* SPDX-License-Identifier: MIT */
/* A secret as the commands show it, whether it comes from a vault or from a ring. */
#ifndef RAVI_SECRET_H
#define RAVI_SECRET_H

#include <stdbool.h>

#include "util/jsonout.h"
#include "util/table.h"
#include "vault/vault.h"

/* What several of the commands take; secrets.c has the table. */
struct secret_values {
	const char *identity;
	bool json;
};

/* What a ring does not tell (version, times, note) is 0 or NULL, and null in JSON. */
void secret_json(
    struct jsonout *j, const char *identity, const struct vault_secret *secret, bool with_value);

/* The same as a member of an object. */
void secret_json_member(struct jsonout *j, const char *member, const char *identity,
    const struct vault_secret *secret, bool with_value);

/* Prints the value, alone (a newline after it on a terminal only) or as JSON; returns an exit code. */
int secret_print(const char *identity, const struct vault_secret *secret, bool json);

/* The time as a table's cell, "-" for 0, with a word when it has passed. */
void secret_add_expiry(struct table *table, time_t expires);

/* Says that a secret is stored, as which version: an exit code. */
int secret_print_stored(const char *identity, const struct vault_secret *secret, bool json);

/* Says that a secret is gone: an exit code. */
int secret_print_deleted(const char *identity, const char *name, bool json);

#endif

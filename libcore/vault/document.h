/* SPDX-License-Identifier: MIT */
/*
 * The inside of the vault room: the document is kept as the JSON tree it came as, so that members this
 * version does not know survive a rewrite. What changes with every seal is kept beside it, where setting
 * it cannot fail, and goes into the tree when it is sealed.
 */
#ifndef RAVI_DOCUMENT_H
#define RAVI_DOCUMENT_H

#include <jansson.h>

#include "identity/name.h"
#include "vault/value.h"
#include "vault/vault.h"

#define VAULT_HASH_SIZE 32 /* bytes of BLAKE2b-256 */

struct vault {
	json_t *root;
	enum agent_state state;
	uint64_t revision;             /* 0: never sealed */
	uint8_t hash[VAULT_HASH_SIZE]; /* of the plaintext of that revision */
	struct signer signer;          /* who signed that */

	/* The secret whose newest previous version the next seal must not drop; "": none. */
	char rolled_back[SECRET_NAME_MAX + 1];
};

/*
 * Whether the tree is a vault document, member by member: 0, -EBADMSG (malformed), -EFBIG (a limit). The
 * other functions of this room read a tree that passed without asking again.
 */
int vault_model_check(const json_t *root, struct reason *why);

/* Whether `signer` may write the revision after this one. */
bool vault_model_has_signer(const json_t *root, const struct signer *signer);

/* An RFC 3339 point exactly as when_format writes it, so that their texts sort as they do. */
bool vault_model_time(const json_t *text, time_t *when);

/*
 * Words about a secret, at most `max` bytes of UTF-8: no control characters, which would drive the terminal
 * that lists them.
 */
bool vault_model_words(const char *words, size_t max);

/* ---- secrets.c and history.c ---- */

/* The entry of a secret, its name folded into `folded`: or NULL with the errno in `*r`. */
json_t *vault_entry(const struct vault *vault, const char *name, char folded[SECRET_NAME_MAX + 1],
    int *r, struct reason *why);

/* What one version says of itself: value, version, updated, expires, by, host. 0 or as vault_value_get. */
int vault_version_fill(struct vault_secret *secret, const char *name, const json_t *version);

/* The previous versions of what comes after `entry`: it first, at most `keep`. NULL: no memory. */
json_t *vault_history_after(const json_t *entry, unsigned keep);

#endif

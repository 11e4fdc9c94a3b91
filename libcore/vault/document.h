/* SPDX-License-Identifier: MIT */
/*
 * The inside of the vault room: the document is kept as the JSON tree it came as, so that members this
 * version does not know survive a rewrite. What changes with every seal is kept beside it, where setting
 * it cannot fail, and goes into the tree when it is sealed.
 */
#ifndef RAVI_DOCUMENT_H
#define RAVI_DOCUMENT_H

#include <jansson.h>

#include "vault/value.h"
#include "vault/vault.h"

#define VAULT_HASH_SIZE 32 /* bytes of BLAKE2b-256 */

struct vault {
	json_t *root;
	enum agent_state state;
	uint64_t revision;             /* 0: never sealed */
	uint8_t hash[VAULT_HASH_SIZE]; /* of the plaintext of that revision */
	struct signer signer;          /* who signed that */
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

/* Words about a secret: no control characters, which would drive the terminal that lists them. */
bool vault_model_note(const char *note);

#endif

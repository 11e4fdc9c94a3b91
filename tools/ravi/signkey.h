/* SPDX-License-Identifier: MIT */
/* The key in an identity's vault that signs its commits: made with the identity, or later anew. */
#ifndef RAVI_SIGNKEY_H
#define RAVI_SIGNKEY_H

#include "sshkey/sshkey.h"
#include "vault/vault.h"

/* Puts a new key into the vault; one that is there becomes a previous version, `keep` of which stay. */
int signkey_make(struct vault *vault, unsigned keep, struct reason *why);

/* The public half: 0, -ENOKEY (it has none), -EBADMSG, -EPROTONOSUPPORT; each with the reason. */
int signkey_public(
    const struct vault *vault, uint8_t public[SSHKEY_PUBLIC_SIZE], struct reason *why);

/* Puts on record that the key was made, or could not be. `user` carries the identity, or NULL. */
void signkey_audit(const struct vault *vault, const char *identity, const char *user, int error);

#endif

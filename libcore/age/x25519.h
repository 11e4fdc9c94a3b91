/* SPDX-License-Identifier: MIT */
/*
 * The X25519 recipient type: wraps the file key for one recipient under a key that an ephemeral
 * share and the recipient's point agree on.
 */
#ifndef RAVI_AGE_X25519_H
#define RAVI_AGE_X25519_H

#include <stdint.h>

#include "age/age.h"
#include "age/crypto.h"

struct x25519_stanza {
	uint8_t share[AGE_KEY_SIZE];
	uint8_t body[WRAPPED_KEY_SIZE];
};

/* 0, or -EINVAL for a recipient that is a point of low order: anybody could unwrap that. */
int x25519_wrap(const struct age_recipient *recipient, const struct file_key *file_key,
    struct x25519_stanza *stanza);

/* 0; -ENOKEY: wrapped for somebody else; -EBADMSG: the share is a point of low order. */
int x25519_unwrap(const struct age_identity *identity, const struct x25519_stanza *stanza,
    struct file_key *file_key);

#endif

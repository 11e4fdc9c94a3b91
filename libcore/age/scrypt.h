/* SPDX-License-Identifier: MIT */
/*
 * The scrypt recipient type: wraps the file key under a passphrase. What it costs to try one passphrase is
 * the file's own choice, so a file may not ask for more than AGE_WORK_FACTOR_MAX: 1 GiB and some seconds.
 */
#ifndef RAVI_AGE_SCRYPT_H
#define RAVI_AGE_SCRYPT_H

#include <stdint.h>

#include "age/crypto.h"
#include "util/buf.h"

#define SCRYPT_SALT_SIZE 16

struct scrypt_stanza {
	uint8_t salt[SCRYPT_SALT_SIZE];
	unsigned factor; /* base-2 logarithm of scrypt's N; 1 to AGE_WORK_FACTOR_MAX */
	uint8_t body[WRAPPED_KEY_SIZE];
};

/* 0, or -ENOMEM: scrypt's memory (128 * 8 * 2^factor bytes) cannot be had. */
int scrypt_wrap(const struct buf *passphrase, unsigned factor, const struct file_key *file_key,
    struct scrypt_stanza *stanza);

/* 0; -ENOKEY: another passphrase; -ENOMEM as above. */
int scrypt_unwrap(
    const struct buf *passphrase, const struct scrypt_stanza *stanza, struct file_key *file_key);

#endif

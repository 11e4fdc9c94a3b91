/* SPDX-License-Identifier: MIT */
/*
 * What the age format needs and libsodium 1.0.18 lacks: HKDF-SHA256 (RFC 5869), built from its
 * HMAC; and types for keys that wipe themselves.
 */
#ifndef RAVI_AGE_CRYPTO_H
#define RAVI_AGE_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#define FILE_KEY_SIZE 16
#define SECRET_SIZE   32

/* What a recipient's stanza wraps, and everything else is derived from. */
struct file_key {
	uint8_t bytes[FILE_KEY_SIZE];
};

/* A derived key, a scalar, a shared secret. */
struct secret {
	uint8_t bytes[SECRET_SIZE];
};

#define file_key_auto __attribute__((cleanup(file_key_wipe))) struct file_key
#define secret_auto   __attribute__((cleanup(secret_wipe))) struct secret

void file_key_wipe(struct file_key *key);
void secret_wipe(struct secret *secret);

/* Before the first use of libsodium in a process; costs nothing after that. 0 or -EIO. */
int age_start(void);

/* HKDF-SHA256 with 32 bytes of output; age never wants another length. A salt of no bytes is "". */
void hkdf_sha256(const void *input, size_t input_len, const void *salt, size_t salt_len,
    const char *info, struct secret *out);

#define WRAPPED_KEY_SIZE (FILE_KEY_SIZE + 16) /* and the tag */

/*
 * The body of a stanza: the file key under a key that the stanza's own way has led to. ChaCha20-Poly1305 with a
 * nonce of zeros, for each such key wraps one file key. Unwrapping is 0, or -ENOKEY: it is another key's.
 */
void file_key_wrap(
    const struct file_key *file_key, const struct secret *key, uint8_t body[WRAPPED_KEY_SIZE]);
int file_key_unwrap(
    const uint8_t body[WRAPPED_KEY_SIZE], const struct secret *key, struct file_key *file_key);

void hmac_sha256(const struct secret *key, const void *data, size_t len, uint8_t mac[SECRET_SIZE]);

#endif

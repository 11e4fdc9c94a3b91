/* SPDX-License-Identifier: MIT */
/* The scrypt recipient type: see scrypt.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "age/scrypt.h"

#define LABEL      "age-encryption.org/v1/scrypt"
#define LABEL_SIZE (sizeof(LABEL) - 1)
#define BLOCK_SIZE 8 /* scrypt's r; its p is 1: both are the format's */

static int wrap_key(const struct buf *passphrase, const uint8_t salt[SCRYPT_SALT_SIZE],
    unsigned factor, struct secret *key)
{
	uint8_t salted[LABEL_SIZE + SCRYPT_SALT_SIZE];

	memcpy(salted, LABEL, LABEL_SIZE);
	memcpy(salted + LABEL_SIZE, salt, SCRYPT_SALT_SIZE);
	if (crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)passphrase->data,
		passphrase->len, salted, sizeof(salted), UINT64_C(1) << factor, BLOCK_SIZE, 1,
		key->bytes, sizeof(key->bytes)) < 0)
		return -ENOMEM;
	return 0;
}

int scrypt_wrap(const struct buf *passphrase, unsigned factor, const struct file_key *file_key,
    struct scrypt_stanza *stanza)
{
	secret_auto key = {0};
	int r;

	stanza->factor = factor;
	randombytes_buf(stanza->salt, sizeof(stanza->salt));
	r = wrap_key(passphrase, stanza->salt, factor, &key);
	if (r < 0)
		return r;
	file_key_wrap(file_key, &key, stanza->body);
	return 0;
}

int scrypt_unwrap(
    const struct buf *passphrase, const struct scrypt_stanza *stanza, struct file_key *file_key)
{
	secret_auto key = {0};
	int r = wrap_key(passphrase, stanza->salt, stanza->factor, &key);

	return r < 0 ? r : file_key_unwrap(stanza->body, &key, file_key);
}

/* SPDX-License-Identifier: MIT */
/* The X25519 recipient type: see x25519.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "age/x25519.h"

_Static_assert(crypto_scalarmult_BYTES == AGE_KEY_SIZE && crypto_scalarmult_BYTES == SECRET_SIZE,
    "points, scalars and shared secrets have one size");

/* -EBADMSG when the shared secret is zero, which libsodium reports. */
static int wrap_key(const uint8_t scalar[AGE_KEY_SIZE], const uint8_t point[AGE_KEY_SIZE],
    const uint8_t share[AGE_KEY_SIZE], const struct age_recipient *recipient, struct secret *key)
{
	secret_auto shared = {0};
	uint8_t salt[2 * AGE_KEY_SIZE];

	if (crypto_scalarmult(shared.bytes, scalar, point) != 0)
		return -EBADMSG;
	memcpy(salt, share, AGE_KEY_SIZE);
	memcpy(salt + AGE_KEY_SIZE, recipient->point, AGE_KEY_SIZE);
	hkdf_sha256(shared.bytes, sizeof(shared.bytes), salt, sizeof(salt),
	    "age-encryption.org/v1/X25519", key);
	return 0;
}

int x25519_wrap(const struct age_recipient *recipient, const struct file_key *file_key,
    struct x25519_stanza *stanza)
{
	secret_auto ephemeral = {0};
	secret_auto key = {0};

	randombytes_buf(ephemeral.bytes, sizeof(ephemeral.bytes));
	crypto_scalarmult_base(stanza->share, ephemeral.bytes);
	if (wrap_key(ephemeral.bytes, recipient->point, stanza->share, recipient, &key) < 0)
		return -EINVAL;
	file_key_wrap(file_key, &key, stanza->body);
	return 0;
}

int x25519_unwrap(const struct age_identity *identity, const struct x25519_stanza *stanza,
    struct file_key *file_key)
{
	secret_auto key = {0};
	int r =
	    wrap_key(identity->scalar, stanza->share, stanza->share, &identity->recipient, &key);

	return r < 0 ? r : file_key_unwrap(stanza->body, &key, file_key);
}

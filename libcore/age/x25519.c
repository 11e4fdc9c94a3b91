/* SPDX-License-Identifier: MIT */
/* The X25519 recipient type: see x25519.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "age/x25519.h"

_Static_assert(crypto_scalarmult_BYTES == AGE_KEY_SIZE && crypto_scalarmult_BYTES == SECRET_SIZE,
    "points, scalars and shared secrets have one size");
_Static_assert(WRAPPED_KEY_SIZE == FILE_KEY_SIZE + crypto_aead_chacha20poly1305_ietf_ABYTES,
    "a wrapped key is the key and its tag");

/* Every file key has a wrap key of its own, so the nonce need not differ. */
static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

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
	crypto_aead_chacha20poly1305_ietf_encrypt(stanza->body, NULL, file_key->bytes,
	    sizeof(file_key->bytes), NULL, 0, NULL, zero_nonce, key.bytes);
	return 0;
}

int x25519_unwrap(const struct age_identity *identity, const struct x25519_stanza *stanza,
    struct file_key *file_key)
{
	secret_auto key = {0};
	int r =
	    wrap_key(identity->scalar, stanza->share, stanza->share, &identity->recipient, &key);

	if (r < 0)
		return r;
	if (crypto_aead_chacha20poly1305_ietf_decrypt(file_key->bytes, NULL, NULL, stanza->body,
		sizeof(stanza->body), NULL, 0, zero_nonce, key.bytes) != 0)
		return -ENOKEY;
	return 0;
}

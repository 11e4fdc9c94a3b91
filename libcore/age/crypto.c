/* SPDX-License-Identifier: MIT */
/* HKDF-SHA256 and keys that wipe themselves: see crypto.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "age/crypto.h"
#include "util/buf.h"

_Static_assert(WRAPPED_KEY_SIZE == FILE_KEY_SIZE + crypto_aead_chacha20poly1305_ietf_ABYTES,
    "a wrapped key is the key and its tag");
_Static_assert(SECRET_SIZE == crypto_aead_chacha20poly1305_ietf_KEYBYTES, "a secret wraps a key");
_Static_assert(crypto_auth_hmacsha256_BYTES == SECRET_SIZE, "a secret holds one block of HKDF");

void file_key_wipe(struct file_key *key)
{
	wipe(key, sizeof(*key));
}

void secret_wipe(struct secret *secret)
{
	wipe(secret, sizeof(*secret));
}

int age_start(void)
{
	return sodium_init() < 0 ? -EIO : 0;
}

/* HMAC(key, data || tail). */
static void hmac(const void *key, size_t key_len, const void *data, size_t len, const void *tail,
    size_t tail_len, uint8_t mac[SECRET_SIZE])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key, key_len);
	crypto_auth_hmacsha256_update(&state, data, len);
	crypto_auth_hmacsha256_update(&state, tail, tail_len);
	crypto_auth_hmacsha256_final(&state, mac);
	wipe(&state, sizeof(state));
}

void hmac_sha256(const struct secret *key, const void *data, size_t len, uint8_t mac[SECRET_SIZE])
{
	hmac(key->bytes, sizeof(key->bytes), data, len, "", 0, mac);
}

void hkdf_sha256(const void *input, size_t input_len, const void *salt, size_t salt_len,
    const char *info, struct secret *out)
{
	static const uint8_t first_block = 1;
	secret_auto extracted = {0};

	hmac(salt, salt_len, input, input_len, "", 0, extracted.bytes);
	hmac(extracted.bytes, sizeof(extracted.bytes), info, strlen(info), &first_block, 1,
	    out->bytes);
}

static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

void file_key_wrap(
    const struct file_key *file_key, const struct secret *key, uint8_t body[WRAPPED_KEY_SIZE])
{
	crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, file_key->bytes,
	    sizeof(file_key->bytes), NULL, 0, NULL, zero_nonce, key->bytes);
}

int file_key_unwrap(
    const uint8_t body[WRAPPED_KEY_SIZE], const struct secret *key, struct file_key *file_key)
{
	if (crypto_aead_chacha20poly1305_ietf_decrypt(file_key->bytes, NULL, NULL, body,
		WRAPPED_KEY_SIZE, NULL, 0, zero_nonce, key->bytes) != 0)
		return -ENOKEY;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Making a signing key and signing with it: see sign.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "sshkey/sign.h"
#include "sshkey/wire.h"

#define LABEL  "SSH SIGNATURE"
#define MAGIC  "SSHSIG" /* without its 0 */
#define FORMAT 1
#define HASH   "sha512"

_Static_assert(crypto_sign_SEEDBYTES == sizeof(((struct sshkey *)0)->seed), "an Ed25519 seed");
_Static_assert(crypto_sign_PUBLICKEYBYTES == SSHKEY_PUBLIC_SIZE, "an Ed25519 public key");

/* libsodium's form of a private key: the seed and the public half. */
struct secret_key {
	uint8_t bytes[crypto_sign_SECRETKEYBYTES];
};

static void secret_key_wipe(struct secret_key *secret)
{
	wipe(secret, sizeof(*secret));
}

#define secret_key_auto __attribute__((cleanup(secret_key_wipe))) struct secret_key

static int start(struct reason *why)
{
	return sodium_init() < 0 ? reason_set(why, -EIO, "libsodium cannot start") : 0;
}

int sshkey_make(const char *comment, struct buf *text, struct reason *why)
{
	secret_key_auto secret = {0};
	sshkey_auto key = {0};
	int r = start(why);

	if (r < 0)
		return r;
	randombytes_buf(key.seed, sizeof(key.seed));
	crypto_sign_seed_keypair(key.public, secret.bytes, key.seed);
	sshkey_format(&key, comment, randombytes_random(), text);
	return text->error ? reason_errno(why, text->error, "making a signing key") : 0;
}

/* What is signed, and what the signature's text repeats of it. */
static void add_preamble(const char *namespace, struct buf *out)
{
	wire_add_text(out, namespace);
	wire_add_text(out, ""); /* reserved */
	wire_add_text(out, HASH);
}

static void add_signed(const char *namespace, const void *message, size_t len, struct buf *out)
{
	uint8_t hash[crypto_hash_sha512_BYTES];

	crypto_hash_sha512(hash, message, len);
	buf_add(out, MAGIC, strlen(MAGIC));
	add_preamble(namespace, out);
	wire_add_string(out, hash, sizeof(hash));
}

int sshkey_sign(const struct sshkey *key, const char *namespace, const void *message, size_t len,
    struct buf *armored, struct reason *why)
{
	uint8_t public[SSHKEY_PUBLIC_SIZE], signature[crypto_sign_BYTES];
	secret_key_auto secret = {0};
	buf_auto text = {0};
	buf_auto blob = {0};
	buf_auto piece = {0};
	int r = start(why);

	if (r < 0)
		return r;
	/* Signing with a public half that is not the seed's would give the seed away. */
	crypto_sign_seed_keypair(public, secret.bytes, key->seed);
	if (memcmp(public, key->public, sizeof(public)) != 0)
		return reason_set(why, -EBADMSG,
		    "the halves of the signing key do not belong together; make a new one");
	add_signed(namespace, message, len, &text);
	if (text.error)
		return reason_errno(why, text.error, "signing");
	crypto_sign_detached(signature, NULL, (const uint8_t *)text.data, text.len, secret.bytes);
	buf_add(&blob, MAGIC, strlen(MAGIC));
	wire_add_number(&blob, FORMAT);
	sshkey_add_blob(public, &piece);
	wire_add_string(&blob, piece.data, piece.len);
	add_preamble(namespace, &blob);
	buf_reset(&piece);
	wire_add_text(&piece, SSHKEY_TYPE);
	wire_add_string(&piece, signature, sizeof(signature));
	wire_add_string(&blob, piece.data, piece.len);
	armor_add(armored, LABEL, blob.data, blob.len);
	r = piece.error ? piece.error : blob.error ? blob.error : armored->error;
	return r < 0 ? reason_errno(why, r, "signing") : 0;
}

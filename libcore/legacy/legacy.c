/* SPDX-License-Identifier: MIT */
/* Values that older clients sealed: see legacy.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "legacy/legacy.h"
#include "util/text.h"

/* The numbers, for no preset of libsodium has this pair. */
#define OPERATIONS 3
#define MEMORY     (64u << 20)
#define PIN_DIGITS 6
#define VARIANT    sodium_base64_VARIANT_ORIGINAL

/* Of a verifier: that text, or the one from when the product was called otherwise. */
static const char *const verified[] = {"ravi-e2e-verify", "sunday-e2e-verify"};

static int decode(const char *text, size_t size, uint8_t *out)
{
	size_t len;

	if (sodium_base642bin(out, size, text, strlen(text), NULL, &len, NULL, VARIANT) || len != size)
		return -EBADMSG;
	return 0;
}

static int open_box(const struct legacy_pair *pair, const char *text, struct buf *out)
{
	size_t most = strlen(text) / 4 * 3 + 1, len;
	buf_auto box = {0};
	char *to = buf_reserve(&box, most), *plain;

	if (!to)
		return -ENOMEM;
	if (sodium_base642bin(
		(uint8_t *)to, most, text, strlen(text), NULL, &len, NULL, VARIANT) ||
	    len < crypto_box_SEALBYTES)
		return -EBADMSG;
	plain = buf_reserve(out, len - crypto_box_SEALBYTES + 1);
	if (!plain)
		return -ENOMEM;
	if (crypto_box_seal_open(
		(uint8_t *)plain, (const uint8_t *)to, len, pair->public, pair->secret))
		return -EBADMSG;
	out->len += len - crypto_box_SEALBYTES;
	out->data[out->len] = '\0';
	return 0;
}

static bool verifies(const struct legacy_pair *pair, const char *verifier)
{
	buf_auto text = {0};

	if (open_box(pair, verifier, &text) < 0)
		return false;
	for (size_t i = 0; i < sizeof(verified) / sizeof(*verified); i++)
		if (!strcmp(buf_text(&text), verified[i]))
			return true;
	return false;
}

/* The six digits; NULL: it has none. */
static const char *find_pin(const char *text)
{
	const char *pin = text + strspn(text, " \t\r\n");

	if (strspn(pin, "0123456789") != PIN_DIGITS)
		return NULL;
	return pin[PIN_DIGITS + strspn(pin + PIN_DIGITS, " \t\r\n")] ? NULL : pin;
}

static int derive(const char *pin, const uint8_t *salt, struct legacy_pair *pair)
{
	uint8_t seed[crypto_box_SEEDBYTES];
	int r = crypto_pwhash(seed, sizeof(seed), pin, PIN_DIGITS, salt, OPERATIONS, MEMORY,
	    crypto_pwhash_ALG_ARGON2ID13);

	if (r == 0)
		r = crypto_box_seed_keypair(pair->public, pair->secret, seed);
	wipe(seed, sizeof(seed));
	return r ? -ENOMEM : 0;
}

int legacy_unlock(const char *text, const struct legacy_account *account, struct legacy_pair *pair,
    struct reason *why)
{
	const char *pin = find_pin(text);
	uint8_t salt[crypto_pwhash_SALTBYTES], public[LEGACY_KEY_SIZE];
	int r;

	if (!pin)
		return reason_set(why, -EINVAL, "a PIN is six digits");
	if (sodium_init() < 0)
		return reason_errno(why, -EIO, "libsodium");
	if (decode(account->salt, sizeof(salt), salt) < 0 ||
	    decode(account->public_key, sizeof(public), public) < 0)
		return reason_set(
		    why, -EBADMSG, "the service tells no salt and public key that can be read");
	r = derive(pin, salt, pair);
	if (r < 0)
		return reason_errno(why, r, "deriving the key of the PIN");
	if (!sodium_memcmp(public, pair->public, sizeof(public)) && verifies(pair, account->verifier))
		return 0;
	wipe(pair, sizeof(*pair));
	return reason_set(why, -EKEYREJECTED, "this is not the account's PIN");
}

int legacy_pair_parse(const char *text, struct legacy_pair *pair)
{
	if (sodium_init() < 0 || decode(text, sizeof(pair->secret), pair->secret) < 0)
		return -EBADMSG;
	return crypto_scalarmult_base(pair->public, pair->secret) ? -EBADMSG : 0;
}

void legacy_pair_format(const struct legacy_pair *pair, char text[LEGACY_SECRET_TEXT])
{
	sodium_bin2base64(text, LEGACY_SECRET_TEXT, pair->secret, sizeof(pair->secret), VARIANT);
}

bool legacy_is_sealed(const char *value)
{
	return !strncmp(value, LEGACY_PREFIX, strlen(LEGACY_PREFIX));
}

int legacy_open(const struct legacy_pair *pair, const char *value, struct buf *out)
{
	if (!legacy_is_sealed(value))
		return -EBADMSG;
	return open_box(pair, value + strlen(LEGACY_PREFIX), out);
}

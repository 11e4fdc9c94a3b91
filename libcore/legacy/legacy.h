/* SPDX-License-Identifier: MIT */
/*
 * What clients of the Ravi service sealed themselves until March 2026: a value "e2e::BASE64" is a libsodium
 * sealed box to a key pair that is derived from a PIN of six digits and a salt. There are a million PINs and
 * the service holds salt and public key, so this protects from nobody who has both: old values are opened,
 * new ones are never made.
 */
#ifndef RAVI_LEGACY_H
#define RAVI_LEGACY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/reason.h"

#define LEGACY_PREFIX      "e2e::"
#define LEGACY_KEY_SIZE    32
#define LEGACY_SECRET_TEXT 45 /* base64 of a secret key and its 0 */

struct legacy_pair {
	uint8_t public[LEGACY_KEY_SIZE];
	uint8_t secret[LEGACY_KEY_SIZE];
};

/* What the service tells of an account: base64, all of it. */
struct legacy_account {
	const char *salt, *verifier, *public_key;
};

/*
 * The key pair of a PIN (blanks around it do not count), checked against what the service tells: 0, -EINVAL
 * (no PIN), -EKEYREJECTED (not the one of this account), -EBADMSG (salt, verifier or key are none), each with
 * the reason. Takes a tenth of a second and 64 MiB.
 */
int legacy_unlock(const char *pin, const struct legacy_account *account, struct legacy_pair *pair,
    struct reason *why);

/* The pair of a secret key in base64, as clients kept it in auth.json: 0 or -EBADMSG. */
int legacy_pair_parse(const char *text, struct legacy_pair *pair);
void legacy_pair_format(const struct legacy_pair *pair, char text[LEGACY_SECRET_TEXT]);

/* Whether a value looks sealed. One that an account without sealing holds may look so as well. */
bool legacy_is_sealed(const char *value);

/* Opens "e2e::...": 0, or -EBADMSG: it is not sealed to this pair, or not sealed at all. */
int legacy_open(const struct legacy_pair *pair, const char *value, struct buf *out);

#endif

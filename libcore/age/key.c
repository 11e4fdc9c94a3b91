/* SPDX-License-Identifier: MIT */
/*
 * Keys as texts and texts as keys. No message here repeats what it was given: somebody may have put
 * the secret one where the public one belongs.
 */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "age/age.h"
#include "age/bech32.h"
#include "age/crypto.h"

#define RECIPIENT_PREFIX "age"
#define IDENTITY_PREFIX  "AGE-SECRET-KEY-"

_Static_assert(AGE_RECIPIENT_TEXT == BECH32_TEXT(sizeof(RECIPIENT_PREFIX) - 1, AGE_KEY_SIZE) + 1,
    "a recipient's text fits exactly");
_Static_assert(AGE_IDENTITY_TEXT == BECH32_TEXT(sizeof(IDENTITY_PREFIX) - 1, AGE_KEY_SIZE) + 1,
    "an identity's text fits exactly");

void age_identity_wipe(struct age_identity *identity)
{
	wipe(identity, sizeof(*identity));
}

int age_identity_generate(struct age_identity *identity)
{
	int r = age_start();

	if (r < 0)
		return r;
	randombytes_buf(identity->scalar, sizeof(identity->scalar));
	crypto_scalarmult_base(identity->recipient.point, identity->scalar);
	return 0;
}

int age_recipient_parse(const char *text, struct age_recipient *recipient, struct reason *why)
{
	int r = bech32_decode(text, RECIPIENT_PREFIX, recipient->point, AGE_KEY_SIZE);

	if (r == -EBADMSG)
		return reason_set(why, -EINVAL,
		    "the age recipient is mistyped, its checksum is wrong; copy it again");
	if (r < 0 && strncmp(text, IDENTITY_PREFIX, strlen(IDENTITY_PREFIX)) == 0)
		return reason_set(why, -EINVAL,
		    "this is a secret age identity; give the recipient that belongs to it "
		    "(age1...)");
	if (r < 0)
		return reason_set(why, -EINVAL,
		    "not an age recipient: that is age1 and %d more characters, in lower case",
		    AGE_RECIPIENT_TEXT - 5);
	return 0;
}

int age_identity_parse(const char *text, struct age_identity *identity, struct reason *why)
{
	int r = age_start();

	if (r < 0)
		return reason_set(why, r, "libsodium does not start");
	r = bech32_decode(text, IDENTITY_PREFIX, identity->scalar, AGE_KEY_SIZE);
	if (r == -EBADMSG)
		return reason_set(why, -EINVAL,
		    "the age identity is mistyped, its checksum is wrong; copy it again");
	if (r < 0)
		return reason_set(why, -EINVAL,
		    "not an age identity: that is " IDENTITY_PREFIX
		    "1 and %d more characters, in upper case",
		    AGE_IDENTITY_TEXT - 17);
	crypto_scalarmult_base(identity->recipient.point, identity->scalar);
	return 0;
}

void age_recipient_format(const struct age_recipient *recipient, char text[AGE_RECIPIENT_TEXT])
{
	bech32_encode(RECIPIENT_PREFIX, recipient->point, AGE_KEY_SIZE, text);
}

void age_identity_format(const struct age_identity *identity, char text[AGE_IDENTITY_TEXT])
{
	bech32_encode(IDENTITY_PREFIX, identity->scalar, AGE_KEY_SIZE, text);
}

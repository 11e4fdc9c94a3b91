/* SPDX-License-Identifier: MIT */
/* Whole files: see age.h. Every step of opening one has a failure class of its own. */
#include <config.h>

#include <errno.h>
#include <sodium.h>

#include "age/age.h"
#include "age/armor.h"
#include "age/crypto.h"
#include "age/header.h"
#include "age/payload.h"
#include "age/span.h"
#include "age/x25519.h"

static int seal(const struct age_recipient *recipients, size_t count, const void *data, size_t len,
    struct buf *out)
{
	struct x25519_stanza stanzas[AGE_RECIPIENTS_MAX];
	file_key_auto file_key = {0};
	uint8_t nonce[HEADER_NONCE];

	randombytes_buf(file_key.bytes, sizeof(file_key.bytes));
	randombytes_buf(nonce, sizeof(nonce));
	for (size_t i = 0; i < count; i++) {
		int r = x25519_wrap(&recipients[i], &file_key, &stanzas[i]);

		if (r < 0)
			return r;
	}
	header_write(stanzas, count, &file_key, out);
	buf_add(out, nonce, sizeof(nonce));
	return payload_seal(&file_key, nonce, data, len, out);
}

static int seal_armored(const struct age_recipient *recipients, size_t count, const void *data,
    size_t len, struct buf *out)
{
	buf_auto file = {0};
	int r = seal(recipients, count, data, len, &file);

	if (r < 0)
		return r;
	armor_write((struct span){.data = (uint8_t *)file.data, .len = file.len}, out);
	return out->error;
}

int age_encrypt(const struct age_recipient *recipients, size_t count, const void *data, size_t len,
    bool armor, struct buf *out)
{
	size_t start = out->len;
	int r;

	if (count == 0 || count > AGE_RECIPIENTS_MAX)
		return -EINVAL;
	if (len > AGE_FILE_MAX)
		return -EFBIG;
	r = age_start();
	if (r == 0)
		r = (armor ? seal_armored : seal)(recipients, count, data, len, out);
	if (r == 0 && out->len - start > AGE_FILE_MAX)
		r = -EFBIG;
	if (r < 0)
		buf_cut(out, start);
	return r;
}

/* -ENOKEY when no identity opens any stanza, -EBADMSG when a stanza's share is a forgery. */
static int unwrap(const struct age_identity *identities, size_t count, const struct header *header,
    struct file_key *file_key, struct reason *why)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < header->count; j++) {
			int r = x25519_unwrap(&identities[i], &header->stanzas[j], file_key);

			if (r == -EBADMSG)
				return reason_set(why, r,
				    "the age header is damaged: a share is no usable point");
			if (r != -ENOKEY)
				return r;
		}
	}
	return reason_set(why, -ENOKEY,
	    "the age file is sealed for other keys (%zu of type X25519); seal it again for this "
	    "one too",
	    header->count);
}

/* `class` is what -EBADMSG means at this step. */
static int fail(int error, enum age_failure class, enum age_failure *failure)
{
	if (error == 0)
		class = AGE_DONE;
	else if (error == -ENOKEY)
		class = AGE_NO_MATCH;
	else if (error != -EBADMSG)
		class = AGE_OTHER;
	if (failure)
		*failure = class;
	return error;
}

static int open_binary(const struct age_identity *identities, size_t count, struct span file,
    struct buf *out, enum age_failure *failure, struct reason *why)
{
	file_key_auto file_key = {0};
	struct header header;
	int r = header_parse(&file, &header, why);

	if (r == 0)
		r = unwrap(identities, count, &header, &file_key, why);
	if (r < 0)
		return fail(r, AGE_BAD_HEADER, failure);
	r = header_verify(&header, &file_key);
	if (r < 0)
		return fail(reason_set(why, r, "the age header was changed after it was sealed"),
		    AGE_BAD_HMAC, failure);
	r = payload_open(&file_key, header.nonce, file, out, why);
	return fail(r, AGE_BAD_PAYLOAD, failure);
}

int age_decrypt(const struct age_identity *identities, size_t count, const void *file, size_t len,
    struct buf *out, enum age_failure *failure, struct reason *why)
{
	struct span span = {.data = file, .len = len};
	buf_auto unarmored = {0};
	int r = age_start();

	if (r < 0)
		return fail(reason_set(why, r, "libsodium does not start"), AGE_OTHER, failure);
	if (len > AGE_FILE_MAX)
		return fail(
		    reason_set(why, -EFBIG, "the age file is larger than %u bytes", AGE_FILE_MAX),
		    AGE_OTHER, failure);
	/* What does not begin as a binary file can only be armor; nothing at all is neither. */
	if (len && !span_begins(span, HEADER_START)) {
		r = armor_read(span, &unarmored, why);
		if (r < 0)
			return fail(r, AGE_BAD_ARMOR, failure);
		span = (struct span){.data = (uint8_t *)unarmored.data, .len = unarmored.len};
	}
	return open_binary(identities, count, span, out, failure, why);
}

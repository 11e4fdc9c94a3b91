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
#include "age/scrypt.h"
#include "age/span.h"
#include "age/x25519.h"

/* Who it is for: recipients, or who knows a passphrase. */
struct lock {
	const struct age_recipient *recipients;
	size_t count;
	const struct buf *passphrase;
	unsigned factor;
};

/* What it is opened with: identities, or a passphrase. */
struct opener {
	const struct age_identity *identities;
	size_t count;
	const struct buf *passphrase;
};

static int write_header(const struct lock *lock, const struct file_key *file_key, struct buf *out)
{
	struct x25519_stanza stanzas[AGE_RECIPIENTS_MAX];
	struct scrypt_stanza scrypt;
	int r = 0;

	if (lock->passphrase) {
		r = scrypt_wrap(lock->passphrase, lock->factor, file_key, &scrypt);
		if (r == 0)
			header_write_scrypt(&scrypt, file_key, out);
		return r;
	}
	for (size_t i = 0; i < lock->count && r == 0; i++)
		r = x25519_wrap(&lock->recipients[i], file_key, &stanzas[i]);
	if (r == 0)
		header_write(stanzas, lock->count, file_key, out);
	return r;
}

static int seal(const struct lock *lock, const void *data, size_t len, struct buf *out)
{
	file_key_auto file_key = {0};
	uint8_t nonce[HEADER_NONCE];
	int r;

	randombytes_buf(file_key.bytes, sizeof(file_key.bytes));
	randombytes_buf(nonce, sizeof(nonce));
	r = write_header(lock, &file_key, out);
	if (r < 0)
		return r;
	buf_add(out, nonce, sizeof(nonce));
	return payload_seal(&file_key, nonce, data, len, out);
}

static int seal_armored(const struct lock *lock, const void *data, size_t len, struct buf *out)
{
	buf_auto file = {0};
	int r = seal(lock, data, len, &file);

	if (r < 0)
		return r;
	armor_write((struct span){.data = (uint8_t *)file.data, .len = file.len}, out);
	return out->error;
}

static int encrypt(
    const struct lock *lock, const void *data, size_t len, bool armor, struct buf *out)
{
	size_t start = out->len;
	int r;

	if (len > AGE_FILE_MAX)
		return -EFBIG;
	r = age_start();
	if (r == 0)
		r = (armor ? seal_armored : seal)(lock, data, len, out);
	if (r == 0 && out->len - start > AGE_FILE_MAX)
		r = -EFBIG;
	if (r < 0)
		buf_cut(out, start);
	return r;
}

int age_encrypt(const struct age_recipient *recipients, size_t count, const void *data, size_t len,
    bool armor, struct buf *out)
{
	const struct lock lock = {.recipients = recipients, .count = count};

	if (count == 0 || count > AGE_RECIPIENTS_MAX)
		return -EINVAL;
	return encrypt(&lock, data, len, armor, out);
}

static bool is_passphrase(const struct buf *passphrase)
{
	return passphrase->len >= 1 && passphrase->len <= AGE_PASSPHRASE_MAX;
}

int age_encrypt_passphrase(const struct buf *passphrase, unsigned factor, const void *data,
    size_t len, bool armor, struct buf *out)
{
	const struct lock lock = {.passphrase = passphrase, .factor = factor};

	if (!is_passphrase(passphrase) || factor < 1 || factor > AGE_WORK_FACTOR_MAX)
		return -EINVAL;
	return encrypt(&lock, data, len, armor, out);
}

static int unwrap_scrypt(const struct buf *passphrase, const struct header *header,
    struct file_key *file_key, struct reason *why)
{
	int r;

	if (!header->has_scrypt)
		return reason_set(why, -ENOKEY, "the age file has no passphrase but other keys");
	r = scrypt_unwrap(passphrase, &header->scrypt, file_key);
	if (r == -ENOKEY)
		return reason_set(why, r, "the passphrase is another one");
	if (r < 0)
		return reason_set(why, r,
		    "the passphrase takes %u MiB of memory to try: too much for "
		    "this machine now",
		    1u << (header->scrypt.factor > 10 ? header->scrypt.factor - 10 : 0));
	return 0;
}

/* -ENOKEY when no identity opens any stanza, -EBADMSG when a stanza's share is a forgery. */
static int unwrap_x25519(const struct opener *opener, const struct header *header,
    struct file_key *file_key, struct reason *why)
{
	for (size_t i = 0; i < opener->count; i++) {
		for (size_t j = 0; j < header->count; j++) {
			int r =
			    x25519_unwrap(&opener->identities[i], &header->stanzas[j], file_key);

			if (r == -EBADMSG)
				return reason_set(why, r,
				    "the age header is damaged: a share is no usable point");
			if (r != -ENOKEY)
				return r;
		}
	}
	if (header->has_scrypt)
		return reason_set(why, -ENOKEY, "the age file opens with a passphrase and no key");
	return reason_set(why, -ENOKEY,
	    "the age file is sealed for other keys (%zu of type X25519); seal it again for this "
	    "one too",
	    header->count);
}

static int unwrap(const struct opener *opener, const struct header *header,
    struct file_key *file_key, struct reason *why)
{
	return opener->passphrase ? unwrap_scrypt(opener->passphrase, header, file_key, why)
				  : unwrap_x25519(opener, header, file_key, why);
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

static int open_binary(const struct opener *opener, struct span file, struct buf *out,
    enum age_failure *failure, struct reason *why)
{
	file_key_auto file_key = {0};
	struct header header;
	int r = header_parse(&file, &header, why);

	if (r == 0)
		r = unwrap(opener, &header, &file_key, why);
	if (r < 0)
		return fail(r, AGE_BAD_HEADER, failure);
	r = header_verify(&header, &file_key);
	if (r < 0)
		return fail(reason_set(why, r, "the age header was changed after it was sealed"),
		    AGE_BAD_HMAC, failure);
	r = payload_open(&file_key, header.nonce, file, out, why);
	return fail(r, AGE_BAD_PAYLOAD, failure);
}

static int decrypt(const struct opener *opener, const void *file, size_t len, struct buf *out,
    enum age_failure *failure, struct reason *why)
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
	return open_binary(opener, span, out, failure, why);
}

int age_decrypt(const struct age_identity *identities, size_t count, const void *file, size_t len,
    struct buf *out, enum age_failure *failure, struct reason *why)
{
	const struct opener opener = {.identities = identities, .count = count};

	return decrypt(&opener, file, len, out, failure, why);
}

int age_decrypt_passphrase(const struct buf *passphrase, const void *file, size_t len,
    struct buf *out, enum age_failure *failure, struct reason *why)
{
	const struct opener opener = {.passphrase = passphrase};

	if (!is_passphrase(passphrase))
		return fail(
		    reason_set(why, -EINVAL, "a passphrase has 1 to %d bytes", AGE_PASSPHRASE_MAX),
		    AGE_OTHER, failure);
	return decrypt(&opener, file, len, out, failure, why);
}

bool age_is_file(const void *data, size_t len)
{
	const struct span span = {.data = data, .len = len};

	return span_begins(span, HEADER_START) || span_begins(span, ARMOR_BEGIN);
}

/* SPDX-License-Identifier: MIT */
/* The payload's chunks: see payload.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>

#include "age/payload.h"

#define CHUNK_SIZE  65536u
#define TAG_SIZE    crypto_aead_chacha20poly1305_ietf_ABYTES
#define SEALED_SIZE (CHUNK_SIZE + TAG_SIZE)

/* Eleven bytes of counter, big endian, and one that marks the last chunk. */
struct chunk_nonce {
	uint8_t bytes[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
};

static struct chunk_nonce chunk_nonce(uint64_t counter, bool last)
{
	struct chunk_nonce nonce = {0};

	for (size_t i = 0; i < sizeof(counter); i++)
		nonce.bytes[sizeof(nonce.bytes) - 2 - i] = (uint8_t)(counter >> 8 * i);
	nonce.bytes[sizeof(nonce.bytes) - 1] = last;
	return nonce;
}

static void payload_key(
    const struct file_key *file_key, const uint8_t nonce[HEADER_NONCE], struct secret *key)
{
	hkdf_sha256(file_key->bytes, sizeof(file_key->bytes), nonce, HEADER_NONCE, "payload", key);
}

int payload_seal(const struct file_key *file_key, const uint8_t nonce[HEADER_NONCE],
    const void *data, size_t len, struct buf *out)
{
	const uint8_t *from = data;
	secret_auto key = {0};
	bool last = false;

	payload_key(file_key, nonce, &key);
	if (!buf_reserve(out, len + (len / CHUNK_SIZE + 1) * TAG_SIZE))
		return out->error;
	for (uint64_t counter = 0; !last; counter++) {
		size_t size = len < CHUNK_SIZE ? len : CHUNK_SIZE;
		uint8_t *to = buf_reserve(out, size + TAG_SIZE);
		struct chunk_nonce place;

		if (!to)
			return out->error;
		last = size == len;
		place = chunk_nonce(counter, last);
		crypto_aead_chacha20poly1305_ietf_encrypt(
		    to, NULL, from, size, NULL, 0, NULL, place.bytes, key.bytes);
		out->len += size + TAG_SIZE;
		out->data[out->len] = '\0';
		from += size;
		len -= size;
	}
	return 0;
}

/* One chunk onto the end of `out`: 0, -EBADMSG, or out->error. */
static int open_chunk(
    const struct secret *key, uint64_t counter, bool last, struct span chunk, struct buf *out)
{
	struct chunk_nonce place = chunk_nonce(counter, last);
	uint8_t *to = buf_reserve(out, chunk.len - TAG_SIZE);

	if (!to)
		return out->error;
	if (crypto_aead_chacha20poly1305_ietf_decrypt(
		to, NULL, NULL, chunk.data, chunk.len, NULL, 0, place.bytes, key->bytes) != 0)
		return -EBADMSG;
	out->len += chunk.len - TAG_SIZE;
	out->data[out->len] = '\0';
	return 0;
}

/*
 * A chunk that did not open where it stands may still be whole: the last one with something after
 * it, or one that had a successor. It was authentic, so it is released; the file as a whole is not.
 */
static int open_misplaced(const struct secret *key, uint64_t counter, bool last, struct span chunk,
    struct buf *out, struct reason *why)
{
	int r = chunk.len == SEALED_SIZE ? open_chunk(key, counter, !last, chunk, out) : -EBADMSG;

	if (r == -EBADMSG)
		return reason_set(why, r, "the age file is damaged: part %llu does not open",
		    (unsigned long long)counter + 1);
	if (r < 0)
		return r;
	return reason_set(why, -EBADMSG,
	    last ? "the age file is cut off" : "the age file has data after its end");
}

int payload_open(const struct file_key *file_key, const uint8_t nonce[HEADER_NONCE],
    struct span sealed, struct buf *out, struct reason *why)
{
	secret_auto key = {0};

	payload_key(file_key, nonce, &key);
	if (!buf_reserve(out, sealed.len))
		return out->error;
	for (uint64_t counter = 0;; counter++) {
		bool last = sealed.len <= SEALED_SIZE;
		struct span chunk = span_take(&sealed, last ? sealed.len : SEALED_SIZE);
		int r;

		/* Only an empty file has an empty last chunk: one content, one form. */
		if (chunk.len < TAG_SIZE || (chunk.len == TAG_SIZE && counter > 0))
			return reason_set(why, -EBADMSG, "the age file is cut off");
		r = open_chunk(&key, counter, last, chunk, out);
		if (r == -EBADMSG)
			return open_misplaced(&key, counter, last, chunk, out, why);
		if (r < 0 || last)
			return r;
	}
}

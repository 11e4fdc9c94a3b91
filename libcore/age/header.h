/* SPDX-License-Identifier: MIT */
/*
 * The textual header: a version line, a stanza a recipient, and a MAC over all of it that only who
 * has the file key can make. Lines end with LF alone, base64 is canonical and unpadded; anything
 * else is refused before a key is touched.
 */
#ifndef RAVI_AGE_HEADER_H
#define RAVI_AGE_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "age/age.h"
#include "age/crypto.h"
#include "age/scrypt.h"
#include "age/span.h"
#include "age/x25519.h"
#include "util/buf.h"
#include "util/reason.h"

#define HEADER_START "age-encryption.org/" /* of every version */
#define HEADER_NONCE 16

struct header {
	struct x25519_stanza stanzas[AGE_RECIPIENTS_MAX];
	size_t count;
	struct scrypt_stanza scrypt;
	bool has_scrypt;           /* then it is the only stanza */
	struct span authenticated; /* what the MAC covers */
	uint8_t mac[SECRET_SIZE];
	uint8_t
	    nonce[HEADER_NONCE]; /* the payload's first bytes: without them there is no payload */
};

/*
 * Takes the header and the nonce off `file`. Stanzas of other types are checked for form and passed
 * over. -EBADMSG when it is malformed or asks for too much work, -EFBIG when it has more than
 * AGE_RECIPIENTS_MAX X25519 stanzas.
 */
int header_parse(struct span *file, struct header *header, struct reason *why);

/* -EBADMSG when the MAC is another: the header was changed by who has no file key. */
int header_verify(const struct header *header, const struct file_key *file_key);

/* Appends a header for these stanzas, or for the one scrypt stanza; failures stay in out->error. */
void header_write(const struct x25519_stanza *stanzas, size_t count,
    const struct file_key *file_key, struct buf *out);
void header_write_scrypt(
    const struct scrypt_stanza *stanza, const struct file_key *file_key, struct buf *out);

#endif

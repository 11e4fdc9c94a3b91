/* SPDX-License-Identifier: MIT */
/*
 * The payload: chunks of 64 KiB, each sealed with ChaCha20-Poly1305 under a nonce that says its
 * place and whether it is the last, so that a file cannot be cut, extended or reordered (the STREAM
 * construction).
 */
#ifndef RAVI_AGE_PAYLOAD_H
#define RAVI_AGE_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "age/crypto.h"
#include "age/header.h"
#include "age/span.h"
#include "util/buf.h"
#include "util/reason.h"

/* Appends the sealed chunks of `data`, not the nonce: 0 or out->error. */
int payload_seal(const struct file_key *file_key, const uint8_t nonce[HEADER_NONCE],
    const void *data, size_t len, struct buf *out);

/*
 * Appends the plaintext of `sealed`. -EBADMSG when a chunk does not open: `out` then holds the
 * chunks before it and nothing of it.
 */
int payload_open(const struct file_key *file_key, const uint8_t nonce[HEADER_NONCE],
    struct span sealed, struct buf *out, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * How OpenSSH writes things down: numbers and strings as RFC 4251 section 5 has them, base64, and the
 * armor around keys and signatures. Base64 is done without tables and branches on the data, since private
 * keys go through it.
 */
#ifndef RAVI_SSHKEY_WIRE_H
#define RAVI_SSHKEY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

/* What is still to be read. */
struct wire {
	const uint8_t *at;
	size_t left;
};

/* Take the next piece off the front: 0, or -EBADMSG when there is less. */
int wire_number(struct wire *from, uint32_t *number);
int wire_bytes(struct wire *from, size_t len, struct wire *bytes);
int wire_string(struct wire *from, struct wire *string);

bool wire_is(const struct wire *string, const char *text);

/* The adders follow struct buf: failures gather in its `error`. */
void wire_add_number(struct buf *out, uint32_t number);
void wire_add_string(struct buf *out, const void *data, size_t len);
void wire_add_text(struct buf *out, const char *text);

/* Appends base64, with a newline after every `width` characters; 0: no newlines. */
void base64_add(struct buf *out, const void *data, size_t len, size_t width);

/* Appends what the text stands for, line ends skipped: 0, -EBADMSG or -ENOMEM. */
int base64_decode(const char *text, size_t len, struct buf *out);

/* "-----BEGIN LABEL-----", base64, "-----END LABEL-----". */
void armor_add(struct buf *out, const char *label, const void *data, size_t len);
int armor_decode(const char *text, size_t len, const char *label, struct buf *out);

#endif

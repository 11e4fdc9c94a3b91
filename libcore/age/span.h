/* SPDX-License-Identifier: MIT */
/*
 * A piece of a file that is being read: borrowed bytes with a length, taken apart from the front,
 * so that no parser below counts on an ending 0 or looks past the end.
 */
#ifndef RAVI_AGE_SPAN_H
#define RAVI_AGE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BASE64_COLUMNS 64 /* of a full line, in headers and in armor */
#define BASE64_BYTES   48 /* that it stands for */

struct span {
	const uint8_t *data;
	size_t len;
};

/* Takes the first `len` bytes off `rest`; there must be so many. */
struct span span_take(struct span *rest, size_t len);

/* Takes the next line off `rest`, without its LF; false when no LF is left. */
bool span_line(struct span *rest, struct span *line);

/* Takes `text` off the front of `rest`; false when it begins otherwise. */
bool span_skip(struct span *rest, const char *text);

bool span_begins(struct span span, const char *text);
bool span_is(struct span span, const char *text);

/*
 * Canonical base64 (RFC 4648, section 4) and nothing else, with `=` padding or without any: false
 * when it is something else or more than `cap` bytes.
 */
bool span_base64(struct span text, bool padded, uint8_t *bytes, size_t cap, size_t *len);

/* The same without padding, of exactly `len` bytes. */
bool span_base64_exact(struct span text, uint8_t *bytes, size_t len);

#endif

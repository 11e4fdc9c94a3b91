/* SPDX-License-Identifier: MIT */
/* Pieces of a file that is being read: see span.h. */
#include <config.h>

#include <sodium.h>
#include <string.h>

#include "age/span.h"

struct span span_take(struct span *rest, size_t len)
{
	struct span taken = {.data = rest->data, .len = len};

	rest->data += len;
	rest->len -= len;
	return taken;
}

bool span_line(struct span *rest, struct span *line)
{
	const uint8_t *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;

	if (!end)
		return false;
	*line = span_take(rest, (size_t)(end - rest->data));
	span_take(rest, 1);
	return true;
}

bool span_begins(struct span span, const char *text)
{
	size_t len = strlen(text);

	return span.len >= len && memcmp(span.data, text, len) == 0;
}

bool span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && span_begins(span, text);
}

bool span_skip(struct span *rest, const char *text)
{
	if (!span_begins(*rest, text))
		return false;
	span_take(rest, strlen(text));
	return true;
}

/* libsodium 1.0.18 takes the bytes ab, af, c1 for '+', '/', 'A': a file would have many texts. */
static bool is_ascii(struct span text)
{
	uint8_t all = 0;

	for (size_t i = 0; i < text.len; i++)
		all |= text.data[i];
	return all < 0x80;
}

bool span_base64(struct span text, bool padded, uint8_t *bytes, size_t cap, size_t *len)
{
	int variant =
	    padded ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;

	/* It refuses bits that are set after the last byte, which makes the text canonical. */
	return is_ascii(text) && sodium_base642bin(bytes, cap, (const char *)text.data, text.len,
				     NULL, len, NULL, variant) == 0;
}

bool span_base64_exact(struct span text, uint8_t *bytes, size_t len)
{
	size_t got;

	return span_base64(text, false, bytes, len, &got) && got == len;
}

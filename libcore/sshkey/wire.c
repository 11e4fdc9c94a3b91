/* SPDX-License-Identifier: MIT */
/* How OpenSSH writes things down: see wire.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "sshkey/wire.h"

#define ARMOR_WIDTH 70 /* characters, as ssh-keygen(1) writes it */

int wire_number(struct wire *from, uint32_t *number)
{
	struct wire bytes;
	int r = wire_bytes(from, 4, &bytes);

	if (r < 0)
		return r;
	*number = (uint32_t)bytes.at[0] << 24 | (uint32_t)bytes.at[1] << 16 |
		  (uint32_t)bytes.at[2] << 8 | bytes.at[3];
	return 0;
}

int wire_bytes(struct wire *from, size_t len, struct wire *bytes)
{
	if (from->left < len)
		return -EBADMSG;
	*bytes = (struct wire){.at = from->at, .left = len};
	from->at += len;
	from->left -= len;
	return 0;
}

int wire_string(struct wire *from, struct wire *string)
{
	uint32_t len;
	int r = wire_number(from, &len);

	return r < 0 ? r : wire_bytes(from, len, string);
}

bool wire_is(const struct wire *string, const char *text)
{
	return string->left == strlen(text) && !memcmp(string->at, text, string->left);
}

void wire_add_number(struct buf *out, uint32_t number)
{
	const uint8_t bytes[4] = {
	    (uint8_t)(number >> 24),
	    (uint8_t)(number >> 16),
	    (uint8_t)(number >> 8),
	    (uint8_t)number,
	};

	buf_add(out, bytes, sizeof(bytes));
}

void wire_add_string(struct buf *out, const void *data, size_t len)
{
	wire_add_number(out, (uint32_t)len);
	buf_add(out, data, len);
}

void wire_add_text(struct buf *out, const char *text)
{
	wire_add_string(out, text, strlen(text));
}

/* ---- base64 ---- */

/* All ones when first <= c <= last, else 0. */
static int within(int c, int first, int last)
{
	return ((first - 1 - c) & (c - last - 1)) >> 8;
}

static char base64_character(int value)
{
	return (char)((within(value, 0, 25) & (value + 'A')) |
		      (within(value, 26, 51) & (value - 26 + 'a')) |
		      (within(value, 52, 61) & (value - 52 + '0')) | (within(value, 62, 62) & '+') |
		      (within(value, 63, 63) & '/'));
}

/* -1: no base64 character. */
static int base64_value(int c)
{
	return ((within(c, 'A', 'Z') & (c - 'A' + 1)) | (within(c, 'a', 'z') & (c - 'a' + 27)) |
		   (within(c, '0', '9') & (c - '0' + 53)) | (within(c, '+', '+') & 63) |
		   (within(c, '/', '/') & 64)) -
	       1;
}

void base64_add(struct buf *out, const void *data, size_t len, size_t width)
{
	const uint8_t *at = data;
	size_t column = 0;

	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		int group =
		    at[i] << 16 | (have > 1 ? at[i + 1] << 8 : 0) | (have > 2 ? at[i + 2] : 0);

		for (size_t k = 0; k < 4; k++) {
			if (width && column == width)
				buf_add_char(out, '\n');
			column = width && column == width ? 1 : column + 1;
			buf_add_char(out,
			    k > have ? '=' : base64_character(group >> (18 - 6 * (int)k) & 63));
		}
	}
}

/* The last group, when it has 2 or 3 characters: what does not fill a byte must be 0. */
static int base64_finish(uint32_t group, size_t have, size_t padding, struct buf *out)
{
	if (!have)
		return padding ? -EBADMSG : out->error;
	if (have < 2 || have + padding != 4 || (group & (have == 2 ? 0xf : 0x3)))
		return -EBADMSG;
	group <<= 6 * (4 - have);
	buf_add_char(out, (char)(group >> 16));
	if (have == 3)
		buf_add_char(out, (char)(group >> 8 & 0xff));
	return out->error;
}

int base64_decode(const char *text, size_t len, struct buf *out)
{
	size_t have = 0, padding = 0;
	uint32_t group = 0;

	for (size_t i = 0; i < len; i++) {
		int value = base64_value((unsigned char)text[i]);

		if (text[i] == '\n' || text[i] == '\r')
			continue;
		if (text[i] == '=') {
			padding++;
			continue;
		}
		if (value < 0 || padding)
			return -EBADMSG;
		group = group << 6 | (uint32_t)value;
		if (++have < 4)
			continue;
		buf_add_char(out, (char)(group >> 16 & 0xff));
		buf_add_char(out, (char)(group >> 8 & 0xff));
		buf_add_char(out, (char)(group & 0xff));
		group = 0;
		have = 0;
	}
	return base64_finish(group, have, padding, out);
}

/* ---- armor ---- */

void armor_add(struct buf *out, const char *label, const void *data, size_t len)
{
	buf_addf(out, "-----BEGIN %s-----\n", label);
	base64_add(out, data, len, ARMOR_WIDTH);
	buf_addf(out, "\n-----END %s-----\n", label);
}

/* The offset behind `line` when the text begins with it, else 0. */
static size_t skip_line(const char *text, size_t len, const struct buf *line)
{
	return len >= line->len && !memcmp(text, line->data, line->len) ? line->len : 0;
}

static bool is_line_end(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n' && text[i] != '\r')
			return false;
	return true;
}

int armor_decode(const char *text, size_t len, const char *label, struct buf *out)
{
	buf_auto begin = {0};
	buf_auto end = {0};
	const char *last;
	size_t skip, body;

	buf_addf(&begin, "-----BEGIN %s-----", label);
	buf_addf(&end, "-----END %s-----", label);
	if (begin.error || end.error)
		return -ENOMEM;
	skip = skip_line(text, len, &begin);
	if (!skip)
		return -EBADMSG;
	text += skip;
	len -= skip;
	last = memmem(text, len, end.data, end.len);
	if (!last)
		return -EBADMSG;
	body = (size_t)(last - text);
	if (!is_line_end(last + end.len, len - body - end.len))
		return -EBADMSG;
	return base64_decode(text, body, out);
}

/* SPDX-License-Identifier: MIT */
/* JSON mended before it is parsed: see clean.h. */
#include <config.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "service/clean.h"

#define REPLACEMENT "\xEF\xBF\xBD"

/* How many bytes the UTF-8 character at `text` has; 0: it is none. */
static size_t character(const unsigned char *text, size_t len)
{
	size_t more = *text < 0x80 ? 0 : *text >= 0xC2 && *text < 0xE0 ? 1 : (*text & 0xF0) == 0xE0 ? 2
				: *text >= 0xF0 && *text < 0xF5   ? 3
								  : len;

	if (more >= len)
		return 0;
	for (size_t i = 1; i <= more; i++)
		if ((text[i] & 0xC0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond U+10FFFF. */
	if ((*text == 0xE0 && text[1] < 0xA0) || (*text == 0xED && text[1] > 0x9F) ||
	    (*text == 0xF0 && text[1] < 0x90) || (*text == 0xF4 && text[1] > 0x8F))
		return 0;
	return more + 1;
}

/* The code unit of \uXXXX at `text`; -1: it is none. */
static int unit(const char *text, size_t len)
{
	char digits[5] = "", *end;

	if (len < 6 || text[0] != '\\' || text[1] != 'u')
		return -1;
	memcpy(digits, text + 2, 4);
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return -1;
	return (int)strtol(digits, &end, 16);
}

/* An escape: how many bytes of it are taken, and whether they stand for nothing that JSON may carry. */
static size_t escape(const char *text, size_t len, bool *bad)
{
	int first = unit(text, len);

	*bad = false;
	if (first < 0)
		return len < 2 ? 1 : 2;
	if (first >= 0xD800 && first < 0xDC00) {
		int second = unit(text + 6, len - 6);

		if (second >= 0xDC00 && second < 0xE000)
			return 12;
		*bad = true;
	}
	*bad |= first == 0 || (first >= 0xDC00 && first < 0xE000);
	return 6;
}

int clean_json(const char *text, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len;) {
		size_t n = character((const unsigned char *)text + i, len - i);
		bool bad = n == 0;

		if (bad)
			n = 1;
		else if (text[i] == '\\')
			n = escape(text + i, len - i, &bad);
		buf_add(out, bad ? REPLACEMENT : text + i, bad ? sizeof(REPLACEMENT) - 1 : n);
		i += n;
	}
	return out->error;
}

/* SPDX-License-Identifier: MIT */
/* Small checked conversions: see text.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

int text_number(const char *text, int base, uint64_t min, uint64_t max, uint64_t *out)
{
	unsigned long long value;
	char *end;

	/* strtoull takes blanks, signs and 0x: none of ours. */
	if (!*text || strspn(text, base == 16 ? "0123456789abcdef" : "0123456789") != strlen(text))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, base);
	if (errno || *end || value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

bool text_equal_secret(const void *a, size_t a_len, const void *b, size_t b_len)
{
	const unsigned char *x = a, *y = b;
	volatile unsigned char differ = 0;

	if (a_len != b_len)
		return false;
	for (size_t i = 0; i < a_len; i++)
		differ = (unsigned char)(differ | (x[i] ^ y[i]));
	return !differ;
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r", end[-1]))
		end--;
	*end = '\0';
	return text;
}

int text_pair(char **cursor, unsigned *line, char **key, char **value)
{
	while (**cursor) {
		char *start = *cursor;
		size_t len = strcspn(start, "\n");
		char *equals;

		*cursor = start + len + (start[len] == '\n');
		start[len] = '\0';
		++*line;
		start = trim(start);
		if (!*start || *start == '#')
			continue;
		*key = start;
		equals = strchr(start, '=');
		if (!equals)
			return -EINVAL;
		*equals = '\0';
		*key = trim(start);
		*value = trim(equals + 1);
		return 1;
	}
	return 0;
}

char *text_word(char **cursor)
{
	char *start = *cursor + strspn(*cursor, " \t,");
	size_t len = strcspn(start, " \t,");

	if (!len)
		return NULL;
	*cursor = start + len + (start[len] != '\0');
	start[len] = '\0';
	return start;
}

/*
 * Bytes of the control character that begins here, 0 for another: C0, DEL, C1 as UTF-8 writes it (c2 80 to c2
 * 9f), and what turns the direction of text around (U+202A to U+202E, U+2066 to U+2069).
 */
size_t text_control_len(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	if (c[0] < 0x20 || c[0] == 0x7f)
		return 1;
	if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
		return 2;
	if (c[0] == 0xe2 && ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
				(c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9)))
		return 3;
	return 0;
}

void text_tame(char *text)
{
	char *to = text;

	while (*text) {
		const size_t control = text_control_len(text);

		*to++ = control ? '?' : *text;
		text += control ? control : 1;
	}
	*to = '\0';
}

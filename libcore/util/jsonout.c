/* SPDX-License-Identifier: MIT */
/* JSON output: see jsonout.h. Two-space indent, members in the order they are written. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/jsonout.h"
#include "util/when.h"

void jsonout_free(struct jsonout *j)
{
	buf_free(&j->text);
}

/* How many bytes the UTF-8 sequence at `s` has, 0 when it is none (RFC 3629). */
static size_t utf8_sequence(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char mask, lead;
		unsigned least;
	} forms[] = {
	    {0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

	for (size_t n = 0; n < 4; n++) {
		unsigned point = s[0] & (unsigned char)~forms[n].mask;

		if ((s[0] & forms[n].mask) != forms[n].lead)
			continue;
		if (n + 1 > left)
			return 0;
		for (size_t i = 1; i <= n; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return 0;
			point = point << 6 | (s[i] & 0x3fu);
		}
		if (point < forms[n].least || point > 0x10ffff ||
		    (point >= 0xd800 && point < 0xe000))
			return 0;
		return n + 1;
	}
	return 0;
}

static void add_quoted(struct buf *out, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	buf_add_char(out, '"');
	for (size_t i = 0; i < len;) {
		size_t n = utf8_sequence(s + i, len - i);

		if (!n) {
			buf_add_text(out, "\xef\xbf\xbd");
			n = 1;
		} else if (s[i] == '"' || s[i] == '\\') {
			buf_addf(out, "\\%c", s[i]);
		} else if (s[i] == '\n') {
			buf_add_text(out, "\\n");
		} else if (s[i] < 0x20 || s[i] == 0x7f) {
			buf_addf(out, "\\u%04x", s[i]);
		} else {
			buf_add(out, s + i, n);
		}
		i += n;
	}
	buf_add_char(out, '"');
}

bool jsonout_is_text(const void *value, size_t len)
{
	const unsigned char *s = value;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_sequence(s + i, len - i);
		if (!n)
			return false;
	}
	return true;
}

static void begin_member(struct jsonout *j, const char *key)
{
	if (j->comma)
		buf_add_char(&j->text, ',');
	if (j->depth)
		buf_addf(&j->text, "\n%*s", (int)(2 * j->depth), "");
	if (key) {
		add_quoted(&j->text, key, strlen(key));
		buf_add_text(&j->text, ": ");
	}
	j->comma = true;
}

void jsonout_open(struct jsonout *j, const char *key, char bracket)
{
	begin_member(j, key);
	buf_add_char(&j->text, bracket);
	j->depth++;
	j->comma = false;
}

void jsonout_close(struct jsonout *j, char bracket)
{
	j->depth--;
	if (j->comma)
		buf_addf(&j->text, "\n%*s", (int)(2 * j->depth), "");
	buf_add_char(&j->text, bracket);
	j->comma = true;
}

void jsonout_bytes(struct jsonout *j, const char *key, const void *value, size_t len)
{
	begin_member(j, key);
	add_quoted(&j->text, value, len);
}

void jsonout_text(struct jsonout *j, const char *key, const char *value)
{
	if (value) {
		jsonout_bytes(j, key, value, strlen(value));
		return;
	}
	begin_member(j, key);
	buf_add_text(&j->text, "null");
}

void jsonout_number(struct jsonout *j, const char *key, int64_t value)
{
	begin_member(j, key);
	buf_addf(&j->text, "%lld", (long long)value);
}

void jsonout_bool(struct jsonout *j, const char *key, bool value)
{
	begin_member(j, key);
	buf_add_text(&j->text, value ? "true" : "false");
}

void jsonout_when(struct jsonout *j, const char *key, time_t when)
{
	char text[WHEN_TEXT];

	when_format(when, text);
	jsonout_text(j, key, when ? text : NULL);
}

void jsonout_take(struct jsonout *j, const char *key, struct jsonout *document)
{
	const char *text = buf_text(&document->text), *end;

	begin_member(j, key);
	/* Its lines go as deep as this one is. */
	for (; (end = strchr(text, '\n')); text = end + 1) {
		buf_add(&j->text, text, (size_t)(end - text));
		buf_addf(&j->text, "\n%*s", (int)(2 * j->depth), "");
	}
	buf_add_text(&j->text, text);
	if (document->text.error)
		j->text.error = document->text.error;
	jsonout_free(document);
	*document = (struct jsonout){0};
}

int jsonout_print(struct jsonout *j)
{
	buf_add_char(&j->text, '\n');
	if (j->text.error)
		return j->text.error;
	if (fwrite(j->text.data, 1, j->text.len, stdout) != j->text.len || fflush(stdout))
		return -EIO;
	return 0;
}

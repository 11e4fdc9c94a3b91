/* SPDX-License-Identifier: MIT */
/* One key of a git configuration file: see gitconfig.h. */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "choice/gitconfig.h"

#define NAME_MAX_KEPT 32 /* longer sections and keys are read on and are none of ours */

struct reader {
	const char *at, *end;
	unsigned line;
};

struct name {
	char text[NAME_MAX_KEPT];
	size_t len;
};

/* The next character. A CR before an LF is left out; the end reads as one more LF. */
static int next(struct reader *reader)
{
	int c;

	if (reader->at == reader->end)
		return '\n';
	c = (unsigned char)*reader->at++;
	if (c == '\r' && reader->at < reader->end && *reader->at == '\n')
		c = (unsigned char)*reader->at++;
	if (c == '\n')
		reader->line++;
	return c;
}

/* The locale must not decide what a letter is. */
static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(int c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Adds a small letter for a capital one; what is too long ends as no name of ours. */
static void name_add(struct name *name, int c)
{
	if (c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (name->len + 1 < sizeof(name->text)) {
		name->text[name->len++] = (char)c;
		name->text[name->len] = '\0';
	} else {
		*name = (struct name){.text = "", .len = sizeof(name->text)};
	}
}

static void skip_comment(struct reader *reader)
{
	while (next(reader) != '\n')
		;
}

/* The rest of [section "subsection"], behind the blank: it is another section than [section]. */
static int read_subsection(struct reader *reader, struct name *section)
{
	int c;

	do {
		c = next(reader);
		if (c == '\n')
			return -EINVAL;
	} while (is_blank(c));
	if (c != '"')
		return -EINVAL;
	while ((c = next(reader)) != '"') {
		if (c == '\\')
			c = next(reader);
		if (c == '\n')
			return -EINVAL;
	}
	*section = (struct name){0};
	return next(reader) == ']' ? 0 : -EINVAL;
}

/* Behind '[', up to and with ']'. [section.sub] stays as it is: with a dot it is no section of ours. */
static int read_section(struct reader *reader, struct name *section)
{
	int c;

	*section = (struct name){0};
	while ((c = next(reader)) != ']') {
		if (c == '\n')
			return -EINVAL;
		if (is_blank(c))
			return read_subsection(reader, section);
		if (!is_name(c) && c != '.')
			return -EINVAL;
		name_add(section, c);
	}
	return 0;
}

/* What a backslash and `c` stand for; 0: nothing (the line goes on), negative: no escape of git's. */
static int unescape(int c)
{
	switch (c) {
	case '\n':
		return 0;
	case 't':
		return '\t';
	case 'b':
		return '\b';
	case 'n':
		return '\n';
	case '\\':
	case '"':
		return c;
	default:
		return -EINVAL;
	}
}

/* Behind '=', to the end of the line. Blanks at both ends go, those inside stay. */
static int read_value(struct reader *reader, struct buf *value)
{
	bool quoted = false;
	size_t kept = 0; /* up to here no trailing blanks */
	int c;

	buf_reset(value);
	while ((c = next(reader)) != '\n') {
		if (!quoted && is_blank(c)) {
			if (value->len)
				buf_add_char(value, (char)c);
			continue;
		}
		if (!quoted && (c == '#' || c == ';')) {
			skip_comment(reader);
			break;
		}
		if (c == '"') {
			quoted = !quoted;
		} else {
			c = c == '\\' ? unescape(next(reader)) : c;
			if (c < 0)
				return c;
			if (c)
				buf_add_char(value, (char)c);
		}
		kept = value->len;
	}
	if (quoted)
		return -EINVAL;
	buf_cut(value, kept);
	return value->error;
}

/* From the key's first letter `c` to the end of its line: 1 with a value, 0 without one. */
static int read_variable(struct reader *reader, int c, struct name *key, struct buf *value)
{
	int r;

	*key = (struct name){0};
	for (; is_name(c); c = next(reader))
		name_add(key, c);
	while (c == ' ' || c == '\t')
		c = next(reader);
	if (c == '\n')
		return 0;
	if (c != '=')
		return -EINVAL;
	r = read_value(reader, value);
	return r < 0 ? r : 1;
}

/* 1: the next line, or part of one, held the wanted key. */
static int read_next(struct reader *reader, struct name *section, const char *wanted_section,
    const char *wanted_key, struct buf *value)
{
	int c = next(reader), r;
	buf_auto read = {0};
	struct name key;

	if (is_blank(c))
		return 0;
	if (c == '#' || c == ';') {
		skip_comment(reader);
		return 0;
	}
	if (c == '[')
		return read_section(reader, section);
	if (!is_letter(c))
		return -EINVAL;
	r = read_variable(reader, c, &key, &read);
	if (r < 0 || strcmp(section->text, wanted_section) || strcmp(key.text, wanted_key))
		return r < 0 ? r : 0;
	/* "identity" alone is git's way to say true. */
	if (r == 0)
		return -EINVAL;
	buf_move(value, &read);
	return 1;
}

int gitconfig_last(const char *text, size_t len, const char *section, const char *key,
    struct buf *value, unsigned *line)
{
	struct reader reader = {.at = text, .end = text + len, .line = 1};
	struct name current = {0};
	int r, found = 0;

	*line = 1;
	/* Windows editors put a byte order mark there, and git takes it. */
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		reader.at += 3;
	if (memchr(reader.at, '\0', (size_t)(reader.end - reader.at)))
		return -EINVAL;
	while (reader.at < reader.end) {
		*line = reader.line;
		r = read_next(&reader, &current, section, key, value);
		if (r < 0)
			return r;
		found |= r;
	}
	return found;
}

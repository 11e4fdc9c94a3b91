/* SPDX-License-Identifier: MIT */
/*
 * Lines of NAME=value as sh(1) reads them, and as the dotenv libraries do where these agree with each other:
 *
 *	# a comment
 *	NAME=value		to the end of the line or " #", blanks at the end cut, nothing expanded
 *	export NAME='value'	as it stands, over several lines if need be
 *	NAME="value"		the same with \n \r \t \" \\ \$ \` taken for what they mean
 *
 * $NAME is never expanded: a token may hold a '$'. What is written is read back by this and by sh alike.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "vault/vault.h"

struct reader {
	const char *at, *end;
	unsigned line;
};

static bool more(const struct reader *in)
{
	return in->at < in->end;
}

/* Blanks within a line; a carriage return before the newline is one. */
static bool is_blank(const struct reader *in)
{
	return more(in) && (*in->at == ' ' || *in->at == '\t' ||
			       (*in->at == '\r' && (in->at + 1 == in->end || in->at[1] == '\n')));
}

static void skip_blanks(struct reader *in)
{
	while (is_blank(in))
		in->at++;
}

static void skip_line(struct reader *in)
{
	while (more(in) && *in->at != '\n')
		in->at++;
	if (more(in)) {
		in->at++;
		in->line++;
	}
}

/* The rest of the line may be blank or a comment. */
static bool at_line_end(struct reader *in)
{
	const char *before = in->at;

	skip_blanks(in);
	return !more(in) || *in->at == '\n' || (*in->at == '#' && in->at > before);
}

static int add_escape(struct buf *value, char c)
{
	static const char letters[] = "nrt", means[] = "\n\r\t";
	const char *letter = c ? strchr(letters, c) : NULL;

	if (letter)
		return buf_add_char(value, means[letter - letters]);
	if (!c || !strchr("\"\\$`\n", c))
		buf_add_char(value, '\\');
	return c == '\n' ? 0 : buf_add_char(value, c);
}

/* From behind the opening quote to behind the closing one; false: there is none. */
static bool read_quoted(struct reader *in, char quote, struct buf *value)
{
	for (; more(in); in->at++) {
		char c = *in->at;

		if (c == quote) {
			in->at++;
			return true;
		}
		if (c == '\\' && quote == '"' && in->at + 1 < in->end)
			add_escape(value, c = *++in->at);
		else
			buf_add_char(value, c);
		if (c == '\n')
			in->line++;
	}
	return false;
}

/* Quoted pieces, and characters behind a backslash, one behind the other: 'it'\''s'. */
static const char *read_pieces(struct reader *in, struct buf *value)
{
	while (more(in)) {
		char c = *in->at;

		if (c == '\\' && in->at + 1 < in->end && in->at[1] != '\n') {
			buf_add_char(value, in->at[1]);
			in->at += 2;
		} else if (c == '\'' || c == '"') {
			in->at++;
			if (!read_quoted(in, c, value))
				return "its quote is not closed";
		} else {
			break;
		}
	}
	return at_line_end(in) ? NULL : "there is text behind its closing quote";
}

static void read_plain(struct reader *in, struct buf *value)
{
	const char *start = in->at, *end;

	while (more(in) && *in->at != '\n' &&
	       !(*in->at == '#' && (in->at[-1] == ' ' || in->at[-1] == '\t')))
		in->at++;
	for (end = in->at; end > start && strchr(" \t\r", end[-1]); end--)
		;
	buf_add(value, start, (size_t)(end - start));
}

/* From behind the '='; returns what is wrong, or NULL. */
static const char *read_value(struct reader *in, struct buf *value)
{
	while (more(in) && (*in->at == ' ' || *in->at == '\t'))
		in->at++;
	if (more(in) && *in->at == '`')
		return "its value begins with a backquote; quote it with ' or \"";
	if (more(in) && (*in->at == '\'' || *in->at == '"'))
		return read_pieces(in, value);
	read_plain(in, value);
	return NULL;
}

/* What stands before '=' on this line, "" when that is no name; in->at is behind the '=' then. */
static void read_name(struct reader *in, char name[SECRET_NAME_MAX + 2])
{
	const char *start;
	size_t len = 0;

	skip_blanks(in);
	if (in->end - in->at > 7 && !strncmp(in->at, "export", 6) && strchr(" \t", in->at[6])) {
		in->at += 6;
		skip_blanks(in);
	}
	start = in->at;
	while (more(in) && (isalnum((unsigned char)*in->at) || *in->at == '_'))
		in->at++;
	len = (size_t)(in->at - start);
	skip_blanks(in);
	if (!len || len > SECRET_NAME_MAX || !more(in) || *in->at != '=')
		len = 0;
	else
		in->at++;
	memcpy(name, start, len);
	name[len] = '\0';
}

static int read_entry(struct bundle *bundle, struct reader *in)
{
	char name[SECRET_NAME_MAX + 2];
	const unsigned line = in->line;
	struct bundle_item *added;
	buf_auto value = {0};
	const char *wrong;

	read_name(in, name);
	if (!*name) {
		bundle_say(bundle, false,
		    "line %u is not NAME=VALUE, with a name of letters, digits and _", line);
		return 0;
	}
	wrong = read_value(in, &value);
	if (value.error)
		return value.error;
	if (!wrong)
		return bundle_add(bundle, "line", line, name, &value, &added);
	bundle_say(bundle, false, "line %u: %s", line, wrong);
	return 0;
}

int dotenv_parse(struct bundle *bundle, const struct buf *text)
{
	struct reader in = {.at = buf_text(text), .line = 1};
	int r = 0;

	in.end = in.at + text->len;
	if (memchr(in.at, '\0', text->len)) {
		bundle_say(bundle, false, "it holds a NUL byte, and is no text");
		return 0;
	}
	/* What Windows' editors put before UTF-8. */
	if (text->len >= 3 && !memcmp(in.at, "\xef\xbb\xbf", 3))
		in.at += 3;
	while (r == 0 && more(&in)) {
		skip_blanks(&in);
		if (more(&in) && *in.at != '\n' && *in.at != '#')
			r = read_entry(bundle, &in);
		skip_line(&in);
	}
	return r;
}

/* ---- and back ---- */

int dotenv_add(struct buf *out, const char *name, const struct buf *value)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				   "_-./:@%+,=";
	const char *text = buf_text(value);

	if (memchr(text, '\0', value->len))
		return -EINVAL;
	buf_addf(out, "%s=", name);
	if (strspn(text, safe) == value->len)
		buf_add(out, text, value->len);
	else if (!strchr(text, '\''))
		buf_addf(out, "'%s'", text);
	else {
		buf_add_char(out, '"');
		for (; *text; text++) {
			if (strchr("\"\\$`", *text))
				buf_add_char(out, '\\');
			buf_add_char(out, *text);
		}
		buf_add_char(out, '"');
	}
	return buf_add_char(out, '\n');
}

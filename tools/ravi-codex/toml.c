/* SPDX-License-Identifier: MIT */
/* Setting one key in a TOML file: see toml.h. */
#include <config.h>

#include <stdbool.h>
#include <string.h>

#include "toml.h"

/* One statement: a header or a key and its value, with the comments and blank lines before it. */
struct statement {
	const char *at,
	    *end; /* `at` is its first character that is no blank; `end` is behind its newline */
};

static const char *line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline ? newline + 1 : end;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && strchr(" \t\r\n", *at) && *at)
		at++;
	return at;
}

/* Behind a string that starts at `at`: one line's, or with three quotes that of many. */
static const char *skip_string(const char *at, const char *end)
{
	char quote = *at;
	bool many = end - at >= 3 && at[1] == quote && at[2] == quote;

	for (at += many ? 3 : 1; at < end; at++) {
		if (*at == '\\' && quote == '"')
			at++;
		else if (*at == quote &&
			 (!many || (end - at >= 3 && at[1] == quote && at[2] == quote)))
			return at + (many ? 3 : 1);
		else if (*at == '\n' && !many)
			return at;
	}
	return end;
}

/* Behind the newline that ends a value: not one in a string, a comment or between brackets. */
static const char *skip_value(const char *at, const char *end)
{
	int depth = 0;

	while (at < end) {
		if (*at == '"' || *at == '\'') {
			at = skip_string(at, end);
			continue;
		}
		if (*at == '#' || *at == '\n') {
			at = line_end(at, end);
			if (depth <= 0)
				return at;
			continue;
		}
		depth += (*at == '[' || *at == '{') - (*at == ']' || *at == '}');
		at++;
	}
	return end;
}

static bool next_statement(const char **cursor, const char *end, struct statement *statement)
{
	const char *at = skip_blanks(*cursor, end);

	while (at < end && *at == '#')
		at = skip_blanks(line_end(at, end), end);
	if (at == end)
		return false;
	*statement = (struct statement){
	    .at = at, .end = *at == '[' ? line_end(at, end) : skip_value(at, end)};
	*cursor = statement->end;
	return true;
}

/*
 * The name up to one of the characters of `stop`, without blanks and quotes: a.b and "a" . 'b' are the
 * same. False when it does not fit, which no name of ours does.
 */
static bool take_name(const char *at, const char *end, const char *stop, char name[64])
{
	size_t len = 0;

	for (; at < end && *at && !strchr(stop, *at); at++) {
		if (strchr(" \t\"'", *at))
			continue;
		if (len == 63)
			return false;
		name[len++] = *at;
	}
	name[len] = '\0';
	return at < end && *at;
}

static bool is_value(const struct statement *statement, const char *value)
{
	const char *at = memchr(statement->at, '=', (size_t)(statement->end - statement->at));
	size_t len = strlen(value);

	at = at ? skip_blanks(at + 1, statement->end) : statement->end;
	return (size_t)(statement->end - at) >= len && !memcmp(at, value, len) &&
	       (at + len == statement->end || strchr(" \t\r\n#", at[len]));
}

struct search {
	enum toml_state state;
	const char *section_end; /* behind the section's header; NULL: it is not there */
};

/* A key before the first header may be the one itself, set its section as a whole, or be its dotted name. */
static void look_at_root(const struct statement *statement, const char *name,
    const struct toml_setting *setting, struct search *found)
{
	size_t len = strlen(setting->section);

	if (!len && !strcmp(name, setting->key))
		found->state = is_value(statement, setting->value) ? TOML_SET : TOML_CONFLICT;
	if (!len)
		return;
	if (strncmp(name, setting->section, len) != 0 || (name[len] && name[len] != '.'))
		return;
	if (name[len] && !strcmp(name + len + 1, setting->key) &&
	    is_value(statement, setting->value))
		found->state = TOML_SET;
	else if (found->state == TOML_ABSENT)
		found->state = TOML_CONFLICT;
}

static void search(const struct buf *text, const struct toml_setting *setting, struct search *found)
{
	const char *cursor = buf_text(text), *end = cursor + text->len;
	struct statement statement;
	char section[64] = "", name[64];

	*found = (struct search){.state = TOML_ABSENT};
	while (next_statement(&cursor, end, &statement)) {
		if (*statement.at == '[') {
			if (!take_name(statement.at + 1, statement.end, "]", section))
				strcpy(section, "?");
			if (!strcmp(section, setting->section))
				found->section_end = statement.end;
			continue;
		}
		if (!take_name(statement.at, statement.end, "=", name))
			continue;
		if (!*section)
			look_at_root(&statement, name, setting, found);
		else if (!strcmp(section, setting->section) && !strcmp(name, setting->key))
			found->state =
			    is_value(&statement, setting->value) ? TOML_SET : TOML_CONFLICT;
	}
}

enum toml_state toml_look(const struct buf *text, const struct toml_setting *setting)
{
	struct search found;

	search(text, setting, &found);
	return found.state;
}

int toml_add(const struct buf *text, const struct toml_setting *setting, struct buf *out)
{
	const char *from = buf_text(text);
	struct search found;
	size_t before;

	search(text, setting, &found);
	before = found.section_end ? (size_t)(found.section_end - from) : text->len;
	buf_add(out, from, before);
	if (before && from[before - 1] != '\n')
		buf_add_char(out, '\n');
	if (!found.section_end)
		buf_addf(out, "%s[%s]\n", before ? "\n" : "", setting->section);
	buf_addf(out, "%s = %s\n", setting->key, setting->value);
	return buf_add(out, from + before, text->len - before);
}

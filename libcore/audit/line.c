/* SPDX-License-Identifier: MIT */
/* Lines of the trail: see line.h. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/line.h"
#include "util/when.h"

#define PROGRAM_MAX 32
#define DIGITS      "0123456789"
#define HEX         "0123456789abcdef"
#define LETTERS     "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What is left to parse. */
struct cursor {
	const char *at, *end;
};

/* Takes the longest run of `set` off: 1 to `max` characters, or an empty span. */
static struct audit_span take_run(struct cursor *c, const char *set, size_t max)
{
	struct audit_span span = {.at = c->at};

	while (c->at < c->end && span.len < max && *c->at && strchr(set, *c->at)) {
		c->at++;
		span.len++;
	}
	return span;
}

static bool take_char(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

/* A number as it is written: no leading zeros. */
static bool take_number(struct cursor *c, uint64_t max, uint64_t *out)
{
	struct audit_span digits = take_run(c, DIGITS, 16);

	if (!digits.len || (digits.len > 1 && *digits.at == '0'))
		return false;
	*out = 0;
	for (size_t i = 0; i < digits.len; i++)
		*out = *out * 10 + (uint64_t)(digits.at[i] - '0');
	return *out <= max;
}

/* "2026-11-27T02:18:00.123Z" */
static bool take_time(struct cursor *c, int64_t *milliseconds)
{
	const char *form = "dddd-dd-ddTdd:dd:dd.dddZ";
	char text[WHEN_TEXT];
	time_t seconds;

	if ((size_t)(c->end - c->at) < strlen(form))
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? c->at[i] < '0' || c->at[i] > '9' : c->at[i] != form[i])
			return false;
	memcpy(text, c->at, WHEN_TEXT - 2);
	strcpy(text + WHEN_TEXT - 2, "Z");
	if (when_parse(text, &seconds) < 0)
		return false;
	*milliseconds = (int64_t)seconds * 1000 + (c->at[20] - '0') * 100 + (c->at[21] - '0') * 10 +
			(c->at[22] - '0');
	c->at += strlen(form);
	return true;
}

static bool is_escape(const struct cursor *c)
{
	size_t left = (size_t)(c->end - c->at);

	if (left >= 2 && (c->at[1] == '"' || c->at[1] == '\\'))
		return true;
	return left >= 4 && c->at[1] == 'x' && c->at[2] && strchr(HEX, c->at[2]) && c->at[3] &&
	       strchr(HEX, c->at[3]);
}

static bool take_value(struct cursor *c, struct audit_span *value)
{
	bool quoted = take_char(c, '"');

	value->at = quoted ? c->at - 1 : c->at;
	while (c->at < c->end && *c->at != '"') {
		if (*c->at < ' ' || *c->at >= 0x7f)
			return false;
		if (!quoted && *c->at == ' ')
			break;
		if (!quoted && (*c->at == '=' || *c->at == '\\'))
			return false;
		if (*c->at == '\\' && !is_escape(c))
			return false;
		c->at += *c->at != '\\' ? 1 : c->at[1] == 'x' ? 4 : 2;
	}
	if (quoted && !take_char(c, '"'))
		return false;
	value->len = (size_t)(c->at - value->at);
	return value->len > 0;
}

static bool take_fields(struct cursor *c, struct audit_line *line)
{
	while (c->at < c->end) {
		struct audit_field *field = &line->fields[line->count];

		if (line->count == AUDIT_FIELDS_MAX || !take_char(c, ' '))
			return false;
		field->key = take_run(c, LETTERS DIGITS "-", 32);
		if (!field->key.len || !take_char(c, '=') || !take_value(c, &field->value))
			return false;
		line->count++;
	}
	return line->count && line->fields[0].key.len == 5 &&
	       !memcmp(line->fields[0].key.at, "event", 5);
}

int audit_parse_line(const void *bytes, size_t len, struct audit_line *line)
{
	struct cursor c = {.at = bytes, .end = (const char *)bytes + len};
	uint64_t pid;

	*line = (struct audit_line){0};
	if (len > AUDIT_LINE_MAX || !take_number(&c, AUDIT_SEQ_MAX, &line->seq) || !line->seq ||
	    !take_char(&c, ' ') || !take_time(&c, &line->time) || !take_char(&c, ' '))
		return -EBADMSG;
	line->previous = take_run(&c, HEX, AUDIT_HASH_TEXT);
	if (line->previous.len != AUDIT_HASH_TEXT || !take_char(&c, ' '))
		return -EBADMSG;
	line->program = take_run(&c, LETTERS CAPITALS DIGITS "._-", PROGRAM_MAX);
	if (!line->program.len || !take_char(&c, '[') || !take_number(&c, UINT32_MAX, &pid) ||
	    !take_char(&c, ']') || !take_fields(&c, line))
		return -EBADMSG;
	line->pid = (uint32_t)pid;
	return 0;
}

const struct audit_field *audit_field(const struct audit_line *line, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < line->count; i++)
		if (line->fields[i].key.len == len && !memcmp(line->fields[i].key.at, key, len))
			return &line->fields[i];
	return NULL;
}

bool audit_field_is(const struct audit_line *line, const char *key, const char *value)
{
	const struct audit_field *field = audit_field(line, key);
	size_t len = strlen(value);

	return field && field->value.len == len && !memcmp(field->value.at, value, len);
}

static unsigned hex_digit(char c)
{
	return (unsigned)(strchr(HEX, c) - HEX);
}

int audit_field_value(const struct audit_field *field, struct buf *out)
{
	const char *at = field->value.at, *end = at + field->value.len;

	if (*at != '"')
		return buf_add(out, at, field->value.len);
	for (at++, end--; at < end; at++) {
		if (*at != '\\') {
			buf_add_char(out, *at);
		} else if (*++at == 'x') {
			buf_add_char(out, (char)(hex_digit(at[1]) << 4 | hex_digit(at[2])));
			at += 2;
		} else {
			buf_add_char(out, *at);
		}
	}
	return out->error;
}

void audit_line_begin(
    struct buf *out, uint64_t seq, int64_t milliseconds, const char previous[AUDIT_HASH_TEXT + 1])
{
	char when[WHEN_TEXT], program[PROGRAM_MAX + 1] = "";

	when_format((time_t)(milliseconds / 1000), when);
	strncat(program, program_invocation_short_name, PROGRAM_MAX);
	if (!*program || strspn(program, LETTERS CAPITALS DIGITS "._-") != strlen(program))
		strcpy(program, "ravi");
	buf_addf(out, "%llu %.19s.%03uZ %s %s[%d] ", (unsigned long long)seq, when,
	    (unsigned)(milliseconds % 1000), previous, program, (int)getpid());
}

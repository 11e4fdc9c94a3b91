/* SPDX-License-Identifier: MIT */
/* The text of an event: see audit.h. Without libsodium, for pam_ravi logs denials in this form as well. */
#include <config.h>

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "audit/audit.h"
#include "audit/form.h"

/* One character of a value that stands in quotes. */
static void add_quoted(struct buf *line, char c)
{
	if (c == '"' || c == '\\')
		buf_addf(line, "\\%c", c);
	else if (c < ' ' || c >= 0x7f)
		buf_addf(line, "\\x%02x", (unsigned char)c);
	else
		buf_add_char(line, c);
}

static void add_value(struct buf *line, const char *value)
{
	const char *plain = value;
	size_t from = line->len;

	while (*plain > ' ' && *plain < 0x7f && !strchr("\"\\=", *plain))
		plain++;
	if (*value && !*plain && plain - value <= AUDIT_VALUE_MAX) {
		buf_add_text(line, value);
		return;
	}
	buf_add_char(line, '"');
	while (*value && line->len - from <= AUDIT_VALUE_MAX)
		add_quoted(line, *value++);
	buf_add_text(line, *value ? "...\"" : "\"");
}

static void add_pair(struct buf *line, const char *key, const char *value)
{
	if (!value)
		return;
	if (line->len)
		buf_add_char(line, ' ');
	buf_addf(line, "%s=", key);
	add_value(line, value);
}

void audit_vformat(struct buf *line, const char *event, const char *result, va_list pairs)
{
	const char *key;

	add_pair(line, "event", event);
	while ((key = va_arg(pairs, const char *)))
		add_pair(line, key, va_arg(pairs, const char *));
	add_pair(line, "result", result);
}

void audit_format(struct buf *line, const char *event, const char *result, ...)
{
	va_list pairs;

	va_start(pairs, result);
	audit_vformat(line, event, result, pairs);
	va_end(pairs);
}

const char *audit_set_event(uint64_t version)
{
	return version > 1 ? "rotate" : "set";
}

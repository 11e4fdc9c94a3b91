/* SPDX-License-Identifier: MIT */
/* The audit lines: see audit.h. */
#include <config.h>

#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include "audit/audit.h"
#include "util/buf.h"

static void add_value(struct buf *line, const char *value)
{
	const char *plain = value;

	while (*plain > ' ' && *plain < 0x7f && !strchr("\"\\=", *plain))
		plain++;
	if (*value && !*plain) {
		buf_add_text(line, value);
		return;
	}
	buf_add_char(line, '"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_addf(line, "\\%c", *value);
		else if (*value < ' ' || *value >= 0x7f)
			buf_addf(line, "\\x%02x", (unsigned char)*value);
		else
			buf_add_char(line, *value);
	}
	buf_add_char(line, '"');
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

static void format(struct buf *line, const char *event, const char *result, va_list pairs)
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
	format(line, event, result, pairs);
	va_end(pairs);
}

void audit(const char *event, const char *result, ...)
{
	buf_auto line = {0};
	va_list pairs;

	va_start(pairs, result);
	format(&line, event, result, pairs);
	va_end(pairs);
	if (!line.error)
		syslog(LOG_AUTHPRIV | LOG_INFO, "%s", buf_text(&line));
}

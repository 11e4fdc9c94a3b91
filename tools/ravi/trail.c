/* SPDX-License-Identifier: MIT */
/* How lines of the audit trail are shown: see trail.h. */
#include <config.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trail.h"
#include "util/jsonout.h"
#include "util/table.h"
#include "util/text.h"
#include "util/when.h"

/* Fields that have a column of their own. */
static const char *const columns[] = {
    "event", "result", "user", "identity", "name", "by", "uid", NULL};

/* Fields that are numbers in JSON; what else looks like one is text. */
static const char *const numbers[] = {
    "version", "revision", "keys", "uid", "by", "file", "offset", "first", "bytes", NULL};

static bool is_in(const char *const *names, const struct audit_span *key)
{
	for (; *names; names++)
		if (strlen(*names) == key->len && !memcmp(*names, key->at, key->len))
			return true;
	return false;
}

void trail_free(struct trail_lines *lines)
{
	buf_free(&lines->text);
}

/* Half of what is kept is dropped at a time, so that a line is moved but now and then. */
static void drop_old(struct trail_lines *lines)
{
	const char *at = lines->text.data;
	buf_auto kept = {0};

	for (; lines->count > lines->most; lines->count--)
		at = strchr(at, '\n') + 1;
	buf_add_text(&kept, at);
	buf_move(&lines->text, &kept);
}

int trail_add(struct trail_lines *lines, const char *bytes, size_t len)
{
	buf_add(&lines->text, bytes, len);
	buf_add_char(&lines->text, '\n');
	lines->count++;
	if (lines->most && lines->count >= 2 * lines->most + 1000)
		drop_old(lines);
	return lines->text.error;
}

void trail_time(int64_t milliseconds, char text[TRAIL_TIME])
{
	time_t when = (time_t)(milliseconds / 1000);
	struct tm tm;

	if (!localtime_r(&when, &tm) || !strftime(text, TRAIL_TIME, "%Y-%m-%d %H:%M:%S", &tm))
		strcpy(text, "?");
}

/* The value of a field, "" for none. */
static const char *value_of(const struct audit_line *line, const char *key, struct buf *out)
{
	const struct audit_field *field = audit_field(line, key);

	buf_reset(out);
	if (field)
		audit_field_value(field, out);
	return buf_text(out);
}

/* Who did it: the name of the user whose uid the line has. */
static void add_doer(struct table *table, const struct audit_line *line)
{
	buf_auto text = {0};
	const char *digits = value_of(line, "by", &text);
	const struct passwd *pw = NULL;
	uint64_t uid;

	if (!*digits)
		digits = value_of(line, "uid", &text);
	if (text_number(digits, 10, 0, UINT32_MAX, &uid) == 0)
		pw = getpwuid((uid_t)uid);
	table_add(table, pw ? pw->pw_name : digits);
}

static void add_row(struct table *table, const struct audit_line *line)
{
	static const char *const cells[] = {"event", "result", "user", "identity", "name", NULL};
	char when[TRAIL_TIME];
	buf_auto text = {0}, rest = {0};

	trail_time(line->time, when);
	table_add(table, when);
	for (size_t i = 0; cells[i]; i++)
		table_add(table, value_of(line, cells[i], &text));
	add_doer(table, line);
	for (size_t i = 0; i < line->count; i++) {
		const struct audit_field *field = &line->fields[i];

		if (is_in(columns, &field->key))
			continue;
		buf_addf(&rest, "%s%.*s=%.*s", rest.len ? " " : "", (int)field->key.len,
		    field->key.at, (int)field->value.len, field->value.at);
	}
	table_add(table, buf_text(&rest));
}

static void add_field(struct jsonout *j, const struct audit_field *field)
{
	char key[40];
	buf_auto value = {0};
	uint64_t number;

	snprintf(key, sizeof(key), "%.*s", (int)field->key.len, field->key.at);
	audit_field_value(field, &value);
	if (is_in(numbers, &field->key) &&
	    text_number(buf_text(&value), 10, 0, INT64_MAX, &number) == 0)
		jsonout_number(j, key, (int64_t)number);
	else
		jsonout_bytes(j, key, buf_text(&value), value.len);
}

static void add_object(struct jsonout *j, const struct audit_line *line)
{
	char seconds[WHEN_TEXT], when[WHEN_TEXT + 8], program[40];

	when_format((time_t)(line->time / 1000), seconds);
	snprintf(when, sizeof(when), "%.19s.%03uZ", seconds, (unsigned)(line->time % 1000));
	snprintf(program, sizeof(program), "%.*s", (int)line->program.len, line->program.at);
	jsonout_open(j, NULL, '{');
	jsonout_number(j, "seq", (int64_t)line->seq);
	jsonout_text(j, "time", when);
	jsonout_text(j, "program", program);
	jsonout_number(j, "pid", line->pid);
	for (size_t i = 0; i < line->count; i++)
		add_field(j, &line->fields[i]);
	jsonout_close(j, '}');
}

/* Splits the next line off; false at the end. */
static bool next_line(const char **at, struct audit_line *line)
{
	while (**at) {
		size_t len = strcspn(*at, "\n");
		bool parses = audit_parse_line(*at, len, line) == 0;

		*at += len + ((*at)[len] == '\n');
		if (parses)
			return true;
	}
	return false;
}

/* Behind those that are more than are wanted. */
static const char *newest(const struct trail_lines *lines)
{
	const char *at = buf_text(&lines->text);

	for (size_t i = lines->count; lines->most && i > lines->most; i--)
		at = strchr(at, '\n') + 1;
	return at;
}

int trail_print(const struct trail_lines *lines, bool json)
{
	table_auto table = table_make(
	    "TIME", "EVENT", "RESULT", "USER", "IDENTITY", "NAME", "BY", "DETAILS", NULL);
	const char *at = newest(lines);
	jsonout_auto j = {0};
	struct audit_line line;

	jsonout_open(&j, NULL, '[');
	while (next_line(&at, &line)) {
		if (json)
			add_object(&j, &line);
		else
			add_row(&table, &line);
	}
	jsonout_close(&j, ']');
	return json ? jsonout_print(&j) : table_print(&table);
}

/* On one line: JSON's own newlines are all between members, for those in texts are escaped. */
static void flatten(struct buf *text)
{
	size_t to = 0;

	for (size_t i = 0; i < text->len; i++) {
		if (text->data[i] == '\n') {
			while (i + 1 < text->len && text->data[i + 1] == ' ')
				i++;
			continue;
		}
		text->data[to++] = text->data[i];
	}
	buf_cut(text, to);
}

static int print_object(const struct audit_line *line)
{
	jsonout_auto j = {0};

	add_object(&j, line);
	flatten(&j.text);
	return jsonout_print(&j);
}

int trail_print_more(struct trail_lines *lines, bool json)
{
	const char *at = newest(lines);
	struct audit_line line;
	int r = 0;

	if (!json && lines->count && !lines->printed) {
		r = trail_print(lines, false);
		lines->printed = true;
		at = "";
	}
	while (r == 0 && next_line(&at, &line)) {
		char when[TRAIL_TIME];
		const char *fields = line.fields[0].key.at;
		int len = (int)(line.fields[line.count - 1].value.at - fields) +
			  (int)line.fields[line.count - 1].value.len;

		trail_time(line.time, when);
		r = json                                          ? print_object(&line)
		    : printf("%s  %.*s\n", when, len, fields) < 0 ? -EIO
								  : 0;
	}
	buf_reset(&lines->text);
	lines->count = 0;
	/* Of what comes from now on all is wanted. */
	lines->most = 0;
	return r;
}

/* SPDX-License-Identifier: MIT */
/* What a command tells when it is done: see report.h. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/report.h"
#include "util/table.h"

#define KEY_MAX 32 /* bytes */

struct report report_begin(bool json, size_t width)
{
	struct report report = {.json = json, .width = width};

	jsonout_open(&report.j, NULL, '{');
	return report;
}

void report_free(struct report *report)
{
	buf_free(&report->lines);
	jsonout_free(&report->j);
}

static void close_list(struct report *report)
{
	if (report->list)
		jsonout_close(&report->j, ']');
	report->list = NULL;
}

void report_line(struct report *report, const char *key, const char *value)
{
	table_line(&report->lines, report->width, key, value);
}

void report_text(struct report *report, const char *key, const char *value)
{
	char member[KEY_MAX];

	close_list(report);
	report_line(report, key, value);
	snprintf(member, sizeof(member), "%s", key);
	for (char *c = member; *c; c++)
		if (*c == ' ')
			*c = '_';
	jsonout_text(&report->j, member, value);
}

void report_item(struct report *report, const char *key, const char *list, const char *value)
{
	if (!report->list || strcmp(report->list, list) != 0) {
		close_list(report);
		jsonout_open(&report->j, list, '[');
		report->list = list;
	}
	report_line(report, key, value);
	jsonout_text(&report->j, NULL, value);
}

void report_say(struct report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_addv(&report->lines, format, args);
	va_end(args);
	buf_add_char(&report->lines, '\n');
}

int report_print(struct report *report)
{
	close_list(report);
	jsonout_close(&report->j, '}');
	if (report->json)
		return jsonout_print(&report->j);
	if (report->lines.error)
		return report->lines.error;
	/* Through stdio: cli_main says when it cannot be written. */
	return fwrite(buf_text(&report->lines), 1, report->lines.len, stdout) == report->lines.len ? 0 : -EIO;
}

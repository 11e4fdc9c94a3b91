/* SPDX-License-Identifier: MIT */
/* Aligned output for people: see table.h. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/table.h"
#include "util/text.h"

/* Appends text for a terminal and returns how many characters it shows. */
static size_t add_shown(struct buf *out, const char *text)
{
	size_t shown = 0;

	for (; *text; text++) {
		size_t control = text_control_len(text);

		text += control ? control - 1 : 0;
		buf_add_char(out, control ? '?' : *text);
		/* Bytes 10xxxxxx continue a character of UTF-8. */
		shown += control > 0 || ((unsigned char)*text & 0xc0) != 0x80;
	}
	return shown;
}

void table_free(struct table *table)
{
	buf_free(&table->text);
}

void table_add(struct table *table, const char *cell)
{
	table_add_shaded(table, SHADE_PLAIN, cell);
}

void table_add_shaded(struct table *table, enum shade shade, const char *cell)
{
	size_t *width = &table->width[table->cells++ % table->columns];
	size_t shown;

	buf_add_char(&table->text, (char)shade);
	shown = add_shown(&table->text, cell && *cell ? cell : "-");

	buf_add_char(&table->text, '\0');
	if (shown > *width)
		*width = shown;
}

void table_addf(struct table *table, const char *format, ...)
{
	char cell[256];
	va_list args;

	va_start(args, format);
	vsnprintf(cell, sizeof(cell), format, args);
	va_end(args);
	table_add(table, cell);
}

struct table table_make(const char *header, ...)
{
	struct table table = {0};
	va_list headers;

	va_start(headers, header);
	while (va_arg(headers, const char *))
		table.columns++;
	va_end(headers);
	table.columns++;
	va_start(headers, header);
	for (const char *cell = header; cell; cell = va_arg(headers, const char *))
		table_add(&table, cell);
	va_end(headers);
	return table;
}

int table_format(const struct table *table, struct buf *out)
{
	const char *cell = buf_text(&table->text);

	for (size_t i = 0; i < table->cells; i++) {
		size_t column = i % table->columns, shown;
		enum shade shade = (enum shade)(table->coloured ? *cell : SHADE_PLAIN);

		buf_add_text(out, terminal_begin(shade));
		shown = add_shown(out, ++cell);
		buf_add_text(out, terminal_end(shade));

		if (column + 1 == table->columns)
			buf_add_char(out, '\n');
		else
			buf_addf(out, "%*s", (int)(table->width[column] - shown + 2), "");
		cell += strlen(cell) + 1;
	}
	return table->text.error ? table->text.error : out->error;
}

int table_print(struct table *table)
{
	buf_auto out = {0};
	int r;

	table->coloured = terminal_has_colour(STDOUT_FILENO);
	r = table_format(table, &out);
	if (r < 0)
		return r;
	if (fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout))
		return -EIO;
	return 0;
}

void table_prose(struct buf *out, const char *text)
{
	while (*text) {
		const size_t control = text_control_len(text);

		if (control == 0 || *text == '\n' || *text == '\t')
			buf_add_char(out, *text);
		else if (*text != '\r' || text[1] != '\n')
			buf_add_char(out, '?');
		text += control ? control : 1;
	}
}

void table_line(struct buf *out, size_t width, const char *key, const char *value)
{
	buf_addf(out, "%s:%*s", key, (int)(width - strlen(key) + 1), "");
	add_shown(out, value && *value ? value : "-");
	buf_add_char(out, '\n');
}

/* SPDX-License-Identifier: MIT */
/*
 * Output for people: aligned tables with a header line, and aligned "key: value" lines. Cells are made
 * safe for a terminal: a control character, or one that turns the direction of text around, comes out as '?',
 * whoever wrote the text.
 */
#ifndef RAVI_TABLE_H
#define RAVI_TABLE_H

#include <stddef.h>

#include "util/buf.h"
#include "util/terminal.h"

#define TABLE_COLUMNS_MAX 8

struct table {
	size_t columns;
	size_t width[TABLE_COLUMNS_MAX]; /* characters */
	size_t cells;
	struct buf text; /* the cells: a shade and the text, ended by a 0 */
	bool coloured;   /* shades show; set by table_print where stdout has colours */
};

#define table_auto __attribute__((cleanup(table_free))) struct table

/* table_auto t = table_make("NAME", "VERSION", NULL); */
struct table table_make(const char *header, ...) __attribute__((sentinel));
void table_free(struct table *table);

/* Adds the next cell, row by row; NULL and "" come out as "-". */
void table_add(struct table *table, const char *cell);
void table_add_shaded(struct table *table, enum shade shade, const char *cell);
void table_addf(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends the table as text / prints it to stdout: 0 or -errno. */
int table_format(const struct table *table, struct buf *out);
int table_print(struct table *table);

/* Appends text of several lines, as safe as a cell: line ends and tabs stay. */
void table_prose(struct buf *out, const char *text);

/* Appends "key:   value" with the values in one column, for `width` at least as long as every key. */
void table_line(struct buf *out, size_t width, const char *key, const char *value);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Option tables. One row says an option's name, kind, limits, place in a struct and help; from it come
 * the command line of every tool, the arguments of the PAM line, ravi.conf, and every --help.
 */
#ifndef RAVI_OPTIONS_H
#define RAVI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/reason.h"

enum option_kind {
	OPTION_FLAG,   /* bool; "yes", "no" or, where a value may be left out, nothing */
	OPTION_NUMBER, /* long, min..max */
	OPTION_CHOICE, /* int, the index of the word in choices */
	OPTION_TEXT,   /* const char *, points into what was parsed */
	OPTION_LIST,   /* struct option_list: the option may be given again */
};

#define OPTION_LIST_MAX 64

struct option_list {
	const char *items[OPTION_LIST_MAX];
	size_t count;
};

struct option_row {
	const char *name; /* NULL ends a table */
	enum option_kind kind;
	char letter;                /* short form on a command line, 0: none */
	const char *argument;       /* what --help calls its value; NULL for flags */
	size_t offset;              /* of the member in the struct of values */
	long min, max;              /* OPTION_NUMBER */
	const char *const *choices; /* OPTION_CHOICE, NULL-terminated */
	bool may_be_empty;          /* OPTION_TEXT: "" is a value, too */
	const char *help;
};

/* The row called `name`, or NULL. */
const struct option_row *options_find(const struct option_row *table, const char *name);

/*
 * Sets the row's member of `values` from text (NULL: no value was given, which only a flag allows).
 * The text must outlive `values`. 0 or -EINVAL with the reason naming the option and what it takes.
 */
int options_set(const struct option_row *row, void *values, const char *text, struct reason *why);

/* Writes one indented help line a row, `lead` before each name ("--" for command lines). */
void options_help(const struct option_row *table, const char *lead, struct buf *out);

#endif

/* SPDX-License-Identifier: MIT */
/* Option tables: see options.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/options.h"
#include "util/text.h"

#define HELP_COLUMN 32

const struct option_row *options_find(const struct option_row *table, const char *name)
{
	for (; table && table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	return NULL;
}

static int set_flag(
    const struct option_row *row, bool *member, const char *text, struct reason *why)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		if (!text || !strcmp(text, yes[i])) {
			*member = true;
			return 0;
		}
		if (!strcmp(text, no[i])) {
			*member = false;
			return 0;
		}
	}
	return reason_set(why, -EINVAL, "%s takes yes or no, not \"%s\"", row->name, text);
}

static int set_number(
    const struct option_row *row, long *member, const char *text, struct reason *why)
{
	uint64_t number;

	if (text_number(text, 10, (uint64_t)row->min, (uint64_t)row->max, &number) < 0)
		return reason_set(why, -EINVAL, "%s takes a number from %ld to %ld, not \"%s\"",
		    row->name, row->min, row->max, text);
	*member = (long)number;
	return 0;
}

static int set_choice(
    const struct option_row *row, int *member, const char *text, struct reason *why)
{
	char words[160] = "";

	for (int i = 0; row->choices[i]; i++) {
		size_t used = strlen(words);

		if (!strcmp(text, row->choices[i])) {
			*member = i;
			return 0;
		}
		snprintf(
		    words + used, sizeof(words) - used, "%s%s", i ? ", " : "", row->choices[i]);
	}
	return reason_set(why, -EINVAL, "%s takes one of %s, not \"%s\"", row->name, words, text);
}

static int add_to_list(
    const struct option_row *row, struct option_list *list, const char *text, struct reason *why)
{
	if (list->count == OPTION_LIST_MAX)
		return reason_set(
		    why, -EINVAL, "%s was given more than %d times", row->name, OPTION_LIST_MAX);
	list->items[list->count++] = text;
	return 0;
}

int options_set(const struct option_row *row, void *values, const char *text, struct reason *why)
{
	void *member = (char *)values + row->offset;

	if (row->kind == OPTION_FLAG)
		return set_flag(row, member, text, why);
	if (!text || (!*text && !row->may_be_empty))
		return reason_set(why, -EINVAL, "%s needs a value", row->name);
	switch (row->kind) {
	case OPTION_NUMBER:
		return set_number(row, member, text, why);
	case OPTION_CHOICE:
		return set_choice(row, member, text, why);
	case OPTION_LIST:
		return add_to_list(row, member, text, why);
	case OPTION_TEXT:
	case OPTION_FLAG:
		break;
	}
	*(const char **)member = text;
	return 0;
}

void options_help(const struct option_row *table, const char *lead, struct buf *out)
{
	for (; table && table->name; table++) {
		size_t start = out->len;

		buf_add_text(out, "  ");
		if (table->letter)
			buf_addf(out, "-%c, ", table->letter);
		buf_addf(out, "%s%s", lead, table->name);
		if (table->argument)
			buf_addf(out, "%s%s", *lead ? " " : "=", table->argument);
		if (out->len - start > HELP_COLUMN - 2) {
			buf_add_char(out, '\n');
			start = out->len;
		}
		buf_addf(out, "%*s%s\n", (int)(HELP_COLUMN - (out->len - start)), "", table->help);
	}
}

/* SPDX-License-Identifier: MIT */
/* Small checked conversions of text that comes from outside. */
#ifndef RAVI_TEXT_H
#define RAVI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Base `base` digits and nothing else, within min..max: 0, or -EINVAL, -ERANGE. */
int text_number(const char *text, int base, uint64_t min, uint64_t max, uint64_t *out);

/* Constant-time in the content: whether both are equal. */
bool text_equal_secret(const void *a, size_t a_len, const void *b, size_t b_len);

/*
 * Splits the next `key = value` line off `*cursor` in place: blanks around both are cut, empty lines and
 * lines that start with '#' are skipped. Returns 1 with key and value set, 0 at the end, -EINVAL for a
 * line without '=' (key is then the whole line). `*line` counts lines and starts at 0.
 */
int text_pair(char **cursor, unsigned *line, char **key, char **value);

/* The next word (blanks and commas separate) of `*cursor`, in place; NULL at the end. */
char *text_word(char **cursor);

/*
 * How many bytes the character at `text` has that moves a terminal or turns its text around: C0, DEL, C1, and
 * the marks of bidirectional text; 0: it is another.
 */
size_t text_control_len(const char *text);

/* Puts '?' in the place of each of those, newlines too. */
void text_tame(char *text);

#endif

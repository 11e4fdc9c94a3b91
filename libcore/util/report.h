/* SPDX-License-Identifier: MIT */
/*
 * What a command tells when it is done, for a person or with --json for a program: said once, printed as
 * aligned "key: value" lines and sentences, or as one JSON object. What has no place in the other form goes
 * to one of them alone: report_say and report_line to the lines, jsonout_* on `j` to the object.
 */
#ifndef RAVI_REPORT_H
#define RAVI_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/jsonout.h"

struct report {
	bool json;
	size_t width; /* of the column of keys */
	struct buf lines;
	struct jsonout j;
	const char *list; /* the array that is open; NULL: none */
};

#define report_auto __attribute__((cleanup(report_free))) struct report

struct report report_begin(bool json, size_t width);
void report_free(struct report *report);

/* A value under its key; NULL is "-" and null. A blank in the key is '_' in JSON. */
void report_text(struct report *report, const char *key, const char *value);

/* One of several values of a key, one behind the other: the array `list` in JSON. */
void report_item(struct report *report, const char *key, const char *list, const char *value);

/* A line / a sentence, which JSON does not have. */
void report_line(struct report *report, const char *key, const char *value);
void report_say(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints it: 0 or -errno. */
int report_print(struct report *report);

#endif

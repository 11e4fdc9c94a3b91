/* SPDX-License-Identifier: MIT */
/* How lines of the audit trail are shown. */
#ifndef RAVI_TRAIL_H
#define RAVI_TRAIL_H

#include "audit/line.h"
#include "util/buf.h"

#define TRAIL_TIME 20 /* "2026-11-27 02:18:00" and its 0 */

/* Lines that are to be shown, the newest `most` of them (0: all). */
struct trail_lines {
	size_t most;
	struct buf text; /* each ended by a newline */
	size_t count;
	bool printed; /* the table's header */
};

void trail_free(struct trail_lines *lines);
int trail_add(struct trail_lines *lines, const char *bytes, size_t len);

/* Prints them: a table, or a JSON array. 0 or -errno. */
int trail_print(const struct trail_lines *lines, bool json);

/* Prints what was added since the last time, as it comes: rows, or one JSON object a line; and forgets it. */
int trail_print_more(struct trail_lines *lines, bool json);

/* In the time zone of whoever looks. */
void trail_time(int64_t milliseconds, char text[TRAIL_TIME]);

#endif

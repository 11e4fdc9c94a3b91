/* SPDX-License-Identifier: MIT */
/*
 * What only a terminal gets: colours, and a line that tells how far something is. A pipe, a file and a
 * script see neither.
 */
#ifndef RAVI_TERMINAL_H
#define RAVI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shade {
	SHADE_PLAIN,
	SHADE_GOOD,  /* as it should be */
	SHADE_AMISS, /* worth a look */
	SHADE_BAD,   /* needs somebody */
};

/* Whether output on this descriptor is coloured: a terminal that can, and NO_COLOR is not set. */
bool terminal_has_colour(int fd);

/* The sequences before and behind text of a shade; "" for SHADE_PLAIN. */
const char *terminal_begin(enum shade shade);
const char *terminal_end(enum shade shade);

/*
 * How far a loop is, on stderr when that is a terminal and the loop takes longer than a second:
 *
 *	struct progress p = progress_begin("reading vaults");
 *	for (...) progress_step(&p);
 *	progress_end(&p);
 *
 * The line is gone when it ends. Messages in between: progress_clear first.
 */
struct progress {
	const char *what;
	size_t done;
	int64_t begun, shown_at; /* CLOCK_MONOTONIC, milliseconds; shown_at 0: not on the screen */
	bool is_terminal;
};

struct progress progress_begin(const char *what);
void progress_step(struct progress *progress);
void progress_clear(struct progress *progress);
void progress_end(struct progress *progress);

#endif

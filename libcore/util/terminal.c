/* SPDX-License-Identifier: MIT */
/* What only a terminal gets: see terminal.h. The sequences are those of ECMA-48, which all of them know. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/deadline.h"
#include "util/terminal.h"

#define PATIENCE 1000 /* milliseconds until a loop says how far it is */
#define INTERVAL 200  /* between two times it says so */

bool terminal_has_colour(int fd)
{
	const char *off = getenv("NO_COLOR"), *kind = getenv("TERM");

	/* no-color.org: set to anything but nothing. */
	if (off && *off)
		return false;
	return isatty(fd) && kind && *kind && strcmp(kind, "dumb") != 0;
}

const char *terminal_begin(enum shade shade)
{
	static const char *const begin[] = {"", "\033[32m", "\033[33m", "\033[31m"};

	return begin[shade];
}

const char *terminal_end(enum shade shade)
{
	return shade == SHADE_PLAIN ? "" : "\033[0m";
}

struct progress progress_begin(const char *what)
{
	return (struct progress){
	    .what = what, .begun = deadline_now(), .is_terminal = isatty(STDERR_FILENO)};
}

void progress_step(struct progress *progress)
{
	int64_t now;

	progress->done++;
	if (!progress->is_terminal)
		return;
	now = deadline_now();
	if (now - progress->begun < PATIENCE ||
	    (progress->shown_at && now - progress->shown_at < INTERVAL))
		return;
	fprintf(stderr, "\r%s: %zu", progress->what, progress->done);
	progress->shown_at = now;
}

void progress_clear(struct progress *progress)
{
	if (progress->shown_at)
		fputs("\r\033[K", stderr);
	progress->shown_at = 0;
}

void progress_end(struct progress *progress)
{
	progress_clear(progress);
}

/* SPDX-License-Identifier: MIT */
/* The enrolment line on a command line: see line.h. */
#include <config.h>

#include <string.h>

#include "line.h"
#include "named.h"

int line_read(int argc, char **argv, struct buf *line, struct reason *why)
{
	if (argc == 1 && !strcmp(argv[0], "-"))
		return named_read("-", ENROLMENT_LINE_MAX - 1, line, why);
	for (int i = 0; i < argc; i++)
		buf_addf(line, "%s%s", i ? " " : "", argv[i]);
	return line->error;
}

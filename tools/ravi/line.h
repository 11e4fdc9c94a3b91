/* SPDX-License-Identifier: MIT */
/* The enrolment line on a command line: one argument, its words as several, or "-" for stdin. */
#ifndef RAVI_LINE_H
#define RAVI_LINE_H

#include "util/buf.h"
#include "util/reason.h"
#include "vault/enrol.h"

#define LINE_WORDS_MAX 4

/* Puts the line together: 0, or a negative errno with the reason. */
int line_read(int argc, char **argv, struct buf *line, struct reason *why);

#endif

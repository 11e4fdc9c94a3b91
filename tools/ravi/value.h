/* SPDX-License-Identifier: MIT */
/* Where the value of a secret comes from. */
#ifndef RAVI_VALUE_H
#define RAVI_VALUE_H

#include "util/buf.h"
#include "util/reason.h"

/* Takes a value off the command line: copies it and wipes the argument, which ps(1) shows. 0 or -ENOMEM. */
int value_take(char *argument, struct buf *value);

/*
 * Reads a value: from `file` as it is ("-": stdin), else a prompt where stdin is a terminal, else from stdin
 * less one newline at its end. -EINVAL (empty, too long) or another negative errno, with the reason.
 */
int value_read(const char *file, const char *prompt, struct buf *value, struct reason *why);

/* Whether a value may be stored: 0 or -EINVAL with the reason. */
int value_check(const struct buf *value, struct reason *why);

#endif

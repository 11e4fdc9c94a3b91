/* SPDX-License-Identifier: MIT */
/*
 * Reading files that the administrator names on the command line, as for cat(1): a pipe, another owner or a link is
 * theirs to choose. "-" is stdin.
 */
#ifndef RAVI_NAMED_H
#define RAVI_NAMED_H

#include <stddef.h>

#include "util/buf.h"
#include "util/reason.h"

/* The whole content, at most `max` bytes: 0, -EFBIG or another negative errno, each with the reason. */
int named_read(const char *path, size_t max, struct buf *out, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/* A new file of the administrator's choosing. */
#ifndef RAVI_NEWFILE_H
#define RAVI_NEWFILE_H

#include <sys/types.h>

#include "util/buf.h"
#include "util/reason.h"

/* Writes and syncs it whole. What is there, be it a link, stays: -EEXIST; each with the reason. */
int newfile_write(const char *path, mode_t mode, const struct buf *text, struct reason *why);

#endif

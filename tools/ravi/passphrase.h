/* SPDX-License-Identifier: MIT */
/*
 * The passphrase of a recovery key: asked for without echo where stdin is a terminal, else the first line of
 * stdin. Never on the command line, which other users see.
 */
#ifndef RAVI_PASSPHRASE_H
#define RAVI_PASSPHRASE_H

#include "util/buf.h"
#include "util/reason.h"

/* A new one, on a terminal asked for twice. 0, -EINVAL (empty, too long, not the same), or -errno. */
int passphrase_new(struct buf *passphrase, struct reason *why);

/* The one of the file `path`. */
int passphrase_of(const char *path, struct buf *passphrase, struct reason *why);

#endif

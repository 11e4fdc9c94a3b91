/* SPDX-License-Identifier: MIT */
/* Inside the room: what a checkpoint's line says. */
#ifndef RAVI_AUDIT_CHECKPOINT_H
#define RAVI_AUDIT_CHECKPOINT_H

#include "audit/pen.h"

#define AUDIT_COPY_SIZE 512 /* bytes: one sector, which a disk writes whole or not at all */

struct checkpoint {
	uint64_t seq;
	int64_t time;
	uint64_t file, offset; /* where the line starts; file 0: nothing had been signed yet */
	uint64_t first;        /* the oldest file that is kept */
	uint8_t signer[AUDIT_PUBLIC_KEY];
};

/* Reads a checkpoint's line and checks its signature by the signer that it names: 0, -EBADMSG, -EKEYREJECTED. */
int checkpoint_parse(const char *bytes, size_t len, struct checkpoint *checkpoint);

/* The line that the copy holds, without its padding: 0, -ENOENT (no copy, or an empty one), -errno. */
int checkpoint_copy_read(const struct audit_trail *trail, struct buf *line, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * ASCII armor: strict PEM (RFC 7468, figure 3) with the label "AGE ENCRYPTED FILE". Only the blanks
 * around it and CRLF for LF are free; with anything more, two texts would be one file.
 */
#ifndef RAVI_AGE_ARMOR_H
#define RAVI_AGE_ARMOR_H

#include "age/span.h"
#include "util/buf.h"
#include "util/reason.h"

#define ARMOR_BEGIN "-----BEGIN AGE ENCRYPTED FILE-----"

/* Appends the armored file; failures stay in out->error. */
void armor_write(struct span file, struct buf *out);

/* Appends the file that the armor holds: 0, -EBADMSG when it is malformed, or out->error. */
int armor_read(struct span armor, struct buf *out, struct reason *why);

#endif

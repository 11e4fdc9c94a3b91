/* SPDX-License-Identifier: MIT */
/*
 * Text that strangers wrote, on its way into JSON. A mail with a lone surrogate, a NUL or bytes that are no
 * UTF-8 in it must not make the whole list unreadable: each such piece becomes U+FFFD.
 */
#ifndef RAVI_SERVICE_CLEAN_H
#define RAVI_SERVICE_CLEAN_H

#include "util/buf.h"

/* Appends the document, mended, to `out`: 0 or -ENOMEM. */
int clean_json(const char *text, size_t len, struct buf *out);

#endif

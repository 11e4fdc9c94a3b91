/* SPDX-License-Identifier: MIT */
/*
 * Bytes in JSON, in the vault document and in what is said to the broker: the member "text" when they are
 * UTF-8 without NUL, which people can read, else "base64".
 */
#ifndef RAVI_VALUE_JSON_H
#define RAVI_VALUE_JSON_H

#include <jansson.h>

#include "util/buf.h"

/* Exactly one of the two members: 0, -EBADMSG, -ENOMEM. */
int vault_value_get(const json_t *entry, struct buf *value);
int vault_value_set(json_t *entry, const void *value, size_t len);

/* The bytes as canonical base64 with padding; NULL: no memory. */
json_t *vault_value_base64(const void *value, size_t len);

/*
 * Appends the document as text to a buffer that wipes itself: what json_dumps returns does not, and has
 * to go back through jansson's own free. 0 or -ENOMEM.
 */
int vault_value_dump(const json_t *root, size_t flags, struct buf *out);

#endif

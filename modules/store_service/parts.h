/* SPDX-License-Identifier: MIT */
/*
 * A document that the service refuses for its size lies there in parts, RAVI_VAULT_1, _2 and so on, and
 * RAVI_VAULT is the list of them:
 *
 *	ravi-vault-parts/1 BYTES I J K
 *
 * Parts are made new, never changed: whoever reads meanwhile has the list of the old ones, and the moment
 * in which RAVI_VAULT becomes the new list is the moment in which the new document is there. What no
 * list names any more is taken away after it.
 */
#ifndef RAVI_STORE_PARTS_H
#define RAVI_STORE_PARTS_H

#include "rows.h"

#define PARTS_KEY "RAVI_VAULT"
#define PARTS_MAX 999

struct parts {
	size_t bytes; /* of the whole document */
	unsigned count;
	unsigned numbers[PARTS_MAX];
};

/* Whether the value of RAVI_VAULT is a list: 0, 1 (it is none: the document itself), -EBADMSG. */
int parts_parse(const char *value, struct parts *parts, struct reason *why);

/* Appends the list as text. */
int parts_format(const struct parts *parts, struct buf *out);

/* Appends the document. -ENOENT: a part is missing, as when the list has changed since. */
int parts_read(const struct store_ask *ask, const struct parts *parts, struct buf *document,
    struct reason *why);

/*
 * Makes parts of at most `size` bytes, smaller ones where the service refuses those, beside the ones of
 * `held`. -EBADRQC: it refuses the smallest, too. What is known to be made here is taken away again on a failure.
 */
int parts_make(const struct store_ask *ask, const char *document, size_t size,
    const struct parts *held, struct parts *made, struct reason *why);

/* Takes away every part that `kept` (NULL: none) does not name and that nobody can be about to name. */
void parts_clean(const struct store_ask *ask, const struct parts *kept, const struct parts *former);

#endif

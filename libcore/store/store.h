/* SPDX-License-Identifier: MIT */
/*
 * A store moves sealed documents and cannot read them: get, put (compare and swap), list, delete, by the
 * name of the identity. The directory store is the embedded default.
 *
 * A sealed document shows nobody its revision, so "the expected revision" of a put is the sealed bytes
 * that revision had: every back end can compare those.
 */
#ifndef RAVI_STORE_H
#define RAVI_STORE_H

#include <stddef.h>

#include "util/buf.h"
#include "util/reason.h"

#define STORE_DOCUMENT_MAX (2u << 20) /* bytes, sealed */

struct store;

struct store_operations {
	const char *name; /* what `store =` calls it */

	/* `where` is the back end's own: a folder, an address. */
	int (*open)(const char *where, struct store **store, struct reason *why);
	void (*close)(struct store *store);

	/* The document of `name`: 0, or -ENOENT (no reason set). */
	int (*get)(struct store *store, const char *name, struct buf *document, struct reason *why);

	/*
	 * Puts `document` in the place of `expected` (NULL: there must be none). -ESTALE when something
	 * else is there: get again, apply your change to that, put again. When it returns 0 the document
	 * is on stable storage.
	 */
	int (*put)(struct store *store, const char *name, const struct buf *expected,
	    const struct buf *document, struct reason *why);

	/* Calls `each` with every name, in order, stops at the first result that is not 0. */
	int (*list)(struct store *store, int (*each)(void *context, const char *name),
	    void *context, struct reason *why);

	/* Removes the document of `name` if it is `expected`: 0, -ENOENT, -ESTALE. */
	int (*delete)(
	    struct store *store, const char *name, const struct buf *expected, struct reason *why);
};

/* One file an identity, NAME.age, in one folder (root 0700). */
extern const struct store_operations store_directory;

#endif

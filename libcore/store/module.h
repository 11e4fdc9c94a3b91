/* SPDX-License-Identifier: MIT */
/*
 * Stores behind a network are modules, one file each, loaded by the name that `store =` says:
 * store_NAME.so in PATH_STORE_MODULES, with one symbol, `ravi_store`. ravi-fetch loads them, nothing else does: they
 * work without privileges, and move what they cannot read.
 *
 * Documents come to a module as text, armored as age armors files, because services keep text. Blanks at the
 * end of it do not count, for some services cut them off.
 */
#ifndef RAVI_STORE_MODULE_H
#define RAVI_STORE_MODULE_H

#include <jansson.h>

#include "util/buf.h"
#include "util/reason.h"

#define STORE_MODULE_VERSION  1u
#define STORE_MODULE_NAME_MAX 16
#define STORE_MODULE_SYMBOL   "ravi_store"

/* What a module asks with: it has no network of its own. */
struct store_ask {
	/*
	 * Asks an operation of fetch/operation.h as the identity whose document it is. `arguments` are taken
	 * over; `*result` is new (`result` may be NULL). A negative errno of fetch/fetch.h with the reason.
	 */
	int (*ask)(void *context, const char *operation, json_t *arguments, json_t **result,
	    struct reason *why);
	void *context;
};

struct store_module {
	unsigned version; /* STORE_MODULE_VERSION */
	const char *name;

	/* Appends the document: 0, -ENOENT (no reason set), or an errno of `ask`. */
	int (*get)(const struct store_ask *ask, struct buf *document, struct reason *why);

	/*
	 * Puts `document` in the place of `expected` (NULL: there must be none). -ESTALE with the reason when
	 * something else is there, before or after: get again. 0 only when it was read back.
	 */
	int (*put)(const struct store_ask *ask, const char *expected, const char *document,
	    struct reason *why);
};

#endif

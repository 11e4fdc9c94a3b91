/* SPDX-License-Identifier: MIT */
/*
 * JSON output for --json: a writer of objects and arrays, so that readers of the ring need no JSON
 * library. It only writes; reading JSON is jansson's job.
 *
 *	jsonout_open(&j, NULL, '{'); jsonout_text(&j, "name", name); jsonout_close(&j, '}');
 *
 * Inside an array the key is NULL. Text that is not UTF-8 comes out with U+FFFD in its place.
 */
#ifndef RAVI_JSONOUT_H
#define RAVI_JSONOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "util/buf.h"

struct jsonout {
	struct buf text;
	unsigned depth;
	bool comma; /* the next member needs one before it */
};

#define jsonout_auto __attribute__((cleanup(jsonout_free))) struct jsonout

void jsonout_free(struct jsonout *j);
void jsonout_open(struct jsonout *j, const char *key, char bracket);
void jsonout_close(struct jsonout *j, char bracket);
void jsonout_text(struct jsonout *j, const char *key, const char *value); /* NULL: null */
void jsonout_bytes(struct jsonout *j, const char *key, const void *value, size_t len);
void jsonout_number(struct jsonout *j, const char *key, int64_t value);
void jsonout_bool(struct jsonout *j, const char *key, bool value);
void jsonout_when(struct jsonout *j, const char *key, time_t when); /* 0: null */

/* A document that was written on its own, as a member of this one; it is empty then. */
void jsonout_take(struct jsonout *j, const char *key, struct jsonout *document);

/* Whether these bytes are UTF-8: then jsonout_bytes writes exactly them. */
bool jsonout_is_text(const void *value, size_t len);

/* Prints the document and a newline to stdout: 0 or -errno. */
int jsonout_print(struct jsonout *j);

#endif

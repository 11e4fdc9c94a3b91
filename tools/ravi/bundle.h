/* SPDX-License-Identifier: MIT */
/*
 * Several secrets as a file holds them: what ravi secrets import reads and export writes. Three forms:
 *
 *	dotenv		NAME=value lines as a shell reads them (dotenv.c)
 *	JSON		{"NAME": "value", ...}, or objects with value, note and expiry (bundle.c)
 *	CodexMonitor	the token in its settings.json
 *
 * What cannot be taken is told by its line or its place in the file, never by what it says: that may be a
 * secret. All of it is told, so that a file is mended in one go.
 */
#ifndef RAVI_BUNDLE_H
#define RAVI_BUNDLE_H

#include <stdbool.h>
#include <time.h>

#include "identity/name.h"
#include "util/buf.h"
#include "util/reason.h"

#define BUNDLE_FILE_MAX (4u << 20) /* bytes: 256 KiB of values, every byte \u00XX, and the rest */

enum bundle_form {
	BUNDLE_GUESS, /* JSON when it begins with a bracket */
	BUNDLE_DOTENV,
	BUNDLE_JSON,
	BUNDLE_CODEX_MONITOR,
};

struct bundle_item {
	char name[SECRET_NAME_MAX + 1]; /* folded */
	unsigned place;                 /* the line or the member it came from, from 1 */
	struct buf value;
	struct buf note; /* no data: none */
	time_t expires;  /* 0: never */
};

struct bundle {
	struct bundle_item *items;
	size_t count;
	size_t left_out;   /* empty ones */
	size_t complaints; /* what cannot be taken */
	struct buf words;  /* a line each, on either */
};

#define bundle_auto __attribute__((cleanup(bundle_free))) struct bundle

void bundle_free(struct bundle *bundle);

/* 0 also when there are complaints; -EINVAL (not of that form at all) or -ENOMEM, with the reason. */
int bundle_parse(struct bundle *bundle, enum bundle_form form, const struct buf *text, time_t now,
    struct reason *why);

/*
 * Appends one secret as a line (or several) of dotenv: 0, -ENOMEM, or -EINVAL for a value with a NUL, which
 * no shell can hold.
 */
int dotenv_add(struct buf *out, const char *name, const struct buf *value);

/* ---- between bundle.c and dotenv.c ---- */

int dotenv_parse(struct bundle *bundle, const struct buf *text);

/* A complaint, or with `left_out` a mere note. */
void bundle_say(struct bundle *bundle, bool left_out, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Adds a secret (its value is moved), or says why not: no name for a secret, no value, too long, there
 * already. `what` is "line" or "member". 0 or -ENOMEM; `*added` is NULL when it was not.
 */
int bundle_add(struct bundle *bundle, const char *what, unsigned place, const char *name,
    struct buf *value, struct bundle_item **added);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Setting one key in codex's config.toml and leaving everything else as it stands, byte for byte: no
 * parser of TOML, but enough of one to tell statements from what lies in strings, arrays and comments.
 */
#ifndef RAVI_TOML_H
#define RAVI_TOML_H

#include "util/buf.h"

struct toml_setting {
	const char *section; /* "": before the first header, which is looked at and not added to */
	const char *key;
	const char *value;
};

enum toml_state {
	TOML_SET,    /* as it should be */
	TOML_ABSENT, /* nothing says otherwise: it can be put there */
	TOML_CONFLICT, /* it has another value, or its section is written in a way that is not ours to edit */
};

enum toml_state toml_look(const struct buf *text, const struct toml_setting *setting);

/* Adds the key to its section, or the section at the end: only when toml_look says TOML_ABSENT. */
int toml_add(const struct buf *text, const struct toml_setting *setting, struct buf *out);

#endif

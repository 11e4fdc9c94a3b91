/* SPDX-License-Identifier: MIT */
/*
 * One line of the trail:
 *
 *	SEQ TIME PREVIOUS PROGRAM[PID] event=... key=value ... result=...
 *
 *	SEQ		1, 2, 3 ...; never skips, through all files
 *	TIME		2026-11-27T02:18:00.123Z
 *	PREVIOUS	64 hex digits: the BLAKE2b-256 of the line before this one, without its newline (as
 *			`b2sum -l 256` has it); 64 zeros in the very first
 *	PROGRAM[PID]	who wrote it
 *
 * All of it is printable ASCII. The fields are what audit.h says. Reading a line needs no libsodium, no
 * memory and no state, whatever the bytes are.
 */
#ifndef RAVI_AUDIT_LINE_H
#define RAVI_AUDIT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

#define AUDIT_LINE_MAX   8192 /* bytes, without the newline */
#define AUDIT_FIELDS_MAX 24
#define AUDIT_HASH_TEXT  64 /* hex digits */
#define AUDIT_SEQ_MAX    ((UINT64_C(1) << 53) - 1)

/* A piece of the line that was parsed; not ended by a 0. */
struct audit_span {
	const char *at;
	size_t len;
};

struct audit_field {
	struct audit_span key;
	struct audit_span value; /* as it stands, with its quotes */
};

struct audit_line {
	uint64_t seq;
	int64_t time; /* milliseconds since 1970 */
	struct audit_span previous;
	struct audit_span program;
	uint32_t pid;
	size_t count; /* at least 1: event comes first */
	struct audit_field fields[AUDIT_FIELDS_MAX];
};

/* `bytes` without a newline, which `line` then points into: 0 or -EBADMSG. */
int audit_parse_line(const void *bytes, size_t len, struct audit_line *line);

/* The field of that name, or NULL. */
const struct audit_field *audit_field(const struct audit_line *line, const char *key);

/* Whether the field is there with that value, which has nothing in it that would be quoted. */
bool audit_field_is(const struct audit_line *line, const char *key, const char *value);

/* The value as it was before it was quoted, appended: 0 or -ENOMEM. */
int audit_field_value(const struct audit_field *field, struct buf *out);

/* Appends "SEQ TIME PREVIOUS PROGRAM[PID] " for the calling process and `milliseconds` since 1970. */
void audit_line_begin(
    struct buf *out, uint64_t seq, int64_t milliseconds, const char previous[AUDIT_HASH_TEXT + 1]);

#endif

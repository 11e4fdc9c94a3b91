/* SPDX-License-Identifier: MIT */
/*
 * Whether a trail is as it was written: every line is chained to the one before it, none is missing, every
 * checkpoint was signed, and the last one is where it was.
 */
#ifndef RAVI_AUDIT_VERIFY_H
#define RAVI_AUDIT_VERIFY_H

#include "audit/trail.h"

#define AUDIT_FINDINGS_MAX 20

enum audit_kind {
	AUDIT_CHANGED,   /* a line is not the one that was written */
	AUDIT_REMOVED,   /* lines, a file, or the copy of the checkpoint are missing */
	AUDIT_REORDERED, /* lines stand in another order, or twice */
	AUDIT_TRUNCATED, /* the trail ends before the last checkpoint */
	AUDIT_UNSIGNED,  /* a checkpoint that this machine's host key has not signed */
};

struct audit_finding {
	enum audit_kind kind;
	char file[32];  /* its name */
	uint64_t line;  /* of the file; 0: none in particular */
	uint64_t seq;   /* what is changed, or the first that is missing; 0: unknown */
	uint64_t until; /* the last that is missing, 0: unknown */
	char text[256];
};

struct audit_report {
	uint64_t files, entries, checkpoints, torn;
	/* Of the checkpoints: by another key than the host's; a finding for each such key, and no more. */
	uint64_t unsigned_checkpoints;
	uint64_t first, last; /* sequence numbers; 0: there is no line */
	int64_t first_time;   /* milliseconds since 1970 */
	uint64_t signed_seq;  /* of the last checkpoint, 0: none */
	int64_t signed_time;
	size_t count; /* of findings, the first ones */
	struct audit_finding findings[AUDIT_FINDINGS_MAX];
};

/* "changed", "removed", ... */
const char *audit_kind_word(enum audit_kind kind);

/*
 * Reads all of it. 0 with the report, which has findings or none; -ENOENT without a reason: there is no
 * trail and no checkpoint of one; another negative errno. `signer`: AUDIT_PUBLIC_KEY bytes of the host's.
 */
int audit_verify(const struct audit_trail *trail, const uint8_t *signer,
    struct audit_report *report, struct reason *why);

#endif

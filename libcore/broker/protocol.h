/* SPDX-License-Identifier: MIT */
/*
 * What is said on the broker's socket: a connection carries one request and one answer, each one JSON
 * object of at most BROKER_MESSAGE_MAX bytes on one line, ended by a newline or by the end of what that
 * side sends (wire.h).
 *
 *	{"op": "set",			or "delete", which takes identity and name alone
 *	 "identity": "payments-agent",	left out: the default one of who asks
 *	 "name": "CODEX_SESSION_TOKEN",
 *	 "text": "..." | "base64": "...",
 *	 "expires": "2027-01-31T00:00:00Z",	left out or null: never
 *	 "note": "...",			left out or null: the one it has stays
 *	 "base": 3}			the version it grew from; 0: from none, and there must be none; left out: any
 *
 *	{"op": "lease"}			that this machine uses the Codex login; identity as above, nothing else
 *
 *	{"op": "audit",			what the audit trail has of who asks; identity as above, nothing else
 *	 "since": "2027-01-31T00:00:00Z"}	left out or null: from the beginning
 *
 *	{"ok": true, "version": 4}	0 for a delete, for lease, and for audit, which also has
 *	 "events": ["...", ...],	lines as in audit/line.h, the oldest first, as many as fit
 *	 "cut": false			whether there are older ones
 *	{"ok": false, "error": "ESTALE", "reason": "words for a person"}
 *
 * A request with a member that is not listed, or with one twice, is refused: what was meant by it would be
 * a guess. Who is asking is in no message: the kernel says it (SO_PEERCRED).
 */
#ifndef RAVI_BROKER_PROTOCOL_H
#define RAVI_BROKER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "identity/name.h"
#include "util/buf.h"
#include "util/reason.h"

#define BROKER_MESSAGE_MAX (128u << 10) /* bytes: a value of 32,767 in base64 and the rest */

enum broker_op {
	BROKER_SET,
	BROKER_DELETE,
	BROKER_AUDIT,
	BROKER_LEASE,
};

struct broker_request {
	enum broker_op op;
	char identity[IDENTITY_NAME_MAX + 1]; /* "": the default one */
	char name[SECRET_NAME_MAX + 1];       /* folded */
	struct buf value;
	time_t expires; /* 0: never */
	bool has_note;
	struct buf note;
	bool has_base;
	uint64_t base; /* 0: there must be none */
	time_t since;  /* of audit; 0: from the beginning */
};

#define broker_request_auto __attribute__((cleanup(broker_request_free))) struct broker_request

void broker_request_free(struct broker_request *request);

/* "set", "delete", "audit" or "lease": what messages and audit lines call it. */
const char *broker_op_word(enum broker_op op);

/*
 * Checks everything that needs no vault: form, types, names, lengths. 0, or -EINVAL with the reason; -E2BIG
 * when the value is longer than a secret may be. The caller frees `request` in either case.
 */
int broker_request_parse(
    const void *text, size_t len, struct broker_request *request, struct reason *why);

/* Appends the request as one line: 0, -ENOMEM, or -E2BIG when it would be longer than a message may be. */
int broker_request_format(const struct broker_request *request, struct buf *out);

struct broker_answer {
	int error;        /* 0 or a negative errno */
	uint64_t version; /* of what is stored now; 0 after a delete */
	struct reason reason;
	bool has_events;   /* it is the answer to audit: */
	struct buf events; /* lines, each ended by a newline */
	bool cut;
};

#define broker_answer_auto __attribute__((cleanup(broker_answer_free))) struct broker_answer

void broker_answer_free(struct broker_answer *answer);

/* Bytes that the events of an answer may have: with their quotes, and the rest, they fit a message. */
#define BROKER_EVENTS_MAX (100u << 10)

/* How many of them a line takes. */
size_t broker_event_size(const char *line, size_t len);

/* 0, or -EPROTO when it is no answer; to be freed in either case. An error whose word is not known here is -EIO. */
int broker_answer_parse(const void *text, size_t len, struct broker_answer *answer);

/* Appends the answer as one line: 0 or -ENOMEM. */
int broker_answer_format(const struct broker_answer *answer, struct buf *out);

#endif

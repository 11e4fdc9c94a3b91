/* SPDX-License-Identifier: MIT */
/*
 * What happened to identities, secrets and rings. An event is text in one stable key=value form:
 *
 *	event=load user=payments identity=payments-agent keys=4 revision=7 result=done
 *
 * event comes first and result last. A value with blanks, quotes or control characters is quoted, \xNN
 * for what is not printable ASCII. There is no way to log a secret's value: callers pass names.
 *
 * It goes to two places: to syslog (authpriv, info), and where root runs, to the trail (trail.h), a file
 * that shows when somebody has changed it. What a program of the agent's own logs is its word alone, and is
 * in syslog only. Whatever keeps an event out of the trail (no lock in time, a full disk) is a line in
 * syslog and nothing else: no caller fails because of it.
 */
#ifndef RAVI_AUDIT_H
#define RAVI_AUDIT_H

#include "util/buf.h"

/*
 * audit("load", "done", "user", user, "identity", identity, NULL): pairs of key and value, ended by
 * NULL; a pair whose value is NULL is left out. result: "done", "failed", "denied".
 */
void audit(const char *event, const char *result, ...) __attribute__((sentinel));

/* The text alone, for pam_syslog(3). */
void audit_format(struct buf *line, const char *event, const char *result, ...)
    __attribute__((sentinel));

/* What storing a secret is called: "set" when it is its first version, "rotate" when it has had another. */
const char *audit_set_event(uint64_t version);

/*
 * Events of one operation that somebody waits for: each goes to syslog when it is added, and all of them to
 * the trail with one write when the operation has been answered.
 */
struct audit_batch {
	struct buf lines; /* each ended by a newline */
	int lock;         /* of the trail, for the next flush; 0: it takes one */
};

#define audit_batch_auto __attribute__((cleanup(audit_batch_free))) struct audit_batch

void audit_add(struct audit_batch *batch, const char *event, const char *result, ...)
    __attribute__((sentinel));

/* The same without syslog, for what somebody else has said there. */
void audit_add_quietly(struct audit_batch *batch, const char *event, const char *result, ...)
    __attribute__((sentinel));

/*
 * Takes the trail's lock for the next flush, which may then be a child's: whoever looks into the trail from now
 * on waits for it. It waits for the others as long as a login may. Why it could not be had, the flush says that
 * tries again, and longer.
 */
void audit_hold(struct audit_batch *batch);

/* Writes what was added, and forgets it. */
void audit_flush(struct audit_batch *batch);
void audit_batch_free(struct audit_batch *batch);

#endif

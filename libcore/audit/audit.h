/* SPDX-License-Identifier: MIT */
/*
 * What happened to identities, secrets and rings: one syslog line (authpriv, info) an event, in one
 * stable key=value form:
 *
 *	ravi[PID]: event=load user=payments identity=payments-agent keys=4 revision=7 result=done
 *
 * event comes first and result last. A value with blanks, quotes or control characters is quoted, \xNN
 * for what is not printable ASCII. There is no way to log a secret's value: callers pass names.
 */
#ifndef RAVI_AUDIT_H
#define RAVI_AUDIT_H

#include "util/buf.h"

/*
 * audit("load", "done", "user", user, "identity", identity, NULL): pairs of key and value, ended by
 * NULL; a pair whose value is NULL is left out. result: "done", "failed", "denied".
 */
void audit(const char *event, const char *result, ...) __attribute__((sentinel));

/* The line alone, for pam_syslog(3). */
void audit_format(struct buf *line, const char *event, const char *result, ...)
    __attribute__((sentinel));

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What pam_ravi and `ravi` say to ravi-load, and the one record of fixed size that it answers with on its
 * descriptor 1. The exit status is only a hint: hosts ignore or steal SIGCHLD.
 */
#ifndef RAVI_LOADER_H
#define RAVI_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/deadline.h"
#include "util/reason.h"

#define LOADER_MAGIC 0x72617631u /* "rav1": changes with the struct */

#define LOADER_SETTINGS_MAX 32

/* Below PIPE_BUF: one write, whole or not at all. */
struct loader_record {
	uint32_t magic;
	int32_t error; /* 0 or a negative errno; text says why */
	int32_t ring;  /* serial; 0: there is none */
	uint32_t keys;
	char text[REASON_MAX];
};

enum loader_task {
	LOADER_LOAD,    /* build or refresh the ring of a user with a living session (or linger) */
	LOADER_END,     /* end it, unless a session lives or the user lingers */
	LOADER_RELEASE, /* end it in any case */
	LOADER_SWEEP,   /* LOADER_END for everybody */
	LOADER_DENY,    /* put into the audit trail that a login was denied */
};

struct loader_request {
	enum loader_task task;
	const char *user;  /* NULL for LOADER_SWEEP */
	const char *reach; /* NULL: what ravi.conf says */
	/* KEY=VALUE or KEY, as on a PAM line: they win over ravi.conf. */
	const char *settings[LOADER_SETTINGS_MAX];
	size_t setting_count;
	/*
	 * Link the ring into the session ring that ravi-load inherits. A login wants that: a new ring
	 * lives only while something links it, and would be gone before the login could do it.
	 */
	bool into_session;
};

/*
 * Returns 0 with the record (whose `error` is the loader's own), -ETIMEDOUT, -EPROTO when it answered
 * nothing or garbage, or another negative errno.
 */
int loader_run(const struct loader_request *request, struct deadline deadline,
    struct loader_record *record, struct reason *why);

/* The same, with a failure that the loader reports in its record as this one's own. */
int loader_ask(const struct loader_request *request, struct deadline deadline,
    struct loader_record *record, struct reason *why);

#endif

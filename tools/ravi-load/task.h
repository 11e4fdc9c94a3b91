/* SPDX-License-Identifier: MIT */
/* What ravi-load does for a user: load, end, release, deny; and the sweep over all of them. */
#ifndef RAVI_TASK_H
#define RAVI_TASK_H

#include <stdbool.h>

#include "audit/audit.h"
#include "config/conf.h"
#include "ring/loader.h"
#include "util/deadline.h"

struct task {
	const struct conf *conf;
	struct deadline deadline;
	bool into_session;
	struct loader_record *record; /* ring, keys and text are filled in; the error is returned */
	struct audit_batch *events;   /* into the trail when who waits has its answer */
	/* Set when somebody shall bring copies of vaults up to date, after that answer. */
	bool wants_sync;
};

/* Each: 0 or a negative errno, with record->text saying what was done or why not. */
int task_load(struct task *task, const char *user);
int task_end(struct task *task, const char *user);
int task_release(struct task *task, const char *user);
/* Puts into the trail that a login was denied, which pam_ravi has done and said in syslog. */
int task_deny(struct task *task, const char *user);
int task_sweep(struct task *task);

#endif

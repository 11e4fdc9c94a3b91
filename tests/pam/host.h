/* SPDX-License-Identifier: MIT */
/*
 * A PAM host for tests: a login program that does what its arguments say, step by step, and prints what
 * came of it. host.c has the calls into libpam, conditions.c makes the host as unpleasant as real ones can
 * be (closed descriptors, stolen SIGCHLD, tiny limits), and looks whether it is still as it was.
 */
#ifndef RAVI_TEST_HOST_H
#define RAVI_TEST_HOST_H

#include <stdio.h>

#include <security/pam_appl.h>

#define HANDLES_MAX 8

struct host {
	FILE *out; /* above 2: the host's own 0 to 2 may be closed */
	const char *confdir;
	const char *user;
	pam_handle_t *handles[HANDLES_MAX];
	size_t count, current;
	int last;  /* what the last call into libpam returned */
	long took; /* milliseconds, the same */
};

struct step {
	const char *name;
	/* `argument` is what stands behind ':' in the step, "" without. 0, or -1 when that makes no sense. */
	int (*run)(struct host *host, const char *argument);
	const char *help;
};

/* Ended by a NULL name. */
extern const struct step condition_steps[];

#endif

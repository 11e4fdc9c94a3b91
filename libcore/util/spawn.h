/* SPDX-License-Identifier: MIT */
/*
 * Runs one program with a deadline and collects what it prints, or talks with it. posix_spawn, so nothing
 * runs between fork and exec in a host that may be threaded; the kill goes to a pidfd, so a recycled pid is
 * never hit; a host that ignores or steals SIGCHLD takes the exit status away and nothing else.
 */
#ifndef RAVI_SPAWN_H
#define RAVI_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/deadline.h"

struct spawn {
	const char *path;        /* absolute */
	const char *const *argv; /* NULL-terminated, argv[0] included */
	const char *const *envp; /* NULL: an empty environment */
	int input;               /* its descriptor 0; -1: /dev/null */
	bool with_errors;        /* its descriptor 2 is collected too; else /dev/null */
	bool fixed;              /* all of `cap` bytes are its answer: it is not waited for after them */
};

#define SPAWN_STATUS_UNKNOWN (-1)

/*
 * Collects at most `cap` bytes of its output into `out`, `*len` says how many; more is thrown away.
 * Returns 0 when it ended, with its exit status (128 + signal when killed, SPAWN_STATUS_UNKNOWN when
 * the host stole it, or it is killed and does not go) in `*status`; -ETIMEDOUT when it was killed at the deadline; another negative
 * errno when it could not be started.
 */
int spawn_collect(const struct spawn *what, struct deadline deadline, void *out, size_t cap,
    size_t *len, int *status);

/*
 * Starts it in a session of its own with /dev/null as descriptors 0, 1 and 2, and does not wait for it: init
 * reaps it when the caller has ended. 0, or a negative errno when it could not be started.
 */
int spawn_detached(const struct spawn *what);

/* A program that was started to talk with. */
struct spawn_talk {
	int fd;    /* our end of the socket that its descriptor 0 is, for wire.h; -1: there is none */
	int pidfd; /* -1: it had ended before it could be watched */
	pid_t pid;
};

/*
 * Starts it with a stream socket as descriptor 0 and /dev/null as 1 and 2 (`input` and `with_errors` of
 * `what` do not count). 0, or a negative errno when it could not be started.
 */
int spawn_begin(const struct spawn *what, struct spawn_talk *talk);

/*
 * Closes the socket, which tells the program to end, and waits until the deadline, then kills it. Returns
 * the exit status as above; SPAWN_STATUS_UNKNOWN for what never began.
 */
int spawn_end(struct spawn_talk *talk, struct deadline deadline);

/* Whether the process ends before the deadline; it is not reaped. */
bool spawn_ends(int pidfd, struct deadline deadline);

/* Reaps a child that has ended or was killed, within a second: its status, as of spawn_collect. */
int spawn_reap(pid_t pid);

#endif

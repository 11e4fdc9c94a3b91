/* SPDX-License-Identifier: MIT */
/* What a program that handles secrets does to itself before anything else. */
#ifndef RAVI_PROCESS_H
#define RAVI_PROCESS_H

#include <stdbool.h>

/*
 * No core dump and no ptrace by processes of the same user, umask 077, SIGPIPE and SIGCHLD as the kernel
 * has them, and descriptors 0 to 2 open, so that no file of ours becomes somebody's stdout; to a stdout that was closed
 * nothing can be written. 0 or a negative errno.
 */
int process_protect(void);

/* Whether anything can be written to stdout: who closed it wants no words. */
bool process_has_stdout(void);

/*
 * SIGCHLD as the kernel has it. For a program that waits for what it starts: where its caller ignores that signal,
 * which exec hands on, no child leaves an exit status. 0 or a negative errno.
 */
int process_expect_children(void);

#endif

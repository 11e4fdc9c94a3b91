/* SPDX-License-Identifier: MIT */
/* What a program that handles secrets does to itself before anything else. */
#ifndef RAVI_PROCESS_H
#define RAVI_PROCESS_H

/*
 * No core dump and no ptrace by processes of the same user, umask 077, SIGPIPE as the kernel has it, and
 * descriptors 0 to 2 open, so that no file of ours becomes somebody's stdout. 0 or a negative errno.
 */
int process_protect(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The system calls that are left to ravi-fetch: memory, threads (libcurl looks names up in one), time, sockets,
 * reading files. No programs, no processes, no tracing, no keys, no mounts; whatever is not listed is EPERM.
 */
#ifndef RAVI_FETCH_FILTER_H
#define RAVI_FETCH_FILTER_H

#include <stdbool.h>

/*
 * For all threads of the process, for good. no_new_privs is on. `with_unix`: sockets of this machine are left, for
 * the daemons that look names up. 0 or -errno.
 */
int filter_calls(bool with_unix);

#endif

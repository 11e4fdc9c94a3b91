/* SPDX-License-Identifier: MIT */
/*
 * Keeps the memory of a process that holds secrets out of core files, and out of reach of debuggers that
 * run as the same user. Call it before the first secret is read.
 */
#ifndef RAVI_NODUMP_H
#define RAVI_NODUMP_H

#include <sys/resource.h>

/* Soft RLIMIT_CORE 0 and not dumpable; what the limit was goes to `before`. 0 or -errno. */
int nodump_begin(struct rlimit *before);

/*
 * Gives the limit back, for a program that takes this one's place: exec makes it dumpable again by
 * itself, limits it inherits. 0 or -errno.
 */
int nodump_end(const struct rlimit *before);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What /etc/passwd alone says of a user, without the name service, whose start in a process that has not yet
 * asked it takes longer than all that the module does else.
 *
 * Not who somebody is: that says getpwnam(3). For a question whose usual answer is no, and which is asked
 * again with getpwnam's answer where it is not.
 *
 * nsswitch.conf(5) may name another source before `files`, and that one may know the same name with another uid.
 * Then this is not the uid that logs in: the ring of a former agent with that uid, which may still be in the @u
 * of who logs in, is not ended by this login. The sweep ends it, which asks for whose the uid is now.
 */
#ifndef RAVI_LOCAL_H
#define RAVI_LOCAL_H

#include <sys/types.h>

/* The uid in the user's first line: 0, -ENOENT without one, another negative errno. */
int local_uid(const char *user, uid_t *uid);

#endif

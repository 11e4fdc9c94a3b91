/* SPDX-License-Identifier: MIT */
/* The OS users that carry identities: found, made, removed. */
#ifndef RAVI_OSUSER_H
#define RAVI_OSUSER_H

#include <sys/types.h>

#include "util/reason.h"

/* The uid of the OS user: 0, -ENOENT (no reason set), or another negative errno. */
int osuser_find(const char *name, uid_t *uid, struct reason *why);

/* useradd: home folder, private group, /bin/bash, no password. -EEXIST: the name is somebody's by now. */
int osuser_add(const char *name, struct reason *why);

/* useradd --system: no home, no login; for a program of ours. -EEXIST as above. */
int osuser_add_system(const char *name, struct reason *why);

/* userdel: with home folder and group. */
int osuser_remove(const char *name, struct reason *why);

#endif

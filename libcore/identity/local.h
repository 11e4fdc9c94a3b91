/* SPDX-License-Identifier: MIT */
/*
 * What /etc/passwd alone says of a user, without the name service, whose start in a process that has not yet
 * asked it takes longer than all that the module does else.
 *
 * Not who somebody is: that says getpwnam(3). For a question whose usual answer lets nothing happen that another
 * answer would not, and which is asked again with getpwnam's where it is not the usual one.
 *
 * nsswitch.conf(5) may name another source before `files`, and that one may know the same name with another uid.
 * Then this is not the uid that logs in. The ring of a former agent with that uid, which may still be in the @u
 * of who logs in, is not ended by this login: the sweep ends it, which asks for whose the uid is now. An agent
 * whose name such a source has taken over meanwhile logs in as before, and the other uid gets its session ring:
 * whoever may put names before those of the machine may put in the agent's uid as well.
 */
#ifndef RAVI_LOCAL_H
#define RAVI_LOCAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "identity/agent.h"

struct local_user {
	uid_t uid;
	gid_t gid;
};

/* The ids in the user's first line: 0, -ENOENT without one, another negative errno. */
int local_user(const char *name, struct local_user *user);

/* Whether that line has the agent as its entry does, which was made by what getpwnam(3) said; `*gid` is its. */
bool local_is_agent(const struct agent *agent, gid_t *gid);

#endif

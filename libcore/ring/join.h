/* SPDX-License-Identifier: MIT */
/*
 * Whose session ring a login gets. su, sudo and runuser keep the caller's: without this, agent2 started
 * from agent1's session reads agent1's keys. Used by pam_ravi in the login process, as root.
 */
#ifndef RAVI_RING_JOIN_H
#define RAVI_RING_JOIN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/reason.h"

/* The serials that a keyring links. */
struct join_links {
	int32_t *serials;
	size_t count;
};

#define join_links_auto __attribute__((cleanup(join_links_free))) struct join_links

void join_links_free(struct join_links *links);

/*
 * For a login as the agent (uid, gid): unless @s is a live ring of that uid's own, joins a fresh one owned
 * by it with its @u linked; root's when the agent's own key quota is used up. -errno: nothing was joined,
 * and nothing may be linked into @s; -ENOTRECOVERABLE, from each function here: the ids of the process are not
 * what they were.
 * Returns 1 when it joined, 0 when it did not have to. What its @u
 * links goes to `user` on the way: only its owner can name @u.
 */
int join_for_agent(uid_t uid, gid_t gid, struct join_links *user, struct reason *why);

/*
 * Joins a fresh ring of root's, with the agent's @u linked: for when the agent's own takes no link to its
 * ring (-EDQUOT), which is charged to the agent. Returns 1 or -errno.
 */
int join_roots_for_agent(uid_t uid, gid_t gid, struct reason *why);

/*
 * For a login as anybody else: joins a fresh ring only when an agent's would travel along, that is when
 * @s belongs to an agent, or holds an agent's ring or @u. Everybody else's session ring is left alone.
 * Returns 1 when it joined, 0 when it did not have to, -errno when it had to and could not.
 */
int join_for_other(uid_t uid, gid_t gid, struct reason *why);

/*
 * Whether @s leads to anything of any agent's: 0 when it does not, and then nothing has to be joined for a
 * login as somebody who is no agent. 1 when it does, or that takes the ids of who logs in to tell. -errno:
 * the real uid could not be restored.
 *
 * The target needs no uid, so nobody has to ask a name service for it; whose the session ring is, is asked
 * where it is a user's.
 */
int join_sees_agent(struct reason *why);

#endif

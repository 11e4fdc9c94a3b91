/* SPDX-License-Identifier: MIT */
/*
 * Whose session ring a login gets. su, sudo and runuser keep the caller's: without this, agent2 started
 * from agent1's session reads agent1's keys. Used by pam_ravi in the login process, as root.
 */
#ifndef RAVI_RING_JOIN_H
#define RAVI_RING_JOIN_H

#include <stdint.h>
#include <sys/types.h>

#include "util/reason.h"

/*
 * For a login as the agent (uid, gid): unless @s is a live ring of that uid's own, joins a fresh one owned
 * by it with its @u linked; root's when the agent's own key quota is used up. -errno: nothing was joined,
 * and nothing may be linked into @s.
 * Returns 1 when it joined, 0 when it did not have to.
 */
int join_for_agent(uid_t uid, gid_t gid, struct reason *why);

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

/* Whether the @u of (uid, gid) links this ring: 1 or 0, -errno when the ids could not be restored. */
int join_reaches_user(uid_t uid, gid_t gid, int32_t ring, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The agents entries: /var/lib/ravi/agents/USER (root 0644, key=value) exists exactly for the OS users
 * that are agents, and says which identities each carries. Nothing in it is secret, so that processes
 * without privileges can tell whether a user is an agent.
 *
 *	uid=1001
 *	identities=payments-agent reports-agent	      the first is the default
 *	state=active				      active, disabled or deleted: of the default identity
 *	linger=no
 *
 * /var/lib/ravi/identities/IDENTITY is a symbolic link to ../agents/USER: the way back, without a walk
 * over all agents.
 */
#ifndef RAVI_AGENT_H
#define RAVI_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "identity/name.h"
#include "util/reason.h"

#define AGENT_IDENTITIES_MAX 32
#define AGENT_FILE_MAX       4096 /* bytes */

enum agent_state {
	AGENT_ACTIVE,
	AGENT_DISABLED,
	AGENT_DELETED,
};

struct agent {
	char user[USER_NAME_MAX + 1];
	uid_t uid;
	enum agent_state state;
	bool linger; /* the ring stays after the last session */
	size_t count;
	char identities[AGENT_IDENTITIES_MAX][IDENTITY_NAME_MAX + 1];
};

/*
 * Reads the entry of `user`. -ENOENT (no reason set): this user is no agent. Names that no agent can
 * have are -ENOENT as well, before a path is built from them. Other errors: the entry is damaged.
 */
int agent_load(const char *user, struct agent *agent, struct reason *why);

/* Writes the entry, then the links of its identities. Root only. */
int agent_save(const struct agent *agent, struct reason *why);

/* Removes the entry and those links. Root only. */
int agent_remove(const struct agent *agent, struct reason *why);

/* Takes an additional identity off the agent: its entry is written without it, its link removed. */
int agent_drop(struct agent *agent, const char *identity, struct reason *why);

/*
 * Serialises everybody who loads, changes and saves entries: an exclusive flock(2) on agents/.lock, held
 * until the returned descriptor is closed. Waits for another holder, and not for ever: -EBUSY. Root only.
 */
int agent_lock(struct reason *why);

/* The OS user that carries `identity`: 0, -ENOENT without a reason, or another negative errno. */
int agent_of_identity(const char *identity, char user[USER_NAME_MAX + 1], struct reason *why);

/* Calls `each` for every entry in the order of names, stops at the first negative result. */
int agent_each(
    int (*each)(void *context, const struct agent *agent), void *context, struct reason *why);

/*
 * Whether this uid may be an agent: not 0 and not below UID_MIN of /etc/login.defs (1000 where that
 * says nothing). 0 or -EPERM.
 */
int agent_uid_check(uid_t uid, struct reason *why);

const char *agent_state_word(enum agent_state state);
int agent_state_parse(const char *word, enum agent_state *state);

/* Whether the agent carries this identity. */
bool agent_has(const struct agent *agent, const char *identity);

#endif

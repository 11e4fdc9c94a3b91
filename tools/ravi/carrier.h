/* SPDX-License-Identifier: MIT */
/*
 * The OS user that carries an identity and its agents entry: made here, brought in line with the vault, and
 * taken back when a later step fails. All of it is done under agent_lock.
 */
#ifndef RAVI_CARRIER_H
#define RAVI_CARRIER_H

#include <stdbool.h>

#include "identity/agent.h"
#include "util/reason.h"

struct carrier {
	const char *identity;
	const char *user;
	bool linger;            /* on; off leaves the user's as it is */
	enum agent_state state; /* the identity's */

	struct agent before; /* the entry as it was; count 0: there was none */
	struct agent agent;
	bool made_user; /* what can be taken back */
	bool made_entry;
};

/*
 * Whether the identity may be carried by that user: nobody else does. The entry of a user who is gone and
 * carried this identity alone is taken away. 0, -EEXIST.
 */
int carrier_check(const struct carrier *carrier, struct reason *why);

/* The entry as it is, and the OS user, who is made when missing. */
int carrier_prepare(struct carrier *carrier, struct reason *why);

/* Writes the entry with the identity in it. */
int carrier_enter(struct carrier *carrier, struct reason *why);

/* Takes back what carrier_enter and carrier_prepare made; what cannot be is said. */
void carrier_undo_entry(struct carrier *carrier);
void carrier_undo_user(struct carrier *carrier);

/* Between the first step and the last an interrupt waits: it would leave half an agent. */
void carrier_block_interrupts(void);

/*
 * Brings the entry that carries `identity` (count 0: nobody does) in line with the vault's state. Logins
 * follow the state of the default identity; a deleted further one is dropped.
 */
int carrier_follow(
    struct agent *agent, const char *identity, enum agent_state state, struct reason *why);

/* Whether the identity is the default one of the agent. */
bool carrier_is_default(const struct agent *agent, const char *identity);

#endif

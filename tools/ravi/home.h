/* SPDX-License-Identifier: MIT */
/*
 * Vaults that are at home in another store than this machine's folder: what a command has changed here goes
 * there, and what comes from there reaches whoever carries the identity.
 */
#ifndef RAVI_HOME_H
#define RAVI_HOME_H

#include "context.h"
#include "sync/sync.h"

/* What a command adds to the service's client: it asks with this machine's settings and keys. */
int context_account(const struct context *context, struct account *account, struct reason *why);

/*
 * Says that what changes stays on this machine, of an identity that was at home at the service and for which the
 * machine has no key there now, as after a logout.
 */
void home_note_keyless(struct context *context, const char *identity);

/*
 * After a change here: brings the vault of `identity` home, where it has one. `code` is the command's so far
 * and is returned unless that was EXIT_DONE and this fails, which is said.
 */
int home_bring(struct context *context, const char *identity, int code);

/* One meeting, and after it the entry and the ring of whoever carries the identity. As sync_identity. */
int home_meet(struct context *context, struct sync *sync, const char *identity,
    struct synced *synced, struct reason *why);

/*
 * Forgets what this host asks the service with for a deleted identity; nobody here needs it any more. `uuid`
 * NULL: found by the name. `*had`: there was a key.
 */
int home_forget(const struct context *context, const char *identity, const char *uuid, bool *had,
    struct reason *why);

/* Brings the ring of the agent in line with what its identity is now. */
int home_show(const struct context *context, const struct agent *agent, const char *identity,
    enum agent_state state, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Asking for a meeting with the store without waiting for it, or for the network: a login whose copy is old
 * does, and the broker after an agent's write. The wish is an empty file in PATH_SYNC_WANTED; who sees
 * to it is `ravi sync --wanted`, started by ravi-load or ravi-sync.path, or `ravi sync --watch`.
 */
#ifndef RAVI_SYNC_WANTED_H
#define RAVI_SYNC_WANTED_H

#include <time.h>

#include "config/conf.h"
#include "util/reason.h"

enum wanted {
	WANTED_SYNC,
	WANTED_LEASE, /* and that this machine use the identity's Codex login, where no other does */
};

/* Notes the wish. Root only. */
int wanted_note(const char *identity, enum wanted what, struct reason *why);

/* Starts `ravi sync --wanted` in a session of its own, for no one to wait for. */
int wanted_start(struct reason *why);

/*
 * After a change of the copy by a program that does not wait for the network, or has none: notes the wish where
 * the vault is at home elsewhere. What goes wrong is a line in syslog: the next round over all
 * identities brings the change home, too.
 */
void wanted_ask(const struct conf *conf, const char *identity);

/* Whether there is any. */
bool wanted_is_any(void);

/* Calls `each` for every wish, stops at the first result that is not 0. It may grant what it is called for. */
struct wish {
	const char *identity;
	enum wanted what;
	struct timespec noted; /* last, by the system's clock */
};

int wanted_each(
    int (*each)(void *context, const struct wish *wish), void *context, struct reason *why);

/* It was seen to; one that was noted again meanwhile stays. */
void wanted_grant(const struct wish *wish);

/* The folder, made where it is missing, for who watches it: a descriptor. */
int wanted_open(struct reason *why);

#endif

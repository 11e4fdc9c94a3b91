/* SPDX-License-Identifier: MIT */
/*
 * Storing what a program has made of a secret that it was given (a login that it refreshed): the one rule,
 * for the broker and for ravi-load. It goes on top of the version that it grew from and of no other. Where
 * the vault has another one by now (an administrator stored a new login), that stays, and what came is
 * kept beside it as NAME_CONFLICT: nothing is lost, and nobody's newer word is overwritten. An agent's is
 * not kept on top of a NAME_CONFLICT that an administrator made.
 */
#ifndef RAVI_GROW_H
#define RAVI_GROW_H

#include "machine/machine.h"

#define GROW_CONFLICT "_CONFLICT"

struct grow {
	struct vault_change change;
	uint64_t base; /* the version it grew from; 0: any */
	/* `base` is 0 because there was none: there must be none, or one that has expired. */
	bool from_none;
	/*
	 * What version `base` was, for a name that was deleted and made again begins anew with 1. NULL:
	 * not known.
	 */
	const struct buf *from;
	bool keeps_expiry; /* that of the version it grew from, whatever `change` says */
	/*
	 * An earlier offspring of the same base that may or may not have been stored: whoever wrote it was
	 * killed before the answer came. NULL: there is none.
	 */
	const struct buf *sent;
	/* Whose agent_write must let it; NULL: no agent's word, or asked already. */
	const struct conf *policy;
};

/*
 * Changes the vault: 0 or, when it holds that very value already, 1, each with the version in `*version`.
 * -ESTALE: it was a conflict; `*kept` says whether the vault was changed to keep it. Other negative errnos
 * are vault_set's.
 */
int grow_vault(struct vault *vault, const struct grow *grow, time_t now, uint64_t *version,
    bool *kept, struct reason *why);

/*
 * The same on the stored vault of `identity`, tombstones refused (-ENOKEY), and an agent's word where
 * agent_write does not let agents write (-EACCES). 0 also for "already there".
 */
int grow_store(struct machine *machine, const char *identity, const struct grow *grow,
    uint64_t *version, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A fork put right: what changed here since the last agreement is changed again in the document that the
 * store holds. Nobody's word is lost: of a secret that both changed, theirs is the version before ours.
 */
#ifndef RAVI_SYNC_REAPPLY_H
#define RAVI_SYNC_REAPPLY_H

#include "vault/vault.h"

struct reapply {
	const struct vault *base; /* what both grew from */
	const struct vault *ours;
	unsigned keep; /* versions, as for vault_set */
	time_t now;
};

/* Changes `theirs`, which is sealed afterwards: how many changes it took, or a negative errno. */
int reapply(const struct reapply *what, struct vault *theirs, struct reason *why);

#endif

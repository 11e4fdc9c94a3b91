/* SPDX-License-Identifier: MIT */
/*
 * Taking a document that comes from elsewhere, another machine's or a store's, in the place of the copy
 * held here: the one way to do it. What vault_accept refuses leaves the copy as it is. Of a fork both
 * documents are kept: the one that does not become the copy goes to PATH_FORKS. So does a copy that cannot
 * be told to be what the document grew from.
 */
#ifndef RAVI_TAKE_H
#define RAVI_TAKE_H

#include "config/paths.h"
#include "identity/name.h"
#include "machine/machine.h"

struct take {
	const char *identity;     /* whose it shall be; NULL: whose it says it is */
	const struct buf *sealed; /* the document */
	bool over_fork;           /* take it also when it is a fork; the copy goes to PATH_FORKS */
	bool over_newer; /* and when the copy, grown from the same one, has a higher revision */

	/* The copy that it was compared with, empty: none. Where another one is by now: -EBUSY. NULL: whichever. */
	const struct buf *seen;
};

struct taken {
	/* What came; also when it was refused after it was opened, else NULL. */
	struct vault *vault;
	uint64_t held; /* the revision of the copy there was; 0: none */
	char kept[sizeof(PATH_FORKS) + IDENTITY_NAME_MAX +
		  64]; /* where that copy is now; "": nowhere */
};

#define taken_auto __attribute__((cleanup(taken_free))) struct taken

void taken_free(struct taken *taken);

/*
 * 0: it is the copy now. 1: it was already. A refusal of vault.h's list, or another negative errno, with
 * the reason. -EKEYREJECTED also: the copy held here does not open, so nothing can be said about what came.
 */
int machine_take(
    struct machine *machine, const struct take *take, struct taken *taken, struct reason *why);

/* Whether the errno is one of vault_open's or vault_accept's refusals; a word for the audit line, or NULL. */
const char *take_refusal(int error);

#endif

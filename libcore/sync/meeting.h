/* SPDX-License-Identifier: MIT */
/* Between sync.c and the two ways of meeting the store: sealed documents (meeting.c), single secrets. */
#ifndef RAVI_SYNC_MEETING_H
#define RAVI_SYNC_MEETING_H

#include "sync/sync.h"

struct meeting {
	struct sync *sync;
	const char *identity;
	char uuid[VAULT_UUID_TEXT];
	struct synced *synced;

	/* The copy here / what the store has / what they agreed on. NULL and empty: none. */
	struct buf ours_sealed, theirs_sealed, base_sealed;
	struct buf theirs_text; /* theirs as it lies there, which may be no document at all */
	struct vault *ours, *theirs, *base;
	/* Ours is the tombstone of an identity that had the name before, and goes nowhere. */
	bool is_former;
};

/* Lets go of everything that was read, for another try. */
void meeting_reset(struct meeting *meeting);

/* The copy, and what was agreed on last. */
int meeting_read_here(struct meeting *meeting, struct reason *why);

/* 0, -EAGAIN (somebody was faster: again), or as sync_identity. */
int meeting_sealed(struct meeting *meeting, struct reason *why);
int meeting_singles(struct meeting *meeting, struct reason *why);

#endif

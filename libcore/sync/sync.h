/* SPDX-License-Identifier: MIT */
/*
 * Vaults that are at home in a store behind a network (`store = service`), and the sealed copies of them here.
 * Every change is made on the copy first, by machine_update, and brought to the store after that; what others
 * have put there becomes the copy, by machine_take, which trusts it as little as a document from anywhere. The
 * store compares nothing for us, so both happen in one meeting:
 *
 *	the store has none		ours goes there
 *	theirs grew from ours		it becomes the copy
 *	ours grew from theirs		it goes there
 *	both grew from a third		a fork: what changed here since the last agreement is changed again
 *					in theirs, and that becomes the copy and goes there (reapply.h)
 *	theirs is older, foreign, damaged or not for this machine	refused; the good copy stays
 *
 * Whatever dies between two of these steps, the next meeting goes on from what it finds.
 */
#ifndef RAVI_SYNC_H
#define RAVI_SYNC_H

#include <stdbool.h>

#include "account/account.h"
#include "config/conf.h"
#include "machine/machine.h"
#include "util/reason.h"

struct sync {
	const struct conf *conf;
	struct machine *machine;
	struct account account; /* its deadline is that of all that is asked */
	bool over; /* the copy here goes there, whatever the store has: an administrator's word */
};

#define sync_auto __attribute__((cleanup(sync_close))) struct sync

/* -EDESTADDRREQ: the store of record is this machine's folder. Close it in either case. Root only. */
int sync_open(const struct conf *conf, struct machine *machine, enum fetch_use use,
    struct sync *sync, struct reason *why);
void sync_close(struct sync *sync);

/* What came of a meeting. */
struct synced {
	bool is_taken;     /* the copy is another one than before */
	bool is_pushed;    /* the store has another one than before */
	bool is_fork;      /* both had changed */
	bool is_restored;  /* the store had lost it */
	unsigned skipped;  /* single secrets that could not be brought over, each said in `notes` */
	uint64_t revision; /* of the copy now */
	enum agent_state state;
	struct buf notes; /* lines for a person; free it */
};

/*
 * One meeting about `identity`: 0, or 1 when it is at home on this machine alone (there is no key for it). The
 * errnos of fetch.h when the store was not reached: fetch_is_down tells whether the copy serves meanwhile;
 * -EKEYREJECTED when what the store has is refused; -ENOKEY when neither has one.
 */
int sync_identity(
    struct sync *sync, const char *identity, struct synced *synced, struct reason *why);

/* The UUID of what is called `identity` here, by its copy or by the wallet: 0, -ENOKEY. */
int sync_uuid(
    const struct sync *sync, const char *identity, char uuid[VAULT_UUID_TEXT], struct reason *why);

/* Remembers the UUID until a first meeting has brought the copy, which says it itself. */
int sync_name(struct sync *sync, const char *identity, const char *uuid, struct reason *why);

#endif

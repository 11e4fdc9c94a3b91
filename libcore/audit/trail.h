/* SPDX-License-Identifier: MIT */
/*
 * The trail: an append-only file of events, each chained to the one before it, with checkpoints that the
 * host key signs.
 *
 *	/var/lib/ravi/audit/		root 0700; flock(2) on this folder serialises writers
 *	  audit.log			the file that is written
 *	  audit.log.N			those before it; N grows, 1 is the first
 *	/var/lib/ravi/audit.checkpoint	the last checkpoint once more, where cutting the file does not reach it
 *
 * line.h says what a line is. A file starts with `event=begin file=N`, chained to the last line of the file
 * before it. When audit.log has reached a size, the next writer renames it and starts another.
 *
 * A writer takes the lock, reads the end of the file, and writes all it has with one write(2). It never
 * waits long, never syncs, and leaves nothing half written but when it is killed in the middle of it: then
 * the next writer finds a line without an end, ends it, and says so in the next one (event=torn), which is
 * chained to the torn bytes as they stand.
 *
 * A checkpoint is a line as well: event=checkpoint file= offset= first= signer= signature=. The signature
 * (Ed25519) is over "ravi-audit/1\n" and the line up to the blank before `signature`: with the hash in it,
 * over all that came before. `file` and `offset` say where the line starts, `first` is the oldest file that
 * has not been dropped. The copy has the same line, or before the first checkpoint one with file=0: that
 * nothing has been signed yet. Before another is made, the last one is looked up in the trail, and all files since its
 * `first` as well; where one of them is not, none is made, so that what was done to the trail stays visible. Before
 * files are dropped the whole trail is verified, for the same reason.
 *
 * What that shows: any change, removal, swap, insertion or cut before the last checkpoint, and any but a cut
 * of the very end, or a rewrite of all lines, after it. Not: what somebody does who has the host key, and
 * who takes back the trail and the copy of the checkpoint together. A copy of the log at another machine
 * shows that.
 */
#ifndef RAVI_AUDIT_TRAIL_H
#define RAVI_AUDIT_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "audit/line.h"
#include "util/reason.h"

#define AUDIT_FILE       "audit.log"
#define AUDIT_ROTATE     (8u << 20) /* bytes */
#define AUDIT_WAIT       3000       /* milliseconds that a writer waits for the others */
#define AUDIT_LOGIN_WAIT 200        /* the same where a login waits for the writer */
#define AUDIT_SECRET_KEY 64         /* bytes, as libsodium holds an Ed25519 key */
#define AUDIT_PUBLIC_KEY 32

/* Where a trail lies. */
struct audit_trail {
	const char *folder;
	const char *copy;   /* of the last checkpoint */
	uid_t owner;        /* of both; 0 but for tests */
	uint64_t rotate_at; /* bytes */
};

extern const struct audit_trail audit_machine_trail;

/*
 * Appends events, one a line of `texts`: 0; -ENOENT without a reason when the folder above the trail is
 * missing; -ETIMEDOUT when others held the lock; another negative errno, and then nothing was written.
 */
int audit_append(const struct audit_trail *trail, const char *texts, struct reason *why);

/*
 * The same in two steps, for who hands the second one to a child: whoever opens the trail after the first waits
 * for the second. The lock is a descriptor, which a child has as well; errors as above. audit_append_locked
 * closes it.
 */
int audit_lock(const struct audit_trail *trail, int milliseconds, struct reason *why);
int audit_append_locked(
    const struct audit_trail *trail, int lock, const char *texts, struct reason *why);

/* ---- checkpoints ---- */

struct audit_key {
	const uint8_t *secret; /* AUDIT_SECRET_KEY bytes */
	const uint8_t *public; /* AUDIT_PUBLIC_KEY bytes */
};

/* Whether there is anything behind the last checkpoint: what a checkpoint costs can be saved when not. */
bool audit_is_signed(const struct audit_trail *trail);

/*
 * Signs where the trail stands, syncs it, and drops files when more than `keep` are there beside audit.log
 * (0: never). 0, also when nothing is new; -ENOENT without a reason: there is no trail; -EBADMSG: the last
 * checkpoint or a file is not in it, or it is not sound and files are due to be dropped; -ETIMEDOUT:
 * somebody else is at it; another negative errno.
 */
int audit_checkpoint(const struct audit_trail *trail, const struct audit_key *key, unsigned keep,
    struct reason *why);

/* Puts the trail as it is aside, whatever is wrong with it: its folder gets the name `aside` (below its own). */
int audit_set_aside(const struct audit_trail *trail, const char *aside, struct reason *why);

/* ---- reading ---- */

/* Where a line stands. */
struct audit_place {
	char name[24];   /* "audit.log", "audit.log.3" */
	uint64_t line;   /* 1 is the first */
	uint64_t offset; /* bytes before it */
	bool is_torn;    /* the file ends without a newline */
};

/* Gets every line, whatever is in it; another result than 0 ends the walk and is returned. */
typedef int audit_each(
    void *context, const struct audit_place *place, const char *bytes, size_t len);

/*
 * Calls `each` for the lines of the trail as it is now, the oldest first: of all files, of the `newest` ones
 * (0: all), of those that go on after `since` (milliseconds; 0: all). -ENOENT without a reason: there is none.
 */
struct audit_walk {
	unsigned newest;
	int64_t since;
};
int audit_walk(const struct audit_trail *trail, const struct audit_walk *walk, audit_each *each,
    void *context, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Building, changing and ending a ring: root's side, used by ravi-load alone.
 *
 * Keys and rings are born in the calling thread's own keyring (the keys of a new ring in that ring, which is
 * linked nowhere else yet), get their mask and timeout there, and only then are linked where somebody can
 * reach them: a key that add_key(2) puts into a reachable ring is possessor-writable until setperm, and an
 * agent that spins can capture it.
 */
#ifndef RAVI_RING_BUILD_H
#define RAVI_RING_BUILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "ring/ring.h"
#include "util/reason.h"

struct ring_item {
	char description[RING_DESCRIPTION_MAX];
	struct buf value;
	time_t expires; /* 0: never; must lie ahead */
};

/* What a ring shall hold. The profiles come last, the default identity's as the very last. */
struct ring_content {
	struct ring_item *items;
	size_t count;
};

/*
 * Makes the ring `ravi:USER` hold exactly `content`. `existing` is the serial of the live one (0: none):
 * its keys are updated in place, so that running sessions read the new values; keys that are not in
 * `content` are revoked and unlinked. Without one, a new ring is built; it stays alive only when it is
 * linked somewhere before the thread ends. Returns 0 with the serial in `*id`.
 */
int ring_build(const char *user, int32_t existing, const struct ring_content *content, int32_t *id,
    struct reason *why);

/* Links the ring into the @u of `uid` (or, with `link` false, takes it out there). */
int ring_reach_user(int32_t id, uid_t uid, bool link, struct reason *why);

/* Revokes every key of the ring, then invalidates it: it is gone from every keyring at once. */
int ring_end(int32_t id, struct reason *why);

#endif

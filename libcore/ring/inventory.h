/* SPDX-License-Identifier: MIT */
/* What one identity has in a ring: its profile and its keys, those that expired included. */
#ifndef RAVI_INVENTORY_H
#define RAVI_INVENTORY_H

#include "ring/ring.h"

struct inventory_key {
	char name[SECRET_NAME_MAX + 1];
	enum ring_key_state state;
	time_t expires; /* 0: never */
};

/*
 * What one identity has in the ring. The kernel forgets an expired key some minutes later; the profile
 * still names it then, and it is listed as expired: `count` is what profile.keys should be.
 */
struct inventory {
	struct ring_profile profile;
	struct inventory_key *keys; /* by name */
	size_t count;
};

#define inventory_auto __attribute__((cleanup(inventory_free))) struct inventory

/* `inventory` is zeroed, or what an earlier call left. 0 or a negative errno. */
int inventory_take(
    const struct ring *ring, const char *identity, struct inventory *inventory, struct reason *why);

void inventory_free(struct inventory *inventory);

/* Whether every key that the profile counts is there: not so while ravi-load changes the ring. */
bool inventory_is_whole(const struct inventory *inventory);

/* "live", "expired" or "revoked". */
const char *key_state_word(enum ring_key_state state);

/* "expires TIME", "expired TIME" or "revoked"; "" for a live key that never expires. */
#define KEY_EXPIRY_TEXT 48
void key_expiry_describe(const struct inventory_key *key, char text[KEY_EXPIRY_TEXT]);

#endif

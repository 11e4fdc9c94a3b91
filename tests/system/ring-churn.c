/* SPDX-License-Identifier: MIT */
/*
 * Builds and changes a ring many times, as ravi-load does, and checks each key after each change: root's,
 * with our mask and the value that was meant. `ravi secrets set` opens a vault each time; this leaves no
 * pause to whoever spins on the ring.
 *
 *	ring-churn change USER SERIAL ROUNDS	in that live ring: one addition, one update in place and one
 *						removal a round
 *	ring-churn birth USER UID ROUNDS	a new ring a round, linked into the @u of UID, then ended
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ring/build.h"
#include "ring/keyctl.h"
#include "util/cleanup.h"

#define ITEMS 3

struct churn {
	const char *user;
	struct ring_item items[ITEMS];
	struct ring_content content;
};

static void set_item(struct ring_item *item, const char *description, int round)
{
	snprintf(item->description, sizeof(item->description), "%s", description);
	buf_reset(&item->value);
	buf_addf(&item->value, "root's value %d of %s", round, description);
}

/* A key that was not there in the round before, one that was, and the profile. */
static void set_content(struct churn *churn, int round)
{
	char fresh[32];

	snprintf(fresh, sizeof(fresh), RING_PREFIX "N%d", round);
	set_item(&churn->items[0], fresh, round);
	set_item(&churn->items[1], RING_PREFIX "ROTATED", round);
	set_item(&churn->items[2], RING_PREFIX RING_PROFILE, round);
	churn->content = (struct ring_content){.items = churn->items, .count = ITEMS};
}

static const struct ring_item *find_item(const struct churn *churn, const char *description)
{
	for (size_t i = 0; i < ITEMS; i++)
		if (!strcmp(churn->items[i].description, description))
			return &churn->items[i];
	return NULL;
}

static int check_key(const struct churn *churn, int32_t id)
{
	const struct ring_item *item;
	struct ring_description d;
	char value[256];
	long len;

	if (ring_describe(id, &d) < 0 || strcmp(d.type, "user") || d.uid != 0 ||
	    d.mask != RING_MASK) {
		printf("captured: key %d is %s, uid %u, mask %08x\n", id, d.type, d.uid, d.mask);
		return -EPERM;
	}
	item = find_item(churn, d.text);
	len = keyctl_read(id, value, sizeof(value));
	if (item && len == (long)item->value.len && !memcmp(value, item->value.data, (size_t)len))
		return 0;
	printf("captured: key %d (%s) holds what root did not put there\n", id, d.text);
	return -EPERM;
}

static int check_ring(const struct churn *churn, int32_t ring)
{
	free_auto int32_t *serials = NULL;
	struct ring_description d;
	size_t count = 0;
	int r = ring_describe(ring, &d);

	if (r == 0)
		r = ring_links(ring, &serials, &count);
	if (r < 0 || d.uid != 0 || d.mask != RING_MASK || count != ITEMS) {
		printf(
		    "captured: ring %d: uid %u, mask %08x, %zu keys\n", ring, d.uid, d.mask, count);
		return -EPERM;
	}
	for (size_t i = 0; i < count && r == 0; i++)
		r = check_key(churn, serials[i]);
	return r;
}

static int change(struct churn *churn, int32_t ring, int rounds, struct reason *why)
{
	int r = 0;

	for (int round = 0; round < rounds && r == 0; round++) {
		set_content(churn, round);
		r = ring_build(churn->user, ring, &churn->content, &ring, why);
		if (r == 0)
			r = check_ring(churn, ring);
	}
	return r;
}

static int birth(struct churn *churn, uid_t uid, int rounds, struct reason *why)
{
	int r = 0;

	for (int round = 0; round < rounds && r == 0; round++) {
		int32_t ring = 0;

		set_content(churn, round);
		r = ring_build(churn->user, 0, &churn->content, &ring, why);
		if (r == 0)
			r = ring_reach_user(ring, uid, true, why);
		/* Nothing but the agent's @u holds it now, as when ravi-load has ended. */
		keyctl_clear(KEY_SPEC_THREAD_KEYRING);
		if (r == 0)
			r = check_ring(churn, ring);
		if (r == 0)
			r = ring_end(ring, why);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct reason why = {"nothing was said"};
	struct churn churn = {0};
	int r;

	if (argc != 5)
		return 2;
	churn.user = argv[2];
	if (!strcmp(argv[1], "change"))
		r = change(&churn, atoi(argv[3]), atoi(argv[4]), &why);
	else
		r = birth(&churn, (uid_t)atoi(argv[3]), atoi(argv[4]), &why);
	for (size_t i = 0; i < ITEMS; i++)
		buf_free(&churn.items[i].value);
	if (r < 0)
		printf("ring-churn: %s (%s)\n", why.text, strerror(-r));
	return r < 0;
}

/* SPDX-License-Identifier: MIT */
/* What one identity has in a ring, and the words in which people are told about a key: see inventory.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring/inventory.h"
#include "util/text.h"
#include "util/when.h"

#define EXPIRES "expires/" /* a profile's line: expires/NAME=TIME */

struct taking {
	const char *identity; /* "": the default one */
	struct inventory *inventory;
};

void inventory_free(struct inventory *inventory)
{
	ring_profile_free(&inventory->profile);
	free(inventory->keys);
	*inventory = (struct inventory){0};
}

bool inventory_is_whole(const struct inventory *inventory)
{
	return inventory->count == inventory->profile.keys;
}

const char *key_state_word(enum ring_key_state state)
{
	static const char *const words[] = {
	    [RING_KEY_LIVE] = "live",
	    [RING_KEY_EXPIRED] = "expired",
	    [RING_KEY_REVOKED] = "revoked",
	};

	return words[state];
}

void key_expiry_describe(const struct inventory_key *key, char text[KEY_EXPIRY_TEXT])
{
	char when[WHEN_TEXT];

	if (!key->expires) {
		snprintf(text, KEY_EXPIRY_TEXT, "%s",
		    key->state == RING_KEY_LIVE ? "" : key_state_word(key->state));
		return;
	}
	when_format(key->expires, when);
	snprintf(text, KEY_EXPIRY_TEXT, "%s %s",
	    key->state == RING_KEY_LIVE ? "expires" : key_state_word(key->state), when);
}

static int add_key(
    struct inventory *inventory, const char *name, enum ring_key_state state, time_t expires)
{
	size_t len = strlen(name);
	struct inventory_key *grown, *key;

	if (len > SECRET_NAME_MAX)
		return -EBADMSG;
	grown = reallocarray(inventory->keys, inventory->count + 1, sizeof(struct inventory_key));
	if (!grown)
		return -ENOMEM;
	inventory->keys = grown;
	key = &grown[inventory->count++];
	*key = (struct inventory_key){.state = state, .expires = expires};
	memcpy(key->name, name, len + 1);
	return 0;
}

static int take_key(void *context, const struct ring_key *key)
{
	struct taking *taking = context;

	if (strcmp(key->identity, taking->identity) || !strcmp(key->name, RING_PROFILE))
		return 0;
	return add_key(taking->inventory, key->name, key->state, 0);
}

static int compare_keys(const void *a, const void *b)
{
	const struct inventory_key *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int compare_name(const void *name, const void *key)
{
	return strcmp(name, ((const struct inventory_key *)key)->name);
}

/*
 * Takes the expiries over from the profile's lines. A key that is named there, has expired and is not
 * among the first `present`, which are sorted, is one that the kernel has thrown away.
 */
static int take_expiries(struct inventory *inventory, size_t present)
{
	const struct buf *profile = &inventory->profile.text;
	buf_auto lines = {0};
	char *cursor, *key, *value;
	unsigned line = 0;
	int r;

	r = buf_add(&lines, profile->data, profile->len);
	if (r < 0)
		return r;
	cursor = lines.data;
	while ((r = text_pair(&cursor, &line, &key, &value)) > 0) {
		const char *name = key + strlen(EXPIRES);
		struct inventory_key *known = NULL;
		time_t when;

		if (strncmp(key, EXPIRES, strlen(EXPIRES)) || when_parse(value, &when) < 0)
			continue;
		if (present)
			known =
			    bsearch(name, inventory->keys, present, sizeof(*known), compare_name);
		if (known)
			known->expires = when;
		else if (when <= time(NULL))
			r = add_key(inventory, name, RING_KEY_EXPIRED, when);
		if (r < 0)
			return r;
	}
	return r;
}

int inventory_take(
    const struct ring *ring, const char *identity, struct inventory *inventory, struct reason *why)
{
	struct taking taking = {.identity = identity ? identity : "", .inventory = inventory};
	int r;

	inventory_free(inventory);
	r = ring_read_profile(ring, identity, &inventory->profile, why);
	if (r < 0)
		return r;
	r = ring_each(ring, take_key, &taking, why);
	if (r == -ENXIO)
		return r;
	if (r == 0)
		r = take_expiries(inventory, inventory->count);
	if (r < 0)
		return reason_errno(why, r, "listing the ring of %s", ring->user);
	if (inventory->count)
		qsort(inventory->keys, inventory->count, sizeof(*inventory->keys), compare_keys);
	return 0;
}

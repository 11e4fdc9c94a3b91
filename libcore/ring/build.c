/* SPDX-License-Identifier: MIT */
/* Building, changing and ending a ring: see build.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ring/build.h"
#include "ring/keyctl.h"
#include "util/cleanup.h"

/* A key that lives in the ring already. */
struct present {
	int32_t id;
	bool wanted;
	char description[RING_DESCRIPTION_MAX];
};

/* The kernel counts a timeout from now; 0 takes it off. An update takes it off, too. */
static int set_expiry(int32_t id, time_t expires)
{
	time_t now = time(NULL);

	if (!expires)
		return keyctl_set_timeout(id, 0) < 0 ? -errno : 0;
	return keyctl_set_timeout(id, expires > now ? (unsigned)(expires - now) : 1) < 0 ? -errno
											 : 0;
}

/* Out of the thread keyring, where what is finished must not stay; it goes with the thread anyway. */
static void leave_thread(int32_t id)
{
	keyctl_unlink(id, KEY_SPEC_THREAD_KEYRING);
}

/* Where nobody can reach it before it has its mask and its expiry. */
static int add_key_unseen(int32_t unseen, const struct ring_item *item, int32_t *id)
{
	*id = add_key("user", item->description, item->value.data, item->value.len, unseen);
	if (*id < 0 || keyctl_setperm(*id, RING_MASK) < 0)
		return -errno;
	return item->expires ? set_expiry(*id, item->expires) : 0;
}

static int add_key_finished(int32_t ring, const struct ring_item *item, int32_t *id)
{
	int r = add_key_unseen(KEY_SPEC_THREAD_KEYRING, item, id);

	if (*id < 0)
		return r;
	/* Displaces a key of that name, dead ones too. */
	if (r == 0 && keyctl_link(*id, ring) < 0)
		r = -errno;
	leave_thread(*id);
	return r;
}

static int put_item(int32_t ring, const struct ring_item *item, struct present *present)
{
	int32_t id;

	if (!present)
		return add_key_finished(ring, item, &id);
	present->wanted = true;
	if (keyctl_update(present->id, item->value.data, item->value.len) == 0)
		return set_expiry(present->id, item->expires);
	/*
	 * Expired or revoked keys cannot be updated by serial, and no key with more than a page (EINVAL):
	 * a new one takes the place.
	 */
	if (errno != EKEYEXPIRED && errno != EKEYREVOKED && errno != ENOKEY && errno != EINVAL)
		return -errno;
	return add_key_finished(ring, item, &present->id);
}

static bool is_dead(int error)
{
	return error == -ENOKEY || error == -EKEYREVOKED || error == -EKEYEXPIRED;
}

/*
 * What lives in the ring. Of a dead key the kernel tells no name, and keeps its link for minutes, until it is
 * collected: no login would find the ring whole. It is taken out before anything comes in, because an unlink
 * takes away what has that key's name now.
 */
static int list_present(int32_t ring, struct present **present, size_t *count)
{
	free_auto int32_t *serials = NULL;
	size_t links = 0;
	int r = ring_links(ring, &serials, &links);

	*count = 0;
	if (r < 0)
		return r;
	*present = calloc(links ? links : 1, sizeof(**present));
	if (!*present)
		return -ENOMEM;
	for (size_t i = 0; i < links; i++) {
		struct ring_description d;

		r = ring_describe(serials[i], &d);
		if (r == 0) {
			(*present)[*count].id = serials[i];
			strcpy((*present)[(*count)++].description, d.text);
		} else if (!is_dead(r)) {
			return r;
		} else if (keyctl_unlink(serials[i], ring) < 0 && errno != ENOENT && errno != ENOKEY) {
			return -errno;
		}
	}
	return 0;
}

static struct present *find_present(struct present *present, size_t count, const char *description)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(present[i].description, description))
			return &present[i];
	return NULL;
}

/*
 * Before the first key of a ring that is read is changed, its profiles say so. Without that, a reader
 * that is done before the new profile is written has keys of two revisions and cannot know.
 */
static int announce_change(
    int32_t ring, const struct ring_content *content, struct present *present, size_t count)
{
	static const char profile[] = RING_PREFIX RING_PROFILE;
	int r = 0;

	for (size_t i = 0; i < content->count && r == 0; i++) {
		const struct ring_item *item = &content->items[i];
		struct present *known = find_present(present, count, item->description);
		struct ring_item announced = {0};
		buf_auto lines = {0};

		if (!known || strncmp(item->description, profile, strlen(profile)))
			continue;
		buf_add_text(&lines, RING_PROFILE_CHANGING "=yes\n");
		buf_add(&lines, item->value.data, item->value.len);
		strcpy(announced.description, item->description);
		announced.value = lines;
		r = lines.error ? lines.error : put_item(ring, &announced, known);
	}
	return r;
}

static int quota_is_used_up(struct reason *why)
{
	return reason_set(why, -EDQUOT,
	    "root's key quota is used up; raise kernel.keys.root_maxkeys and "
	    "kernel.keys.root_maxbytes (sysctl)");
}

static int take_out_unwanted(int32_t ring, const struct present *present, size_t count,
    const char *last, struct reason *why)
{
	for (size_t i = 0; i < count; i++) {
		if (present[i].wanted || !strcmp(present[i].description, last))
			continue;
		keyctl_revoke(present[i].id);
		if (keyctl_unlink(present[i].id, ring) < 0 && errno != ENOENT && errno != ENOKEY &&
		    errno != EKEYREVOKED && errno != EKEYEXPIRED)
			return reason_errno(
			    why, -errno, "taking %s out of the ring", present[i].description);
	}
	return 0;
}

static int cannot_put(int r, const struct ring_item *item, struct reason *why)
{
	if (r == -EDQUOT)
		return quota_is_used_up(why);
	return reason_errno(why, r, "putting %s into the ring", item->description);
}

/* Linked nowhere but in our thread keyring: its keys need no way round by that. */
static int fill_new(int32_t ring, const struct ring_content *content, struct reason *why)
{
	for (size_t i = 0; i < content->count; i++) {
		int32_t id;
		int r = add_key_unseen(ring, &content->items[i], &id);

		if (r < 0)
			return cannot_put(r, &content->items[i], why);
	}
	return 0;
}

static int change(int32_t ring, const struct ring_content *content, struct reason *why)
{
	free_auto struct present *present = NULL;
	size_t count;
	int r = list_present(ring, &present, &count);

	if (r < 0)
		return reason_errno(why, r, "listing the ring");
	r = announce_change(ring, content, present, count);
	if (r == -EDQUOT)
		return quota_is_used_up(why);
	if (r < 0)
		return reason_errno(why, r, "changing the profile in the ring");
	for (size_t i = 0; i < content->count; i++) {
		const struct ring_item *item = &content->items[i];

		/* Before the profile that says how many keys are left. */
		if (i + 1 == content->count)
			r = take_out_unwanted(ring, present, count, item->description, why);
		if (r < 0)
			return r;
		r = put_item(ring, item, find_present(present, count, item->description));
		if (r < 0)
			return cannot_put(r, item, why);
	}
	return 0;
}

int ring_build(const char *user, int32_t existing, const struct ring_content *content, int32_t *id,
    struct reason *why)
{
	char description[RING_DESCRIPTION_MAX];
	int32_t ring;

	if (existing) {
		*id = existing;
		return change(existing, content, why);
	}
	snprintf(description, sizeof(description), RING_PREFIX "%s", user);
	ring = add_key("keyring", description, NULL, 0, KEY_SPEC_THREAD_KEYRING);
	if (ring < 0 && errno == EDQUOT)
		return quota_is_used_up(why);
	if (ring < 0)
		return reason_errno(why, -errno, "making the ring %s", description);
	if (keyctl_setperm(ring, RING_MASK) < 0)
		return reason_errno(why, -errno, "setting the mask of the ring %s", description);
	*id = ring;
	return fill_new(ring, content, why);
}

/* The serial of the agent's @u, left linked in the thread keyring: only the agent itself can name it. */
static int borrow_user_keyring(uid_t uid, int32_t *user_ring)
{
	int r = 0;

	/* Root's, and charged to root: one that the agent makes on its first use is charged to the agent. */
	if (keyctl_get_keyring_ID(KEY_SPEC_THREAD_KEYRING, 1) < 0)
		return -errno;
	/* Real and effective: KEY_SPEC_USER_KEYRING follows the real uid. The saved one leads back. */
	if (setresuid(uid, uid, 0) < 0)
		return -errno;
	*user_ring = keyctl_get_keyring_ID(KEY_SPEC_USER_KEYRING, 1);
	if (*user_ring < 0 || keyctl_link(KEY_SPEC_USER_KEYRING, KEY_SPEC_THREAD_KEYRING) < 0)
		r = -errno;
	if (setresuid(0, 0, 0) < 0)
		_exit(127); /* Not root and not the agent: nothing may go on from here. */
	return r;
}

int ring_reach_user(int32_t id, uid_t uid, bool link, struct reason *why)
{
	int32_t user_ring = 0;
	int r = borrow_user_keyring(uid, &user_ring);

	if (r < 0)
		return reason_errno(why, r, "reaching the user keyring of uid %u", uid);
	if (link && keyctl_link(id, user_ring) < 0)
		r = -errno;
	if (!link && keyctl_unlink(id, user_ring) < 0 && errno != ENOENT)
		r = -errno;
	leave_thread(user_ring);
	if (r == -EDQUOT)
		return reason_set(why, r,
		    "the agent's own key quota is used up: its @u (uid %u) takes no further link",
		    uid);
	if (r < 0)
		return reason_errno(
		    why, r, "linking the ring into the user keyring of uid %u", uid);
	return 0;
}

/* First the profile: a ring whose end is cut short must not look whole. */
static void revoke_profile(int32_t ring)
{
	long profile = keyctl_search(ring, "user", RING_PREFIX RING_PROFILE, 0);

	if (profile > 0)
		keyctl_revoke((int32_t)profile);
}

int ring_end(int32_t id, struct reason *why)
{
	free_auto int32_t *serials = NULL;
	size_t count = 0;
	int r = ring_links(id, &serials, &count);

	if (is_dead(r))
		return 0; /* it is gone */
	if (r < 0)
		return reason_errno(why, r, "listing the ring %d", id);
	revoke_profile(id);
	for (size_t i = 0; i < count; i++)
		if (keyctl_revoke(serials[i]) < 0 && errno != EKEYREVOKED && errno != EKEYEXPIRED &&
		    errno != ENOKEY)
			r = -errno;
	if (keyctl_invalidate(id) < 0 && errno != ENOKEY)
		r = -errno;
	if (r < 0)
		return reason_errno(why, r, "ending the ring %d", id);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Finding the real ring and reading from it: see ring.h. Nothing is ever searched by name from @u or @s,
 * where the agent can plant keys: rings are listed, tested, and searched by serial.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring/keyctl.h"
#include "ring/ring.h"
#include "util/cleanup.h"
#include "util/text.h"
#include "util/when.h"

/* PROC_USER_INIT_INO of the kernel's proc_ns.h: the inode of the first user namespace. */
#define FIRST_USER_NAMESPACE 0xeffffffdu

bool ring_in_first_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino == FIRST_USER_NAMESPACE;
}

/* What a uid without a mapping is shown as; 65534 unless somebody changed it. */
static uid_t overflow_uid(void)
{
	file_auto file = fopen("/proc/sys/fs/overflowuid", "re");
	unsigned uid = 65534;

	if (file && fscanf(file, "%u", &uid) != 1)
		uid = 65534;
	return uid;
}

/*
 * Root's, with our mask, and not ours to re-permission. In a user namespace uids are shown through its
 * map, root as the overflow uid and perhaps one's own as 0, so there the last test is what decides.
 */
static bool is_real(int32_t id, const struct ring_description *d)
{
	if (strcmp(d->type, "keyring") || strncmp(d->text, RING_PREFIX, strlen(RING_PREFIX)) ||
	    d->mask != RING_MASK || user_name_check(d->text + strlen(RING_PREFIX), NULL) < 0)
		return false;
	if (d->uid != 0 && (ring_in_first_namespace() || d->uid != overflow_uid()))
		return false;
	/* Root may re-permission everything; elsewhere it must fail. */
	if (geteuid() != 0 || !ring_in_first_namespace())
		if (keyctl_setperm(id, RING_MASK) == 0)
			return false;
	/* Ended, or not possessed: then there is nothing to read in it. */
	return keyctl_read(id, NULL, 0) >= 0;
}

/* A ring in @s may be a former user's that travelled along; the profile says whose it is. */
static bool is_ours(const struct ring *ring)
{
	ring_profile_auto profile = {0};

	if (ring_read_profile(ring, NULL, &profile, NULL) < 0)
		return false;
	return profile.uid == getuid() || !ring_in_first_namespace();
}

/* Whether the serial is a keyring called ravi:...; then what it is goes to `sight`. */
static bool look_at(int32_t id, enum ring_place place, struct ring_sight *sight)
{
	struct ring ring = {.id = id};
	struct ring_description d;

	if (ring_describe(id, &d) < 0 || strcmp(d.type, "keyring") ||
	    strncmp(d.text, RING_PREFIX, strlen(RING_PREFIX)))
		return false;
	*sight = (struct ring_sight){.id = id, .owner = d.uid, .mask = d.mask, .place = place};
	snprintf(sight->description, sizeof(sight->description), "%.127s", d.text);
	sight->real = is_real(id, &d) && (place == RING_IN_USER || is_ours(&ring));
	return true;
}

/*
 * The sights of one keyring. When there are more than `max`, the real one is among them all the same: it
 * takes the last one's place, so that nobody hides it behind planted ones.
 */
static size_t sights_in(
    int32_t keyring, enum ring_place place, struct ring_sight *sights, size_t max)
{
	free_auto int32_t *serials = NULL;
	size_t count = 0, found = 0;
	struct ring_sight sight;

	if (keyring < 0 || !max || ring_links(keyring, &serials, &count) < 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (!look_at(serials[i], place, &sight))
			continue;
		if (found < max)
			sights[found++] = sight;
		else if (sight.real)
			sights[max - 1] = sight;
	}
	return found;
}

/* Makes this process possess what @u holds, and looks into it. */
static size_t sights_in_user(struct ring_sight *sights, size_t max)
{
	/* Fails where the quota is used up or @u is another namespace's: then @s has to do. */
	keyctl_link(KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING);
	return sights_in(
	    keyctl_get_keyring_ID(KEY_SPEC_USER_KEYRING, 0), RING_IN_USER, sights, max);
}

static size_t sights_in_session(struct ring_sight *sights, size_t max)
{
	return sights_in(
	    keyctl_get_keyring_ID(KEY_SPEC_SESSION_KEYRING, 0), RING_IN_SESSION, sights, max);
}

size_t ring_sights(struct ring_sight *sights, size_t max)
{
	/* Half of the room each: what is planted in one does not hide what the other holds. */
	size_t found = sights_in_user(sights, max / 2);

	return found + sights_in_session(sights + found, max - found);
}

static bool take_real(const struct ring_sight *sights, size_t count, struct ring *ring)
{
	for (size_t i = 0; i < count; i++) {
		if (!sights[i].real)
			continue;
		*ring = (struct ring){.id = sights[i].id, .place = sights[i].place};
		snprintf(ring->user, sizeof(ring->user), "%.*s", USER_NAME_MAX,
		    sights[i].description + strlen(RING_PREFIX));
		return true;
	}
	return false;
}

int ring_find(struct ring *ring, struct reason *why)
{
	struct ring_sight sights[16];
	const size_t half = sizeof(sights) / sizeof(*sights) / 2;
	size_t count = sights_in_user(sights, half);

	if (take_real(sights, count, ring))
		return 0;
	count += sights_in_session(sights + count, half);
	if (take_real(sights, count, ring))
		return 0;
	if (count)
		return reason_set(why, -ENXIO,
		    "the keyring %d called %s is not the real ring (a planted or ended one); "
		    "unlink it "
		    "(keyctl unlink %d %s) and log in again",
		    sights[0].id, sights[0].description, sights[0].id,
		    sights[0].place == RING_IN_USER ? "@u" : "@s");
	return reason_set(why, -ENXIO,
	    "no ring in reach: this process is not logged in as an agent, or the agent's last "
	    "session "
	    "has ended; log in through PAM (ssh, su, sudo -u) and see: ravi-keyctl status");
}

/* A failed search or read of a key, told apart from a ring that has ended. */
static int read_error(
    const struct ring *ring, const char *identity, const char *name, int error, struct reason *why)
{
	char id[IDENTITY_NAME_MAX + 16] = "";

	if (keyctl_read(ring->id, NULL, 0) < 0)
		return reason_set(
		    why, -ENXIO, "the ring ravi:%s has ended; log in again", ring->user);
	if (identity)
		snprintf(id, sizeof(id), " (identity %s)", identity);
	if (error == EKEYEXPIRED)
		return reason_set(why, -EKEYEXPIRED,
		    "the secret %s%s has expired; store a new one (ravi secrets set %s)", name, id,
		    name);
	if (error == ENOKEY || error == EKEYREVOKED || error == EACCES)
		return reason_set(why, -ENOKEY,
		    "no secret %s in the ring ravi:%s%s; ravi-keyctl list shows those there are",
		    name, ring->user, id);
	return reason_errno(why, -error, "reading %s%s", name, id);
}

int ring_read(const struct ring *ring, const char *identity, const char *name, struct buf *value,
    struct reason *why)
{
	char description[RING_DESCRIPTION_MAX];
	long id, size = 1023;

	ring_key_description(identity, name, description);
	id = keyctl_search(ring->id, "user", description, 0);
	if (id < 0)
		return read_error(ring, identity, name, errno, why);
	buf_reset(value);
	/* It may be updated, and grow, between two reads. The buffer's last byte is for the 0. */
	do {
		if (!buf_reserve(value, (size_t)size))
			return value->error;
		size = keyctl_read((int32_t)id, value->data, value->cap - 1);
	} while (size >= 0 && (size_t)size >= value->cap);
	if (size < 0)
		return read_error(ring, identity, name, errno, why);
	value->len = (size_t)size;
	value->data[size] = '\0';
	return 0;
}

void ring_profile_free(struct ring_profile *profile)
{
	buf_free(&profile->text);
}

static void profile_pair(struct ring_profile *p, const char *key, const char *value)
{
	const struct {
		const char *key;
		char *to;
		size_t size;
	} texts[] = {
	    {"name", p->name, sizeof(p->name)},
	    {"user", p->user, sizeof(p->user)},
	    {"email", p->email, sizeof(p->email)},
	    {"phone", p->phone, sizeof(p->phone)},
	    {"uuid", p->uuid, sizeof(p->uuid)},
	    {"service", p->service, sizeof(p->service)},
	    {"lease", p->lease, sizeof(p->lease)},
	};
	uint64_t number = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(key, texts[i].key))
			snprintf(texts[i].to, texts[i].size, "%s", value);
	if (!strcmp(key, "loaded"))
		when_parse(value, &p->loaded);
	if (!strcmp(key, RING_PROFILE_CHANGING))
		p->changing = true;
	if (text_number(value, 10, 0, UINT64_MAX, &number) < 0)
		return;
	if (!strcmp(key, "uid"))
		p->uid = (uid_t)number;
	else if (!strcmp(key, "revision"))
		p->revision = number;
	else if (!strcmp(key, "keys"))
		p->keys = (uint32_t)number;
}

int ring_read_profile(
    const struct ring *ring, const char *identity, struct ring_profile *profile, struct reason *why)
{
	char *cursor, *key, *value;
	buf_auto lines = {0};
	unsigned line = 0;
	int r;

	ring_profile_free(profile);
	*profile = (struct ring_profile){.is_default = !identity};
	r = ring_read(ring, identity, RING_PROFILE, &lines, why);
	if (r == -ENOKEY && identity) {
		/* Asked for the default identity by its name. */
		r = ring_read_profile(ring, NULL, profile, why);
		if (r < 0 || !strcmp(profile->name, identity))
			return r;
		return reason_set(
		    why, -ENOKEY, "the agent %s carries no identity %s", ring->user, identity);
	}
	if (r < 0)
		return r;
	r = buf_add(&profile->text, lines.data, lines.len);
	if (r < 0)
		return r;
	cursor = lines.data;
	while (text_pair(&cursor, &line, &key, &value) > 0)
		profile_pair(profile, key, value);
	return 0;
}

/* The value of the profile's line PREFIX/NAME: 0 with it in `out`, which is its own copy, or -ENOENT. */
static int profile_line(
    const struct ring_profile *profile, const char *prefix, const char *name, struct buf *out)
{
	size_t len = strlen(prefix);
	buf_auto lines = {0};
	char *cursor, *key, *value;
	unsigned line = 0;

	if (buf_add(&lines, profile->text.data, profile->text.len) < 0 || !lines.data)
		return -ENOENT;
	cursor = lines.data;
	while (text_pair(&cursor, &line, &key, &value) > 0)
		if (!strncmp(key, prefix, len) && !strcmp(key + len, name))
			return buf_add_text(out, value);
	return -ENOENT;
}

time_t ring_profile_expires(const struct ring_profile *profile, const char *name)
{
	buf_auto value = {0};
	time_t when = 0;

	if (profile_line(profile, "expires/", name, &value) < 0 ||
	    when_parse(buf_text(&value), &when) < 0)
		return 0;
	return when;
}

uint64_t ring_profile_version(const struct ring_profile *profile, const char *name, time_t *updated)
{
	buf_auto value = {0};
	uint64_t version = 0;
	char *rest, *word;

	*updated = 0;
	if (profile_line(profile, "version/", name, &value) < 0 || !value.len)
		return 0;
	rest = value.data;
	word = text_word(&rest);
	if (!word || text_number(word, 10, 1, UINT64_MAX, &version) < 0)
		return 0;
	word = text_word(&rest);
	if (word && when_parse(word, updated) < 0)
		*updated = 0;
	return version;
}

/* "ravi:NAME", "ravi:IDENTITY/NAME", "ravi:@profile", "ravi:@profile/IDENTITY" into a ring_key. */
static bool parse_key(const char *text, struct ring_key *key)
{
	const char *rest = text + strlen(RING_PREFIX), *slash = strchr(rest, '/');
	const char *identity = "", *name = rest;
	size_t identity_len = 0;

	if (strncmp(text, RING_PREFIX, strlen(RING_PREFIX)))
		return false;
	if (!strncmp(rest, RING_PROFILE "/", strlen(RING_PROFILE "/"))) {
		identity = slash + 1;
		identity_len = strlen(identity);
		name = RING_PROFILE;
	} else if (slash) {
		identity = rest;
		identity_len = (size_t)(slash - rest);
		name = slash + 1;
	}
	if (identity_len >= sizeof(key->identity) || strlen(name) >= sizeof(key->name))
		return false;
	memcpy(key->identity, identity, identity_len);
	key->identity[identity_len] = '\0';
	strcpy(key->name, name);
	return true;
}

static enum ring_key_state key_state(int32_t id)
{
	if (keyctl_read(id, NULL, 0) >= 0)
		return RING_KEY_LIVE;
	return errno == EKEYEXPIRED ? RING_KEY_EXPIRED : RING_KEY_REVOKED;
}

static int compare_keys(const void *a, const void *b)
{
	const struct ring_key *x = a, *y = b;
	int order = strcmp(x->identity, y->identity);

	return order ? order : strcmp(x->name, y->name);
}

int ring_each(const struct ring *ring, int (*each)(void *context, const struct ring_key *key),
    void *context, struct reason *why)
{
	free_auto int32_t *serials = NULL;
	free_auto struct ring_key *keys = NULL;
	size_t count = 0, known = 0;
	int r;

	r = ring_links(ring->id, &serials, &count);
	if (r < 0)
		return reason_set(
		    why, -ENXIO, "the ring ravi:%s has ended; log in again", ring->user);
	keys = calloc(count ? count : 1, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct ring_description d;

		if (ring_describe(serials[i], &d) < 0 || !parse_key(d.text, &keys[known]))
			continue;
		keys[known].id = serials[i];
		keys[known++].state = key_state(serials[i]);
	}
	qsort(keys, known, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < known; i++) {
		r = each(context, &keys[i]);
		if (r)
			return r;
	}
	return 0;
}

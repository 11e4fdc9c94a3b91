/* SPDX-License-Identifier: MIT */
/*
 * The kernel ring of an agent: a keyring `ravi:USER` of root's with the keys `ravi:NAME` (the default
 * identity's), `ravi:IDENTITY/NAME` (the others'), and a profile of each identity. All carry RING_MASK
 * from birth: the agent, who possesses the ring through @u or its session ring, reads and searches;
 * root does everything; nobody else anything.
 *
 * This header is what readers need: find the real ring, read from it. They link libkeyutils alone.
 * Building and ending rings is build.h, counting sessions session.h.
 */
#ifndef RAVI_RING_H
#define RAVI_RING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "identity/name.h"
#include "util/buf.h"
#include "util/reason.h"

#define RING_PREFIX "ravi:"

/* Possessor view|read|search, owner all (keyctl_setperm(3)). Never possessor LINK. */
#define RING_MASK 0x0b3f0000u

/* "ravi:" IDENTITY "/" NAME and its 0 */
#define RING_DESCRIPTION_MAX (5 + IDENTITY_NAME_MAX + 1 + SECRET_NAME_MAX + 1)

/* The profile's name: no secret can have it. */
#define RING_PROFILE "@profile"

/*
 * The profile of an identity, key=value lines in the key `ravi:@profile` or `ravi:@profile/IDENTITY`:
 *
 *	name=payments-agent
 *	user=payments-agent		the OS user
 *	uid=1001
 *	email=payments-agent@agents.example.org
 *	phone=+15551234567		left out when it has none
 *	uuid=...
 *	service=https://api.ravi.id	the one that RAVI_IDENTITY_KEY belongs to; left out without
 *	lease=here			who uses the Codex login: this machine, nobody (free), or held HOST; left out
 *					where the vault is at home on this machine alone
 *	revision=7
 *	keys=4				of this identity, the profile not counted
 *	loaded=2026-11-27T02:18:00Z
 *	expires/GH_TOKEN=2027-01-31T00:00:00Z	one a key that expires
 *	version/GH_TOKEN=3 2026-11-01T09:30:00Z	one a key, and when that version came; as many as fit
 *
 * It is written last. While the keys of a ring that is there are changed, its first line is changing=yes:
 * who reads the same revision, without that line, before and after some keys has keys of that revision.
 */
#define RING_PROFILE_CHANGING "changing"

#define RING_SERVICE_MAX      320 /* bytes of a service's URL */
#define RING_LEASE_MAX        80  /* bytes; a host's name is at most 64 */
#define RING_LEASE_HERE       "here"
#define RING_LEASE_FREE       "free"

struct ring_profile {
	char name[IDENTITY_NAME_MAX + 1];
	char user[USER_NAME_MAX + 1];
	uid_t uid;
	char email[EMAIL_MAX + 1]; /* "": none */
	char phone[PHONE_MAX + 1]; /* "": none */
	char uuid[37];
	char service[RING_SERVICE_MAX +
		     1]; /* "": its key, if it has one, is a secret like the others */
	char lease[RING_LEASE_MAX + 1]; /* "": there is none to have */
	uint64_t revision;
	uint32_t keys;
	time_t loaded;
	bool changing; /* ravi-load is at work on the keys */
	bool is_default;
	struct buf text; /* the lines as they stand; free it */
};

#define ring_profile_auto __attribute__((cleanup(ring_profile_free))) struct ring_profile

void ring_profile_free(struct ring_profile *profile);

/* When the key expires, from the profile's lines; 0: never. */
time_t ring_profile_expires(const struct ring_profile *profile, const char *name);

/* The version that the key's value has in the vault, and since when; 0: the profile does not say. */
uint64_t ring_profile_version(
    const struct ring_profile *profile, const char *name, time_t *updated);

enum ring_place {
	RING_IN_USER,    /* found in @u */
	RING_IN_SESSION, /* found in @s */
};

struct ring {
	int32_t id; /* the keyring's serial */
	enum ring_place place;
	char user[USER_NAME_MAX + 1]; /* after "ravi:" */
};

/*
 * Finds this process's real ring: of @u's keyrings, then @s's, the one named ravi:USER that has
 * RING_MASK, belongs to root (in a user namespace: the overflow uid) and that this process cannot
 * re-permission. A ring in @s must also be this uid's. Links @u into the process keyring, so that the
 * process possesses what @u holds whatever its session ring is.
 *
 * 0, or -ENORING (ENXIO) with the reason; a planted ring is named with the command that unlinks it.
 */
int ring_find(struct ring *ring, struct reason *why);

/*
 * The value of a key: `identity` NULL is the default one. 0, -ENOKEY (no such secret, revoked),
 * -EKEYEXPIRED, each with the reason. A ring that was ended meanwhile is -ENORING.
 */
int ring_read(const struct ring *ring, const char *identity, const char *name, struct buf *value,
    struct reason *why);

/* The profile of an identity (NULL: the default one). -ENOKEY: this user does not carry it. */
int ring_read_profile(const struct ring *ring, const char *identity, struct ring_profile *profile,
    struct reason *why);

enum ring_key_state {
	RING_KEY_LIVE,
	RING_KEY_EXPIRED,
	RING_KEY_REVOKED,
};

struct ring_key {
	int32_t id;
	char identity[IDENTITY_NAME_MAX + 1]; /* "": the default one */
	char name[SECRET_NAME_MAX + 1];       /* RING_PROFILE for a profile */
	enum ring_key_state state;
};

/*
 * Calls `each` for every key in the ring, profiles too, sorted by identity and name (the default
 * identity first); stops at the first result that is not 0 and returns it.
 */
int ring_each(const struct ring *ring, int (*each)(void *context, const struct ring_key *key),
    void *context, struct reason *why);

/* One keyring that this process sees: what status shows. */
struct ring_sight {
	int32_t id;
	char description[128];
	uid_t owner;
	uint32_t mask;
	enum ring_place place;
	bool real; /* it is what ring_find would take */
};

/*
 * The keyrings called ravi:... in @u and @s, real or planted: at most `max` (2 and more); a real one is
 * never left out. Returns how many.
 */
size_t ring_sights(struct ring_sight *sights, size_t max);

/* Whether this process is in the kernel's first user namespace: elsewhere @u is another one. */
bool ring_in_first_namespace(void);

/* ---- shared with build.h and session.h ---- */

struct ring_description {
	char type[16];
	uid_t uid;
	uint32_t mask;
	char text[RING_DESCRIPTION_MAX]; /* cut when longer: then it is none of ours */
};

/* keyctl_describe(3), taken apart: 0 or -errno; -EKEYEXPIRED and -EKEYREVOKED of dead keys, which have no name any more. */
int ring_describe(int32_t id, struct ring_description *description);

/* The serials a keyring links, freed by the caller; -errno. */
int ring_links(int32_t keyring, int32_t **serials, size_t *count);

/* "ravi:NAME" or "ravi:IDENTITY/NAME", profiles too ("ravi:@profile/IDENTITY"). */
void ring_key_description(const char *identity, const char *name, char text[RING_DESCRIPTION_MAX]);

#endif

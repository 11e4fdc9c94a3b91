/* SPDX-License-Identifier: MIT */
/*
 * What somebody can try with keyctl(2) on keys that are not his to change.
 *
 *	key-assault stranger RING KEY...	each operation once on each of these: nothing may work
 *	key-assault agent STOPFILE	what the agent itself may not do, on every ring ravi:... that it sees
 *					and on all keys in them, in several processes, until STOPFILE is there
 *
 * Prints a line for each operation that worked ("captured: OP on SERIAL") and exits with 1; with 0 when
 * none did. The agent reads, searches and, to its own harm, invalidates: those are a stranger's only.
 */
#include <config.h>

#include <errno.h>
#include <keyutils.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"

#define SPINNERS 4
#define ALL_PERM 0x3f3f3f3fu

/* One key, the ring it was seen in (its own serial when nothing is known), and what is ours. */
struct victim {
	int32_t id, ring;
	int32_t own_ring, own_key;
};

static long try_describe(const struct victim *v)
{
	return keyctl_describe(v->id, NULL, 0);
}

static long try_read(const struct victim *v)
{
	return keyctl_read(v->id, NULL, 0);
}

static long try_security(const struct victim *v)
{
	return keyctl_get_security(v->id, NULL, 0);
}

static long try_get_id(const struct victim *v)
{
	return keyctl_get_keyring_ID(v->id, 0);
}

static long try_search(const struct victim *v)
{
	return keyctl_search(v->id, "user", "ravi:TOKEN", v->own_ring);
}

static long try_derive(const struct victim *v)
{
	char secret[16];

	return keyctl_dh_compute(v->id, v->id, v->id, secret, sizeof(secret));
}

static long try_invalidate(const struct victim *v)
{
	return keyctl_invalidate(v->id);
}

static long try_link(const struct victim *v)
{
	return keyctl_link(v->id, v->own_ring);
}

static long try_link_user(const struct victim *v)
{
	/* The real ring lies in @u already: linking it again is refused, too. */
	return keyctl_link(v->id, KEY_SPEC_USER_KEYRING);
}

static long try_move(const struct victim *v)
{
	if (keyctl_move(v->id, v->ring, v->own_ring, 0) < 0)
		return -1;
	/* Back: unlinking it there is the next thing to try. */
	keyctl_move(v->id, v->own_ring, v->ring, 0);
	return 0;
}

static long try_update(const struct victim *v)
{
	return keyctl_update(v->id, "forged", 6);
}

static long try_setperm(const struct victim *v)
{
	return keyctl_setperm(v->id, ALL_PERM);
}

static long try_chown(const struct victim *v)
{
	return keyctl_chown(v->id, getuid(), getgid());
}

static long try_timeout(const struct victim *v)
{
	return keyctl_set_timeout(v->id, 100000);
}

static long try_revoke(const struct victim *v)
{
	return keyctl_revoke(v->id);
}

static long try_unlink(const struct victim *v)
{
	return keyctl_unlink(v->id, v->ring);
}

static long try_clear(const struct victim *v)
{
	return keyctl_clear(v->id);
}

static long try_add(const struct victim *v)
{
	return add_key("user", "ravi:PLANTED", "forged", 6, v->id);
}

static long try_displace(const struct victim *v)
{
	return add_key("user", "ravi:TOKEN", "forged", 6, v->id);
}

static long try_link_own(const struct victim *v)
{
	return keyctl_link(v->own_key, v->id);
}

static long try_request_into(const struct victim *v)
{
	return request_key("user", "ravi:OWN", NULL, v->id);
}

static long try_restrict(const struct victim *v)
{
	return keyctl_restrict_keyring(v->id, NULL, NULL);
}

static long try_instantiate(const struct victim *v)
{
	return keyctl_instantiate(v->id, "forged", 6, v->own_ring);
}

static long try_reject(const struct victim *v)
{
	return keyctl_reject(v->id, 60, EKEYREJECTED, v->own_ring);
}

static long try_authority(const struct victim *v)
{
	return keyctl_assume_authority(v->id);
}

static const struct operation {
	const char *name;
	long (*attempt)(const struct victim *v);
	bool agent_may;
} operations[] = {
    {"describe", try_describe, true},
    {"read", try_read, true},
    {"get_security", try_security, true},
    {"get_keyring_id", try_get_id, true},
    {"search", try_search, true},
    {"dh_compute", try_derive, true},
    {"link", try_link, false},
    {"link into @u", try_link_user, false},
    {"move", try_move, false},
    {"update", try_update, false},
    {"setperm", try_setperm, false},
    {"chown", try_chown, false},
    {"set_timeout", try_timeout, false},
    {"unlink", try_unlink, false},
    {"add_key into it", try_add, false},
    {"add_key in place of one", try_displace, false},
    {"link into it", try_link_own, false},
    {"request_key into it", try_request_into, false},
    {"restrict", try_restrict, false},
    {"instantiate", try_instantiate, false},
    {"reject", try_reject, false},
    {"assume_authority", try_authority, false},
    {"clear", try_clear, false},
    {"revoke", try_revoke, false},
    /* The last one: where it works, there is nothing left to try. */
    {"invalidate", try_invalidate, true},
};

/* How many operations worked on this one. */
static int assault(const struct victim *v, bool as_agent)
{
	int captured = 0;

	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		const struct operation *operation = &operations[i];

		if ((as_agent && operation->agent_may) || operation->attempt(v) < 0)
			continue;
		printf("captured: %s on %d\n", operation->name, v->id);
		captured++;
	}
	return captured;
}

/* The ring has a name of its own: one of the same name, another process's, would take its place. */
static bool make_own(struct victim *v)
{
	char name[32];

	snprintf(name, sizeof(name), "own-%ld", (long)getpid());
	v->own_ring = add_key("keyring", name, NULL, 0, KEY_SPEC_SESSION_KEYRING);
	v->own_key = add_key("user", "ravi:OWN", "own", 3, v->own_ring);
	if (v->own_ring > 0 && v->own_key > 0)
		return true;
	perror("key-assault: keys of one's own");
	return false;
}

/* By name, which finds what one possesses: `serials` must not come out of it. */
static int assault_by_name(int32_t own_ring, char **serials)
{
	const int32_t found[] = {
	    (int32_t)request_key("user", "ravi:TOKEN", NULL, 0),
	    (int32_t)keyctl_search(KEY_SPEC_SESSION_KEYRING, "user", "ravi:TOKEN", 0),
	    (int32_t)keyctl_search(KEY_SPEC_USER_KEYRING, "user", "ravi:TOKEN", 0),
	    (int32_t)keyctl_search(KEY_SPEC_USER_KEYRING, "keyring", "ravi:first", 0),
	    (int32_t)keyctl_search(own_ring, "user", "ravi:TOKEN", 0),
	    /* Last: it puts the session ring of that name, another one, in the place of this one. */
	    (int32_t)keyctl_join_session_keyring("ravi:first"),
	};
	int captured = 0;

	for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++)
		for (char **serial = serials; *serial; serial++)
			if (found[i] > 0 && found[i] == atoi(*serial)) {
				printf("captured: by name (%zu) %d\n", i, found[i]);
				captured++;
			}
	return captured;
}

static int run_stranger(char **serials, int count)
{
	struct victim v = {.ring = atoi(serials[0])};
	int captured = 0;

	if (!make_own(&v))
		return 2;
	/* The ring, which comes first, at last: what works on it takes its keys along. */
	for (int i = count - 1; i >= 0; i--) {
		v.id = atoi(serials[i]);
		captured += assault(&v, false);
	}
	captured += assault_by_name(v.own_ring, serials);
	return captured ? 1 : 0;
}

/* The serials in a keyring: how many, 0 when there is none. */
static size_t links(int32_t keyring, int32_t *serials, size_t max)
{
	long size = keyctl_read(keyring, (char *)serials, max * sizeof(*serials));

	if (size < 0)
		return 0;
	return (size_t)size / sizeof(*serials) < max ? (size_t)size / sizeof(*serials) : max;
}

/* Whether it is a keyring of root's called ravi:... : the agent's own are no prey. */
static bool is_prey(int32_t id)
{
	char text[256] = "";
	unsigned uid = 1;

	return keyctl_describe(id, text, sizeof(text)) > 0 && strstr(text, ";ravi:") &&
	       sscanf(text, "keyring;%u;", &uid) == 1 && uid == 0;
}

static int assault_ring(struct victim *v, int32_t ring, unsigned long *attempts)
{
	int32_t keys[64];
	size_t count = links(ring, keys, 64);
	int captured = 0;

	v->ring = v->id = ring;
	captured += assault(v, true);
	for (size_t i = 0; i < count; i++) {
		v->id = keys[i];
		captured += assault(v, true);
	}
	*attempts += count + 1;
	return captured;
}

/* One operation that is over quickly, for a moment that is a microsecond long: what it links stays. */
static int snatch(struct victim *v, int32_t ring, unsigned long *attempts)
{
	v->id = ring;
	++*attempts;
	if (try_link(v) < 0)
		return 0;
	printf("captured: link on %d\n", ring);
	return 1;
}

/* Looks for rings in what it has, and in a list that is new each time; every other process snatches. */
static int spin(int number, const char *stop_file)
{
	int (*attack)(struct victim *, int32_t, unsigned long *) =
	    number % 2 ? snatch : assault_ring;
	struct victim v = {0};
	unsigned long attempts = 0;
	int captured = 0;

	if (!make_own(&v))
		return 2;
	while (access(stop_file, F_OK) < 0 && captured < 20) {
		int32_t seen[128];
		size_t count = links(KEY_SPEC_USER_KEYRING, seen, 64);

		count += links(KEY_SPEC_SESSION_KEYRING, seen + count, 64);
		for (size_t i = 0; i < count; i++)
			if (is_prey(seen[i]))
				captured += attack(&v, seen[i], &attempts);
	}
	printf("attempts: %lu (process %d)\n", attempts, number);
	fflush(stdout);
	return captured ? 1 : 0;
}

static int run_agent(const char *stop_file)
{
	int worst = 0;

	for (int i = 0; i < SPINNERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 2;
		if (pid == 0)
			_exit(spin(i, stop_file));
	}
	for (int i = 0, status; i < SPINNERS; i++)
		if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > worst)
			worst = WIFEXITED(status) ? WEXITSTATUS(status) : 2;
	return worst;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 2 && !strcmp(argv[1], "stranger"))
		return run_stranger(argv + 2, argc - 2);
	if (argc == 3 && !strcmp(argv[1], "agent"))
		return run_agent(argv[2]);
	return 2;
}

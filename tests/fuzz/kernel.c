/* SPDX-License-Identifier: MIT */
/* See kernel.h. keyrings(7) and keyctl(2) say what is imitated here. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/keyctl.h>

#include "fuzz.h"
#include "kernel.h"

#define KEYS_MAX  256
#define FIRST     1000
#define ALL       0x3fu
#define VIEW      0x01u
#define READ      0x02u
#define WRITE     0x04u
#define SEARCH    0x08u
#define LINK      0x10u
#define SETATTR   0x20u
#define USERS_MAX 8
#define DEPTH_MAX 4

static struct {
	struct kernel_key keys[KEYS_MAX];
	int32_t next;
	enum kernel_process process;
	struct kernel_ids ids[KERNEL_PROCESSES];
	int32_t thread[KERNEL_PROCESSES];
	int32_t session[KERNEL_PROCESSES];
	struct {
		uid_t uid;
		int32_t user, user_session;
	} users[USERS_MAX];
	size_t user_count;
} kernel;

static int fail(int error)
{
	errno = error;
	return -1;
}

static struct kernel_key *find(int32_t id)
{
	for (size_t i = 0; i < KEYS_MAX && id > 0; i++)
		if (kernel.keys[i].id == id)
			return &kernel.keys[i];
	return NULL;
}

static struct kernel_key *make(bool is_keyring, const char *description, uid_t uid, uint32_t mask)
{
	for (size_t i = 0; i < KEYS_MAX; i++) {
		struct kernel_key *key = &kernel.keys[i];

		if (key->id)
			continue;
		*key = (struct kernel_key){
		    .id = kernel.next++, .is_keyring = is_keyring, .uid = uid, .mask = mask};
		snprintf(key->description, sizeof(key->description), "%s", description);
		return key;
	}
	fputs("no room for keys\n", stderr);
	abort();
}

/* ---- what nobody links any more is gone ---- */

static void mark(int32_t id, bool *seen)
{
	struct kernel_key *key = find(id);

	if (!key || seen[key - kernel.keys])
		return;
	seen[key - kernel.keys] = true;
	for (size_t i = 0; i < key->count; i++)
		mark(key->links[i], seen);
}

static void collect(void)
{
	bool seen[KEYS_MAX] = {false};

	for (int p = 0; p < KERNEL_PROCESSES; p++) {
		mark(kernel.thread[p], seen);
		mark(kernel.session[p], seen);
	}
	for (size_t i = 0; i < kernel.user_count; i++) {
		mark(kernel.users[i].user, seen);
		mark(kernel.users[i].user_session, seen);
	}
	for (size_t i = 0; i < KEYS_MAX; i++)
		if (!seen[i])
			kernel.keys[i].id = 0;
}

static void unlink_everywhere(int32_t id)
{
	for (size_t k = 0; k < KEYS_MAX; k++) {
		struct kernel_key *key = &kernel.keys[k];
		size_t kept = 0;

		for (size_t i = 0; i < key->count; i++)
			if (key->links[i] != id)
				key->links[kept++] = key->links[i];
		key->count = kept;
	}
}

/* ---- names for keyrings ---- */

static int32_t user_keyring(uid_t uid, bool session)
{
	char name[32];
	size_t i = 0;

	while (i < kernel.user_count && kernel.users[i].uid != uid)
		i++;
	if (i == kernel.user_count) {
		MUST(kernel.user_count < USERS_MAX);
		kernel.users[kernel.user_count++].uid = uid;
		snprintf(name, sizeof(name), "_uid.%u", uid);
		kernel.users[i].user = make(true, name, uid, 0x1f3f0000)->id;
		snprintf(name, sizeof(name), "_uid_ses.%u", uid);
		kernel.users[i].user_session = make(true, name, uid, 0x1f3f0000)->id;
		find(kernel.users[i].user_session)->links[0] = kernel.users[i].user;
		find(kernel.users[i].user_session)->count = 1;
	}
	return session ? kernel.users[i].user_session : kernel.users[i].user;
}

static uid_t real_uid(void)
{
	return kernel.ids[kernel.process].uid[0];
}

static uid_t effective_uid(void)
{
	return kernel.ids[kernel.process].uid[1];
}

static int32_t thread_keyring(bool create)
{
	int32_t *thread = &kernel.thread[kernel.process];

	if (!*thread && create)
		*thread = make(true, "_tid", real_uid(), 0x3f010000)->id;
	return *thread;
}

static int32_t session_keyring(void)
{
	int32_t session = kernel.session[kernel.process];

	return session ? session : user_keyring(real_uid(), true);
}

static struct kernel_key *resolve(long id, bool create)
{
	if (id == KEY_SPEC_THREAD_KEYRING)
		return find(thread_keyring(create));
	if (id == KEY_SPEC_SESSION_KEYRING)
		return find(session_keyring());
	if (id == KEY_SPEC_USER_KEYRING || id == KEY_SPEC_USER_SESSION_KEYRING)
		return find(user_keyring(real_uid(), id == KEY_SPEC_USER_SESSION_KEYRING));
	return find((int32_t)id);
}

/* ---- who may ---- */

static bool leads_to(int32_t from, int32_t to, unsigned depth)
{
	const struct kernel_key *key = find(from);

	if (!key || depth > DEPTH_MAX)
		return false;
	if (from == to)
		return true;
	for (size_t i = 0; i < key->count; i++)
		if (leads_to(key->links[i], to, depth + 1))
			return true;
	return false;
}

static bool possesses(const struct kernel_key *key)
{
	return leads_to(kernel.thread[kernel.process], key->id, 0) ||
	       leads_to(session_keyring(), key->id, 0);
}

/* The key, when the caller has this permission on it; else NULL with errno. */
static struct kernel_key *permitted(long id, uint32_t wanted, bool create)
{
	struct kernel_key *key = resolve(id, create);
	uint32_t allowed;

	if (!key) {
		fail(ENOKEY);
		return NULL;
	}
	allowed = key->uid == effective_uid() ? key->mask >> 16 : key->mask;
	/* By a name for it one always possesses it. */
	if (id < 0 || possesses(key))
		allowed |= key->mask >> 24;
	if ((allowed & ALL & wanted) != wanted && !(wanted == SETATTR && effective_uid() == 0)) {
		fail(EACCES);
		return NULL;
	}
	if (key->revoked && wanted != VIEW) {
		fail(EKEYREVOKED);
		return NULL;
	}
	return key;
}

/* ---- operations ---- */

static void add_link(struct kernel_key *keyring, const struct kernel_key *key)
{
	for (size_t i = 0; i < keyring->count; i++) {
		const struct kernel_key *other = find(keyring->links[i]);

		/* One of the same type and name is displaced. */
		if (!other || (other->is_keyring == key->is_keyring &&
				  !strcmp(other->description, key->description))) {
			keyring->links[i] = key->id;
			return;
		}
	}
	MUST(keyring->count < sizeof(keyring->links) / sizeof(*keyring->links));
	keyring->links[keyring->count++] = key->id;
}

static long describe(long id, char *text, long size)
{
	const struct kernel_key *key = permitted(id, VIEW, false);
	char all[256];
	int len;

	if (!key)
		return -1;
	len = snprintf(all, sizeof(all), "%s;%u;0;%08x;%s", key->is_keyring ? "keyring" : "user",
	    key->uid, key->mask, key->description);
	if (size > len)
		memcpy(text, all, (size_t)len + 1);
	return len + 1;
}

static long read_key(long id, void *to, long size)
{
	const struct kernel_key *key = permitted(id, READ, false);
	const void *from;
	size_t len;

	if (!key)
		return -1;
	from = key->is_keyring ? (const void *)key->links : key->payload;
	len = key->is_keyring ? key->count * sizeof(*key->links) : key->len;
	if (to && size > 0)
		memcpy(to, from, (size_t)size < len ? (size_t)size : len);
	return (long)len;
}

static long update(long id, const void *payload, long len)
{
	struct kernel_key *key = permitted(id, WRITE, false);

	if (!key)
		return -1;
	MUST((size_t)len <= sizeof(key->payload));
	memcpy(key->payload, payload, (size_t)len);
	key->len = (size_t)len;
	return 0;
}

static long link_key(long id, long into)
{
	const struct kernel_key *key = permitted(id, LINK, false);
	struct kernel_key *keyring = key ? permitted(into, WRITE, true) : NULL;

	if (!keyring)
		return -1;
	add_link(keyring, key);
	return 0;
}

static long unlink_key(long id, long from)
{
	const struct kernel_key *key = resolve(id, false);
	struct kernel_key *keyring = permitted(from, WRITE, false);

	if (!keyring)
		return -1;
	for (size_t i = 0; key && i < keyring->count; i++) {
		if (keyring->links[i] != key->id)
			continue;
		keyring->links[i] = keyring->links[--keyring->count];
		return 0;
	}
	return fail(ENOENT);
}

static long search(long in, const char *description)
{
	const struct kernel_key *keyring = permitted(in, SEARCH, false);
	const struct kernel_key *found = keyring ? kernel_in(keyring, description) : NULL;

	if (found && found->revoked)
		return fail(EKEYREVOKED);
	return found ? found->id : fail(ENOKEY);
}

/* The session keyring itself, or what it links; a process without one searches the stand-in of its real uid. */
long kernel_request_key(const char *description)
{
	const struct kernel_key *session = permitted(session_keyring(), SEARCH, false), *found;

	if (!session)
		return -1;
	found =
	    !strcmp(session->description, description) ? session : kernel_in(session, description);
	return found ? found->id : fail(ENOKEY);
}

static long join(void)
{
	const struct kernel_key *key = make(true, "_ses", real_uid(), 0x3f130000);

	kernel.session[kernel.process] = key->id;
	return key->id;
}

static long operate(long operation, long a, long b, long c)
{
	struct kernel_key *key;

	switch (operation) {
	case KEYCTL_GET_KEYRING_ID:
		key = permitted(a, SEARCH, b != 0);
		return key ? key->id : -1;
	case KEYCTL_JOIN_SESSION_KEYRING:
		return join();
	case KEYCTL_DESCRIBE:
		return describe(a, (char *)b, c);
	case KEYCTL_READ:
		return read_key(a, (void *)b, c);
	case KEYCTL_UPDATE:
		return update(a, (const void *)b, c);
	case KEYCTL_LINK:
		return link_key(a, (int32_t)b);
	case KEYCTL_UNLINK:
		return unlink_key(a, (int32_t)b);
	case KEYCTL_SEARCH:
		return search(a, (const char *)c);
	case KEYCTL_SETPERM:
	case KEYCTL_SET_TIMEOUT:
	case KEYCTL_REVOKE:
		key = permitted(a, operation == KEYCTL_REVOKE ? WRITE : SETATTR, false);
		if (key && operation == KEYCTL_SETPERM)
			key->mask = (uint32_t)b;
		if (key && operation == KEYCTL_REVOKE)
			key->revoked = true;
		return key ? 0 : -1;
	case KEYCTL_INVALIDATE:
		key = permitted(a, SEARCH, false);
		if (key)
			unlink_everywhere(key->id);
		return key ? 0 : -1;
	default:
		return fail(EOPNOTSUPP);
	}
}

long kernel_keyctl(long operation, long a, long b, long c)
{
	long r = operate(operation, a, b, c);
	int error = errno;

	collect();
	errno = error;
	return r;
}

long kernel_add_key(
    const char *type, const char *description, const void *payload, size_t len, int32_t keyring)
{
	bool is_keyring = !strcmp(type, "keyring");
	struct kernel_key *into = permitted(keyring, WRITE, true), *key;

	if (!into)
		return -1;
	key = make(is_keyring, description, effective_uid(), is_keyring ? 0x3f030000 : 0x3f010000);
	MUST(len <= sizeof(key->payload));
	if (len)
		memcpy(key->payload, payload, len);
	key->len = len;
	add_link(into, key);
	collect();
	return key->id;
}

/* ---- processes ---- */

void kernel_reset(void)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.next = FIRST;
}

void kernel_switch(enum kernel_process process)
{
	kernel.process = process;
}

enum kernel_process kernel_current(void)
{
	return kernel.process;
}

struct kernel_ids *kernel_ids(enum kernel_process process)
{
	return &kernel.ids[process];
}

void kernel_start_loader(void)
{
	kernel.ids[KERNEL_LOADER] = (struct kernel_ids){{0}, {0}};
	kernel.thread[KERNEL_LOADER] = 0;
	kernel.session[KERNEL_LOADER] = kernel.session[KERNEL_HOST];
}

void kernel_end_loader(void)
{
	kernel.thread[KERNEL_LOADER] = kernel.session[KERNEL_LOADER] = 0;
	collect();
}

void kernel_host_session(uid_t uid)
{
	kernel.session[KERNEL_HOST] = uid ? make(true, "_ses", uid, 0x3f130000)->id : 0;
	if (uid)
		add_link(find(kernel.session[KERNEL_HOST]), find(user_keyring(uid, false)));
	collect();
}

/* ---- from outside ---- */

const struct kernel_key *kernel_key(int32_t id)
{
	return find(id);
}

const struct kernel_key *kernel_in(const struct kernel_key *keyring, const char *description)
{
	for (size_t i = 0; keyring && i < keyring->count; i++) {
		const struct kernel_key *key = find(keyring->links[i]);

		if (key && !strcmp(key->description, description))
			return key;
	}
	return NULL;
}

const struct kernel_key *kernel_in_user(uid_t uid, const char *description)
{
	return kernel_in(find(user_keyring(uid, false)), description);
}

const struct kernel_key *kernel_in_session(const char *description)
{
	return kernel_in(find(kernel.session[KERNEL_HOST]), description);
}

unsigned kernel_count(const char *start)
{
	unsigned count = 0;

	collect();
	for (size_t i = 0; i < KEYS_MAX; i++)
		count +=
		    kernel.keys[i].id && !strncmp(kernel.keys[i].description, start, strlen(start));
	return count;
}

void kernel_print(FILE *out)
{
	for (size_t i = 0; i < KEYS_MAX; i++) {
		const struct kernel_key *key = &kernel.keys[i];

		if (!key->id)
			continue;
		fprintf(out, "%d %s uid %u mask %08x%s:", key->id, key->description, key->uid,
		    key->mask, key->revoked ? " revoked" : "");
		for (size_t k = 0; k < key->count; k++)
			fprintf(out, " %d", key->links[k]);
		fprintf(out, " %.*s\n", (int)key->len, (const char *)key->payload);
	}
}

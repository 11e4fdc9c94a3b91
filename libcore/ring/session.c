/* SPDX-License-Identifier: MIT */
/* What /run/ravi remembers of an agent: see session.h. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/paths.h"
#include "ring/keyctl.h"
#include "ring/session.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/text.h"

/* A folder below /run/ravi, made where it is missing: a boot may have come without tmpfiles.d. */
static int open_folder(const char *name, struct reason *why)
{
	fd_auto run = dir_make(AT_FDCWD, RAVI_RUNDIR, 0711, 0, why);

	if (run < 0)
		return run;
	return dir_make(run, name, 0700, 0, why);
}

/*
 * A new folder of sessions, and only where there is none: 0 or -errno. It comes with its time: who finds it locks
 * it and opens a session there, whose time must stay.
 */
static int make_sessions(int all, const char *user)
{
	static const struct timespec never[2] = {{.tv_sec = 0}, {.tv_sec = 0}};
	char temporary[USER_NAME_MAX + 32];
	fd_auto fd = -1;
	int r = 0;

	snprintf(temporary, sizeof(temporary), ".%s.%d.new", user, (int)gettid());
	unlinkat(all, temporary, AT_REMOVEDIR);
	if (mkdirat(all, temporary, 0700) < 0)
		return -errno;
	fd = openat(all, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0700) < 0 || futimens(fd, never) < 0 ||
	    renameat2(all, temporary, all, user, RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(all, temporary, AT_REMOVEDIR);
	return r == -EEXIST ? 0 : r;
}

/* With one open(2) where it is there: each login does it. What lies above is root's alone to change. */
static int open_sessions(const char *user, struct reason *why)
{
	char path[sizeof(PATH_SESSIONS) + USER_NAME_MAX + 1];
	fd_auto all = -1;
	fd_auto fd = -1;
	int r;

	snprintf(path, sizeof(path), PATH_SESSIONS "/%s", user);
	fd = dir_open(AT_FDCWD, path, 0, why);
	if (fd != -ENOENT)
		return take_fd(&fd);
	all = open_folder("sessions", why);
	if (all < 0)
		return all;
	r = make_sessions(all, user);
	if (r < 0)
		return reason_errno(why, r, "making the folder %s/%s", PATH_SESSIONS, user);
	fd = dir_open(all, user, 0, why);
	return fd == -ENOENT ? reason_errno(why, fd, "folder %s/%s", PATH_SESSIONS, user)
			     : take_fd(&fd);
}

int session_lock(const char *user, struct deadline deadline, struct reason *why)
{
	fd_auto lock = open_sessions(user, why);
	int r = lock < 0 ? lock : file_lock(lock, LOCK_EX, deadline);

	if (lock < 0)
		return lock;
	if (r == -ETIMEDOUT)
		return reason_set(why, r,
		    "the sessions of %s stay locked by another process (see: fuser %s/%s)", user,
		    PATH_SESSIONS, user);
	if (r < 0)
		return reason_errno(why, r, "locking the sessions of %s", user);
	return take_fd(&lock);
}

/*
 * State and start time of a process: fields 3 and 22 of /proc/PID/stat, counted after the command's
 * last ')'. -ENOENT: there is no such process.
 */
static int read_stat(const char *pid, char *state, char starttime[24])
{
	char path[64], text[1024];
	const char *field;
	fd_auto fd = -1;
	size_t digits;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text) - 1);
	if (len <= 0)
		return len < 0 ? -errno : -ESRCH;
	text[len] = '\0';
	field = strrchr(text, ')');
	if (!field || field[1] != ' ' || !field[2])
		return -EPROTO;
	*state = field[2];
	for (int i = 3; i <= 22 && field; i++)
		field = strchr(field + 1, ' ');
	digits = field ? strspn(field + 1, "0123456789") : 0;
	if (!digits || digits > 23)
		return -EPROTO;
	memcpy(starttime, field + 1, digits);
	starttime[digits] = '\0';
	return 0;
}

int session_add(int lock, char name[SESSION_NAME_MAX], struct reason *why)
{
	char state, starttime[24];
	int r = read_stat("self", &state, starttime);

	if (r < 0)
		return reason_errno(why, r, "/proc/self/stat (is /proc mounted?)");
	for (int i = 1; i < 1000; i++) {
		fd_auto fd = -1;

		if (i == 1)
			snprintf(name, SESSION_NAME_MAX, "%d-%s", (int)getpid(), starttime);
		else
			snprintf(name, SESSION_NAME_MAX, "%d-%s.%d", (int)getpid(), starttime, i);
		fd = openat(lock, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			return 0;
		if (errno != EEXIST)
			return reason_errno(why, -errno, "making the session record %s", name);
	}
	return reason_set(why, -EMFILE, "this process has a thousand sessions of the agent open");
}

/*
 * The folder's time is when its last session was opened, for people who ask when an agent was here: a record that
 * goes leaves it as it was.
 */
static int remove_record(int folder, const char *name)
{
	struct stat st;
	bool is_known = fstat(folder, &st) == 0;
	int r = unlinkat(folder, name, 0) < 0 ? -errno : 0;

	if (r == 0 && is_known)
		futimens(folder, (const struct timespec[2]){{.tv_nsec = UTIME_OMIT}, st.st_mtim});
	return r;
}

int session_remove(int lock, const char *name, struct reason *why)
{
	int r = remove_record(lock, name);

	return r < 0 && r != -ENOENT ? reason_errno(why, r, "removing the session record %s", name) : 0;
}

/* Whether the leader of this record still runs. Where /proc tells nothing, it does. */
static bool leader_lives(const char *record)
{
	char pid[12] = "", starttime[24], state;
	const char *dash = strchr(record, '-');
	size_t len;
	int r;

	if (!dash || (size_t)(dash - record) >= sizeof(pid))
		return false;
	memcpy(pid, record, (size_t)(dash - record));
	if (strspn(pid, "0123456789") != strlen(pid) || !*pid)
		return false;
	r = read_stat(pid, &state, starttime);
	if (r == -ENOENT || r == -ESRCH)
		return access("/proc/self/stat", F_OK) < 0;
	if (r < 0)
		return true;
	len = strlen(starttime);
	return state != 'Z' && state != 'X' && !strncmp(dash + 1, starttime, len) &&
	       (dash[1 + len] == '\0' || dash[1 + len] == '.');
}

/* Counts living and dead records of the folder, until `most` live; `remove`: the dead ones go. */
static int survey(int folder, bool remove, unsigned most, struct session_sight *sight,
    struct reason *why)
{
	fd_auto fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir_auto dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir)
		return reason_errno(why, -errno, "listing the sessions");
	take_fd(&fd);
	while (errno = 0, sight->living < most && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (leader_lives(entry->d_name)) {
			sight->living++;
			continue;
		}
		sight->dead++;
		if (remove)
			remove_record(folder, entry->d_name);
	}
	/* A session that was not seen is not one that has ended. */
	return errno ? reason_errno(why, -errno, "listing the sessions") : 0;
}

int session_count(int lock, unsigned most, struct reason *why)
{
	struct session_sight sight = {0};
	int r = survey(lock, true, most, &sight, why);

	return r < 0 ? r : (int)sight.living;
}

int session_look(const char *user, struct session_sight *sight, struct reason *why)
{
	char path[sizeof(PATH_SESSIONS) + USER_NAME_MAX + 1];
	fd_auto folder = -1;
	struct stat st;

	*sight = (struct session_sight){0};
	snprintf(path, sizeof(path), PATH_SESSIONS "/%s", user);
	folder = dir_open(AT_FDCWD, path, 0, why);
	if (folder < 0)
		return folder == -ENOENT ? 0 : folder;
	if (fstat(folder, &st) == 0)
		sight->last_login = st.st_mtime;
	return survey(folder, false, UINT_MAX, sight, why);
}

/* What file_read says of a file that is not as we write ours. */
static bool is_misplaced(int error)
{
	return error == -EACCES || error == -ELOOP || error == -EINVAL || error == -EFBIG;
}

int session_ring_load(const char *user, struct session_ring *ring, struct reason *why)
{
	static const struct file_rule rule = {.owner = 0, .forbidden = FILE_PUBLIC, .max = 512};
	char path[sizeof(PATH_RINGS) + USER_NAME_MAX + 1], *cursor, *key, *value;
	buf_auto text = {0};
	unsigned line = 0;
	uint64_t number;
	int r;

	*ring = (struct session_ring){0};
	snprintf(path, sizeof(path), PATH_RINGS "/%s", user);
	r = file_read(AT_FDCWD, path, &rule, &text, why);
	if (r < 0)
		return is_misplaced(r) ? -EBADMSG : r;
	cursor = text.data;
	while (cursor && text_pair(&cursor, &line, &key, &value) > 0) {
		if (text_number(value, 10, 0, UINT32_MAX, &number) < 0)
			continue;
		if (!strcmp(key, "ring"))
			ring->id = number > INT32_MAX ? 0 : (int32_t)number;
		else if (!strcmp(key, "uid"))
			ring->uid = (uid_t)number;
		else if (!strcmp(key, "keys"))
			ring->keys = (uint32_t)number;
	}
	if (ring->id <= 0 || !ring->uid)
		return reason_set(
		    why, -EBADMSG, "%s is damaged; ravi release %s mends it", path, user);
	return 0;
}

static void uid_link(uid_t uid, char name[16])
{
	snprintf(name, 16, "%u", uid);
}

/* A login always finds the old link or the new one: no moment says that nobody has a ring there. */
static int save_link(int rings, uid_t uid, const char *user)
{
	char name[16], temporary[32];

	uid_link(uid, name);
	snprintf(temporary, sizeof(temporary), ".%s.new", name);
	if (unlinkat(rings, temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	if (symlinkat(user, rings, temporary) < 0)
		return -errno;
	return renameat(rings, temporary, rings, name) < 0 ? -errno : 0;
}

int session_ring_save(const char *user, const struct session_ring *ring, struct reason *why)
{
	fd_auto rings = open_folder("rings", why);
	buf_auto text = {0};
	int r = rings < 0 ? rings : save_link(rings, ring->uid, user);

	if (rings < 0)
		return rings;
	if (r < 0)
		return reason_errno(why, r, "%s/%u", PATH_RINGS, ring->uid);
	buf_addf(&text, "ring=%d\nuid=%u\nkeys=%u\n", ring->id, ring->uid, ring->keys);
	if (text.error)
		return reason_errno(why, text.error, "%s/%s", PATH_RINGS, user);
	return file_replace(rings, user, 0600, false, text.data, text.len, why);
}

/* Every rings/UID that leads to the user: for when no record says which. */
static void remove_links(int rings, const char *user)
{
	fd_auto fd = openat(rings, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir_auto dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char there[USER_NAME_MAX + 1];

	if (!dir)
		return;
	take_fd(&fd);
	while ((entry = readdir(dir))) {
		ssize_t len = readlinkat(rings, entry->d_name, there, sizeof(there));

		if (len == (ssize_t)strlen(user) && !memcmp(there, user, (size_t)len))
			unlinkat(rings, entry->d_name, 0);
	}
}

int session_ring_remove(const char *user, struct reason *why)
{
	fd_auto rings = open_folder("rings", why);
	struct session_ring ring;
	char name[16];
	int r;

	if (rings < 0)
		return rings;
	r = session_ring_load(user, &ring, NULL);
	if (r == 0) {
		uid_link(ring.uid, name);
		unlinkat(rings, name, 0);
	} else if (r != -ENOENT) {
		remove_links(rings, user);
	}
	if (unlinkat(rings, user, 0) < 0 && errno != ENOENT)
		return reason_errno(why, -errno, "removing %s/%s", PATH_RINGS, user);
	return 0;
}

bool session_ring_any(void)
{
	fd_auto fd = open(PATH_RINGS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	alignas(struct dirent64) char text[512];
	ssize_t len;

	if (fd < 0)
		return errno != ENOENT;
	/* No readdir(3), which takes 32 KiB: the first entry that is not the folder itself will do. */
	len = getdents64(fd, text, sizeof(text));
	for (ssize_t at = 0; at < len;) {
		const struct dirent64 *entry = (const void *)(text + at);

		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return true;
		at += entry->d_reclen;
	}
	return len < 0;
}

int session_ring_of_uid(uid_t uid, char user[USER_NAME_MAX + 1])
{
	char path[sizeof(PATH_RINGS) + 16], name[16];
	ssize_t len;

	uid_link(uid, name);
	snprintf(path, sizeof(path), PATH_RINGS "/%s", name);
	len = readlink(path, user, USER_NAME_MAX);
	if (len < 0)
		return -errno;
	user[len] = '\0';
	return user_name_check(user, NULL) < 0 ? -ENOENT : 0;
}

/* What the kernel says of a serial that is no key any more, or that is somebody else's key now. */
static bool is_gone(int error)
{
	return error == -ENOKEY || error == -EKEYREVOKED || error == -EKEYEXPIRED ||
	       error == -EACCES || error == -EPROTO;
}

int session_ring_is_ours(const char *user, int32_t id, struct reason *why)
{
	char expected[RING_DESCRIPTION_MAX];
	struct ring_description d;
	int r = ring_describe(id, &d);

	if (r < 0)
		return is_gone(r) ? 0 : reason_errno(why, r, "looking at the ring %d", id);
	snprintf(expected, sizeof(expected), RING_PREFIX "%s", user);
	return !strcmp(d.type, "keyring") && d.uid == 0 && d.mask == RING_MASK &&
	       !strcmp(d.text, expected);
}

bool session_ring_is_whole(const char *user, const struct session_ring *ring)
{
	/* The end of a ring that was cut short has revoked the profile, if anything. */
	return session_ring_is_ours(user, ring->id, NULL) > 0 &&
	       keyctl_read(ring->id, NULL, 0) == (long)(ring->keys * sizeof(int32_t)) &&
	       keyctl_search(ring->id, "user", RING_PREFIX RING_PROFILE, 0) > 0;
}

/* The users that `path` has an entry of, into `names`; those of the uid links are left out. */
static int collect_users(const char *path, char (**names)[USER_NAME_MAX + 1], size_t *count)
{
	dir_auto dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		void *grown;

		if (user_name_check(entry->d_name, NULL) < 0)
			continue;
		grown = realloc(*names, (*count + 1) * sizeof(**names));
		if (!grown)
			return -ENOMEM;
		*names = grown;
		strcpy((*names)[(*count)++], entry->d_name);
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

int session_each_user(
    int (*each)(void *context, const char *user), void *context, struct reason *why)
{
	char(*names)[USER_NAME_MAX + 1] = NULL;
	size_t count = 0;
	int r = collect_users(PATH_RINGS, &names, &count);

	if (r == 0)
		r = collect_users(PATH_SESSIONS, &names, &count);
	if (r < 0)
		reason_errno(why, r, "listing %s", RAVI_RUNDIR);
	if (count)
		qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count && r >= 0; i++)
		if (!i || strcmp(names[i - 1], names[i]))
			r = each(context, names[i]);
	free(names);
	return r < 0 ? r : 0;
}

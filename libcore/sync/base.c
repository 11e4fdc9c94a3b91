/* SPDX-License-Identifier: MIT */
/* What was agreed on last: see base.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/paths.h"
#include "identity/name.h"
#include "store/store.h"
#include "sync/base.h"
#include "util/cleanup.h"
#include "util/file.h"

#define FILE_NAME_MAX    (IDENTITY_NAME_MAX + 16)
#define TROUBLE_NAME_MAX (IDENTITY_NAME_MAX + 16)

static const struct file_rule rule = {
    .owner = 0, .forbidden = FILE_SECRET, .max = STORE_DOCUMENT_MAX};

static void file_name(const char *identity, unsigned back, char name[FILE_NAME_MAX])
{
	int len = snprintf(name, FILE_NAME_MAX, "%.*s.age", IDENTITY_NAME_MAX, identity);

	if (back)
		snprintf(name + len, (size_t)(FILE_NAME_MAX - len), ".%u", back);
}

static int open_folder(struct reason *why)
{
	return dir_make(AT_FDCWD, PATH_SYNC, 0700, 0, why);
}

static int open_file(const char *identity, unsigned back, struct reason *why)
{
	fd_auto dir = dir_open(AT_FDCWD, PATH_SYNC, 0, why);
	char name[FILE_NAME_MAX];

	if (dir < 0)
		return dir;
	file_name(identity, back, name);
	return file_open(dir, name, &rule, why);
}

int base_read(const char *identity, unsigned back, struct buf *sealed, struct reason *why)
{
	fd_auto fd = open_file(identity, back, why);
	int r = fd < 0 ? fd : file_read_fd(fd, STORE_DOCUMENT_MAX, sealed);

	return r < 0 && fd >= 0 ? reason_errno(why, r, "%s/%s.age", PATH_SYNC, identity) : r;
}

/* What dies in between loses the oldest, or leaves a gap in the row. */
static void move_back(int dir, const char *identity)
{
	char from[FILE_NAME_MAX], to[FILE_NAME_MAX];

	for (unsigned back = BASE_KEPT - 1; back; back--) {
		file_name(identity, back - 1, from);
		file_name(identity, back, to);
		renameat(dir, from, dir, to);
	}
}

static void singles_name(const char *identity, char name[FILE_NAME_MAX])
{
	snprintf(name, FILE_NAME_MAX, "%.*s.singles", IDENTITY_NAME_MAX, identity);
}

bool base_is_singles(const char *identity)
{
	fd_auto dir = dir_open(AT_FDCWD, PATH_SYNC, 0, NULL);
	char name[FILE_NAME_MAX];

	singles_name(identity, name);
	return dir >= 0 && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Before the document: what dies in between makes it one of the other kind, which counts as none. */
static int set_singles(int dir, const char *identity, bool singles, struct reason *why)
{
	char name[FILE_NAME_MAX];

	singles_name(identity, name);
	if (singles)
		return file_replace(dir, name, 0600, false, "", 0, why);
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return reason_errno(why, -errno, "removing %s/%s", PATH_SYNC, name);
	return 0;
}

int base_write(const char *identity, const struct buf *sealed, bool singles, struct reason *why)
{
	fd_auto dir = open_folder(why);
	char name[FILE_NAME_MAX];
	int r;

	if (dir < 0)
		return dir;
	r = singles == base_is_singles(identity) ? 0 : set_singles(dir, identity, singles, why);
	if (r < 0)
		return r;
	move_back(dir, identity);
	file_name(identity, 0, name);
	return file_replace(dir, name, 0600, true, sealed->data, sealed->len, why);
}

int base_touch(const char *identity, struct reason *why)
{
	fd_auto fd = open_file(identity, 0, why);

	if (fd < 0)
		return fd;
	return futimens(fd, NULL) < 0
		   ? reason_errno(why, -errno, "time stamp of %s/%s.age", PATH_SYNC, identity)
		   : 0;
}

int base_age(const char *identity, int64_t *seconds, struct reason *why)
{
	fd_auto fd = open_file(identity, 0, why);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return reason_errno(why, -errno, "%s/%s.age", PATH_SYNC, identity);
	/* A second's grace: file systems stamp with a coarse clock. */
	*seconds = time(NULL) - st.st_mtime;
	if (*seconds < -1)
		*seconds = INT64_MAX;
	return 0;
}

int base_drop(const char *identity, struct reason *why)
{
	fd_auto dir = dir_open(AT_FDCWD, PATH_SYNC, 0, why);
	char name[FILE_NAME_MAX];

	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	for (unsigned back = 0; back < BASE_KEPT; back++) {
		file_name(identity, back, name);
		if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
			return reason_errno(why, -errno, "removing %s/%s", PATH_SYNC, name);
	}
	return set_singles(dir, identity, false, why);
}

/* ---- beside the lock, in PATH_SYNC_STATE ---- */

static int open_state(struct reason *why)
{
	fd_auto above = dir_make(AT_FDCWD, RAVI_RUNDIR, 0711, 0, why);

	return above < 0 ? above : dir_make(AT_FDCWD, PATH_SYNC_STATE, 0700, 0, why);
}

static void unshown_name(const char *identity, char name[TROUBLE_NAME_MAX])
{
	snprintf(name, TROUBLE_NAME_MAX, "%.*s.unshown", IDENTITY_NAME_MAX, identity);
}

void base_unshown_note(const char *identity)
{
	struct reason ignored = {0};
	fd_auto dir = open_state(&ignored);
	char name[TROUBLE_NAME_MAX];

	unshown_name(identity, name);
	if (dir >= 0)
		file_replace(dir, name, 0600, false, "", 0, &ignored);
}

void base_unshown_forget(const char *identity)
{
	struct reason ignored = {0};
	fd_auto dir = open_state(&ignored);
	char name[TROUBLE_NAME_MAX];

	unshown_name(identity, name);
	if (dir >= 0)
		unlinkat(dir, name, 0);
}

bool base_is_unshown(const char *identity)
{
	fd_auto dir = dir_open(AT_FDCWD, PATH_SYNC_STATE, 0, NULL);
	char name[TROUBLE_NAME_MAX];

	unshown_name(identity, name);
	return dir >= 0 && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void trouble_name(const char *identity, char name[TROUBLE_NAME_MAX])
{
	snprintf(name, TROUBLE_NAME_MAX, "%.*s.trouble", IDENTITY_NAME_MAX, identity);
}

void base_trouble_note(const char *identity, const char *text)
{
	struct reason ignored = {0};
	fd_auto dir = open_state(&ignored);
	char name[TROUBLE_NAME_MAX];

	if (dir < 0)
		return;
	trouble_name(identity, name);
	file_replace(dir, name, 0600, false, text, strlen(text), &ignored);
}

void base_trouble_forget(const char *identity)
{
	struct reason ignored = {0};
	fd_auto dir = open_state(&ignored);
	char name[TROUBLE_NAME_MAX];

	if (dir < 0)
		return;
	trouble_name(identity, name);
	unlinkat(dir, name, 0);
}

int base_trouble(const char *identity, struct buf *text)
{
	static const struct file_rule small = {
	    .owner = 0, .forbidden = FILE_SECRET, .max = REASON_MAX};
	struct reason ignored = {0};
	fd_auto dir = dir_open(AT_FDCWD, PATH_SYNC_STATE, 0, &ignored);
	char name[TROUBLE_NAME_MAX];

	if (dir < 0)
		return dir;
	trouble_name(identity, name);
	return file_read(dir, name, &small, text, &ignored);
}

int base_lock(const char *identity, struct deadline deadline, struct reason *why)
{
	fd_auto dir = open_state(why);
	char name[FILE_NAME_MAX];
	fd_auto fd = -1;
	int r;

	if (dir < 0)
		return dir;
	snprintf(name, sizeof(name), "%.*s.lock", IDENTITY_NAME_MAX, identity);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return reason_errno(why, -errno, "%s/%s", PATH_SYNC_STATE, name);
	r = file_lock(fd, LOCK_EX, deadline);
	if (r == -ETIMEDOUT)
		return reason_set(
		    why, r, "another process was asking the store about %s all the time", identity);
	return r < 0 ? reason_errno(why, r, "locking %s/%s", PATH_SYNC_STATE, name) : take_fd(&fd);
}

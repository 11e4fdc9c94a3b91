/* SPDX-License-Identifier: MIT */
/* What was agreed on last: see base.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/paths.h"
#include "identity/name.h"
#include "store/store.h"
#include "sync/base.h"
#include "util/cleanup.h"
#include "util/file.h"

#define FILE_NAME_MAX (IDENTITY_NAME_MAX + 16)

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

/* The last one stays where it is until the next has its place: whatever dies in between, there is a last one. */
static int move_back(int dir, const char *identity, struct reason *why)
{
	char from[FILE_NAME_MAX], to[FILE_NAME_MAX];

	for (unsigned back = BASE_KEPT - 1; back; back--) {
		int r;

		file_name(identity, back - 1, from);
		file_name(identity, back, to);
		r = back > 1 ? renameat(dir, from, dir, to) : linkat(dir, from, dir, to, 0);
		if (r < 0 && errno != ENOENT)
			return reason_errno(why, -errno, "moving %s/%s", PATH_SYNC, from);
	}
	return 0;
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

static int drop_all(int dir, const char *identity, struct reason *why)
{
	char name[FILE_NAME_MAX];

	for (unsigned back = 0; back < BASE_KEPT; back++) {
		file_name(identity, back, name);
		if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
			return reason_errno(why, -errno, "removing %s/%s", PATH_SYNC, name);
	}
	singles_name(identity, name);
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return reason_errno(why, -errno, "removing %s/%s", PATH_SYNC, name);
	return 0;
}

/* What was agreed on the other way is no base of anything any more. */
static int change_kind(int dir, const char *identity, bool singles, struct reason *why)
{
	char name[FILE_NAME_MAX];
	int r = drop_all(dir, identity, why);

	singles_name(identity, name);
	return r < 0 || !singles ? r : file_replace(dir, name, 0600, false, "", 0, why);
}

int base_write(const char *identity, const struct buf *sealed, bool singles, struct reason *why)
{
	fd_auto dir = open_folder(why);
	char name[FILE_NAME_MAX];
	int r;

	if (dir < 0)
		return dir;
	r = singles == base_is_singles(identity) ? 0 : change_kind(dir, identity, singles, why);
	if (r == 0)
		r = move_back(dir, identity, why);
	if (r < 0)
		return r;
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

	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	return drop_all(dir, identity, why);
}

/* SPDX-License-Identifier: MIT */
/* Files that privileged code opens: see file.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"

#define READ_SIZE  4096 /* bytes at a time, where nobody says how many there are */
#define LOCK_PAUSE 2    /* milliseconds between two tries */

/* Returns 0 with the file's size in `*size`. */
static int file_check(
    int fd, const char *path, const struct file_rule *rule, size_t *size, struct reason *why)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return reason_errno(why, -errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return reason_set(why, -EINVAL, "%s is not a regular file", path);
	if (st.st_uid != rule->owner)
		return reason_set(why, -EACCES, "%s belongs to uid %u and not to uid %u; chown it",
		    path, st.st_uid, rule->owner);
	if (st.st_mode & rule->forbidden)
		return reason_set(why, -EACCES, "%s has mode %04o; take the bits %04o away (chmod)",
		    path, st.st_mode & 07777u, st.st_mode & rule->forbidden);
	if (st.st_size < 0 || (size_t)st.st_size > rule->max)
		return reason_set(why, -EFBIG, "%s is larger than %zu bytes", path, rule->max);
	*size = (size_t)st.st_size;
	return 0;
}

static int open_checked(int dir, const char *path, int flags, mode_t mode,
    const struct file_rule *rule, size_t *size, struct reason *why)
{
	fd_auto fd =
	    openat(dir, path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
	int r;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 && errno == ELOOP)
		return reason_set(
		    why, -ELOOP, "%s is a symbolic link; put the file itself there", path);
	if (fd < 0)
		return reason_errno(why, -errno, "%s", path);
	r = file_check(fd, path, rule, size, why);
	if (r < 0)
		return r;
	return take_fd(&fd);
}

int file_open_as(int dir, const char *path, int flags, mode_t mode, const struct file_rule *rule,
    struct reason *why)
{
	size_t size;

	return open_checked(dir, path, flags, mode, rule, &size, why);
}

int file_open(int dir, const char *path, const struct file_rule *rule, struct reason *why)
{
	return file_open_as(dir, path, O_RDONLY, 0, rule, why);
}

/* Until the end; which is where `size` says, when there is so much and no more. 0: not to be known before. */
static int read_all(int fd, size_t max, size_t size, struct buf *out)
{
	for (;;) {
		/* What the buffer has room for, where the caller knew how much comes. */
		size_t spare = out->cap > out->len + 1 ? out->cap - out->len - 1 : READ_SIZE;
		size_t room = max - out->len + 1 < spare ? max - out->len + 1 : spare;
		char *to = buf_reserve(out, room);
		ssize_t got;

		if (!to)
			return out->error;
		got = read(fd, to, room);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		out->len += (size_t)got;
		out->data[out->len] = '\0';
		if (got == 0)
			return 0;
		if (out->len > max)
			return -EFBIG;
		if (out->len == size)
			return 0;
	}
}

int file_read_fd(int fd, size_t max, struct buf *out)
{
	return read_all(fd, max, 0, out);
}

int file_read(
    int dir, const char *path, const struct file_rule *rule, struct buf *out, struct reason *why)
{
	size_t size = 0;
	fd_auto fd = open_checked(dir, path, O_RDONLY, 0, rule, &size, why);
	int r;

	if (fd < 0)
		return fd;
	buf_reset(out);
	/* One more, so that what has grown meanwhile is seen. Small files, small buffers: they are wiped. */
	buf_reserve(out, size ? size + 1 : READ_SIZE);
	r = read_all(fd, rule->max, size, out);
	if (r == -EFBIG)
		return reason_set(why, r, "%s is larger than %zu bytes", path, rule->max);
	if (r < 0)
		return reason_errno(why, r, "%s", path);
	return 0;
}

int file_write_fd(int fd, const void *data, size_t len)
{
	const char *from = data;

	while (len) {
		ssize_t put = write(fd, from, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		if (put == 0)
			return -EIO;
		from += put;
		len -= (size_t)put;
	}
	return 0;
}

int dir_open(int dir, const char *path, uid_t owner, struct reason *why)
{
	fd_auto fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return reason_errno(why, -errno, "folder %s", path);
	if (fstat(fd, &st) < 0)
		return reason_errno(why, -errno, "folder %s", path);
	if (st.st_uid != owner)
		return reason_set(why, -EACCES,
		    "folder %s belongs to uid %u and not to uid %u; chown it", path, st.st_uid,
		    owner);
	if (st.st_mode & FILE_PUBLIC)
		return reason_set(why, -EACCES,
		    "folder %s has mode %04o, others may write there; chmod go-w", path,
		    st.st_mode & 07777u);
	return take_fd(&fd);
}

int dir_make(int dir, const char *path, mode_t mode, uid_t owner, struct reason *why)
{
	fd_auto fd = dir_open(dir, path, owner, why);
	bool made;

	if (fd != -ENOENT)
		return take_fd(&fd);
	made = mkdirat(dir, path, mode) == 0;
	if (!made && errno != EEXIST)
		return reason_errno(why, -errno, "making folder %s", path);
	fd = dir_open(dir, path, owner, why);
	if (fd == -ENOENT)
		return reason_errno(why, -ENOENT, "folder %s", path);
	if (fd < 0)
		return fd;
	if (made && fchmod(fd, mode) < 0)
		return reason_errno(why, -errno, "mode of folder %s", path);
	return take_fd(&fd);
}

int file_lock(int fd, int how, struct deadline deadline)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE * 1000000L};

	while (flock(fd, how | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (!deadline_left(deadline))
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* `flags` are renameat2's: 0 replaces, RENAME_NOREPLACE does not. */
static int file_put(int dir, const char *name, mode_t mode, bool durable, unsigned flags,
    const void *data, size_t len, struct reason *why)
{
	char temporary[256];
	fd_auto fd = -1;
	int n, r;

	n = snprintf(temporary, sizeof(temporary), ".%s.new", name);
	if (n < 0 || (size_t)n >= sizeof(temporary))
		return reason_set(why, -ENAMETOOLONG, "the name %s is too long", name);
	if (unlinkat(dir, temporary, 0) < 0 && errno != ENOENT)
		return reason_errno(why, -errno, "removing the old %s", temporary);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return reason_errno(why, -errno, "making %s", temporary);
	r = file_write_fd(fd, data, len);
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0 && durable && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat2(dir, temporary, dir, name, flags) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir, temporary, 0);
		return reason_errno(why, r, "writing %s", name);
	}
	if (durable && fsync(dir) < 0)
		return reason_errno(why, -errno, "syncing the folder of %s", name);
	return 0;
}

int file_replace(int dir, const char *name, mode_t mode, bool durable, const void *data, size_t len,
    struct reason *why)
{
	return file_put(dir, name, mode, durable, 0, data, len, why);
}

int file_create(
    int dir, const char *name, mode_t mode, const void *data, size_t len, struct reason *why)
{
	return file_put(dir, name, mode, true, RENAME_NOREPLACE, data, len, why);
}

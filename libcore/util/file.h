/* SPDX-License-Identifier: MIT */
/*
 * Files that privileged code opens: every one is opened without following a link, and what was opened
 * (not the name) is checked for type, owner, mode and size before a byte is read. Writes replace a whole
 * file: the old one or the new one is there, whatever dies in between.
 */
#ifndef RAVI_FILE_H
#define RAVI_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/buf.h"
#include "util/deadline.h"
#include "util/reason.h"

/* What a file must be. */
struct file_rule {
	uid_t owner;      /* the only owner it may have */
	mode_t forbidden; /* mode bits that must be clear: FILE_PUBLIC or FILE_SECRET */
	size_t max;       /* bytes; a larger one is refused */
};

#define FILE_PUBLIC 0022u /* others may read it, nobody else may write it */
#define FILE_SECRET 0077u /* nobody else may do anything with it */

/*
 * Opens the regular file `path` (below `dir`, or AT_FDCWD) for reading. Returns the descriptor, or
 * -ENOENT (no reason set: only the caller knows whether that is an error), -EACCES (owner or mode),
 * -ELOOP (a link), -EINVAL (no regular file), -EFBIG, another negative errno. A FIFO does not block it.
 */
int file_open(int dir, const char *path, const struct file_rule *rule, struct reason *why);

/*
 * The same for other uses: `flags` are open(2)'s O_RDWR, O_APPEND, O_CREAT, O_EXCL; a file that is made gets
 * `mode`, less the umask.
 */
int file_open_as(int dir, const char *path, int flags, mode_t mode, const struct file_rule *rule,
    struct reason *why);

/* file_open and the whole content into `out`; the size rule holds while it is read, too. */
int file_read(
    int dir, const char *path, const struct file_rule *rule, struct buf *out, struct reason *why);

/* All that `fd` gives until its end, at most `max` bytes: -EFBIG when there is more. */
int file_read_fd(int fd, size_t max, struct buf *out);

/* All of `data` to `fd`; -errno on failure, a short write included. */
int file_write_fd(int fd, const void *data, size_t len);

/*
 * Opens the folder `path` itself (no link), owned by `owner`, not writable for anybody else.
 * -ENOENT without a reason, as above.
 */
int dir_open(int dir, const char *path, uid_t owner, struct reason *why);

/* Makes the folder where it is missing, gives it `mode` whatever the umask is, and opens it as dir_open. */
int dir_make(int dir, const char *path, mode_t mode, uid_t owner, struct reason *why);

/*
 * flock(2) with a deadline: `how` is LOCK_EX or LOCK_SH. 0, -ETIMEDOUT (no reason: only the caller knows what
 * the lock is for), or another negative errno.
 */
int file_lock(int fd, int how, struct deadline deadline);

/*
 * Replaces `name` in the folder `dir`: a temporary file (.NAME.new) is written and, when `durable`,
 * synced, then renamed over it, and the folder synced. Callers serialise writers of one name.
 */
int file_replace(int dir, const char *name, mode_t mode, bool durable, const void *data, size_t len,
    struct reason *why);

/* The same, durable, for a file that must not be there yet: -EEXIST, and what is there stays. */
int file_create(
    int dir, const char *name, mode_t mode, const void *data, size_t len, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/* Locks and notes of meetings: see state.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "config/paths.h"
#include "identity/name.h"
#include "sync/state.h"
#include "util/cleanup.h"
#include "util/file.h"

#define FILE_NAME_MAX (IDENTITY_NAME_MAX + 16)

static int open_folder(struct reason *why)
{
	fd_auto above = dir_make(AT_FDCWD, RAVI_RUNDIR, 0711, 0, why);

	return above < 0 ? above : dir_make(AT_FDCWD, PATH_SYNC_STATE, 0700, 0, why);
}

static void note_name(const char *identity, enum state_note note, char name[FILE_NAME_MAX])
{
	static const char *const words[] = {"trouble", "unshown"};

	snprintf(name, FILE_NAME_MAX, "%.*s.%s", IDENTITY_NAME_MAX, identity, words[note]);
}

void state_note(const char *identity, enum state_note note, const char *text)
{
	struct reason ignored = {0};
	fd_auto dir = open_folder(&ignored);
	char name[FILE_NAME_MAX];

	note_name(identity, note, name);
	if (dir >= 0)
		file_replace(dir, name, 0600, false, text, strlen(text), &ignored);
}

void state_forget(const char *identity, enum state_note note)
{
	struct reason ignored = {0};
	fd_auto dir = dir_open(AT_FDCWD, PATH_SYNC_STATE, 0, &ignored);
	char name[FILE_NAME_MAX];

	note_name(identity, note, name);
	if (dir >= 0)
		unlinkat(dir, name, 0);
}

int state_read(const char *identity, enum state_note note, struct buf *text)
{
	static const struct file_rule rule = {
	    .owner = 0, .forbidden = FILE_SECRET, .max = REASON_MAX};
	struct reason ignored = {0};
	fd_auto dir = dir_open(AT_FDCWD, PATH_SYNC_STATE, 0, &ignored);
	char name[FILE_NAME_MAX];

	note_name(identity, note, name);
	return dir < 0 ? dir : file_read(dir, name, &rule, text, &ignored);
}

int state_lock(const char *identity, struct deadline deadline, struct reason *why)
{
	fd_auto dir = open_folder(why);
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

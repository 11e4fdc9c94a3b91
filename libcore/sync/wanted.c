/* SPDX-License-Identifier: MIT */
/* Wishes for a meeting with the store: see wanted.h. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "config/paths.h"
#include "identity/name.h"
#include "sync/wanted.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/spawn.h"

#define LEASE "lease\n"

int wanted_open(struct reason *why)
{
	fd_auto above = dir_make(AT_FDCWD, RAVI_RUNDIR, 0711, 0, why);

	return above < 0 ? above : dir_make(AT_FDCWD, PATH_SYNC_WANTED, 0700, 0, why);
}

int wanted_note(const char *identity, enum wanted what, struct reason *why)
{
	fd_auto dir = wanted_open(why);
	fd_auto fd = -1;

	if (dir < 0)
		return dir;
	fd = openat(dir, identity, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || (what == WANTED_LEASE && file_write_fd(fd, LEASE, sizeof(LEASE) - 1) < 0))
		return reason_errno(why, -errno, "%s/%s", PATH_SYNC_WANTED, identity);
	return 0;
}

int wanted_start(struct reason *why)
{
	static const char *const argv[] = {"ravi", "sync", "--wanted", NULL};
	const struct spawn what = {.path = PATH_RAVI, .argv = argv, .input = -1};
	int r = spawn_detached(&what);

	return r < 0 ? reason_errno(why, r, "starting %s sync --wanted", PATH_RAVI) : 0;
}

void wanted_ask(const struct conf *conf, const char *identity)
{
	struct reason why = {0};

	if (conf_has_remote_store(conf) && wanted_note(identity, WANTED_SYNC, &why) < 0)
		syslog(LOG_WARNING, "%s", why.text);
}

/* What more than a meeting is wished for: the file has a word. */
static enum wanted read_wish(int dir, const char *identity)
{
	static const struct file_rule rule = {.owner = 0, .forbidden = FILE_SECRET, .max = 4096};
	buf_auto text = {0};

	return file_read(dir, identity, &rule, &text, NULL) == 0 && text.len ? WANTED_LEASE
									     : WANTED_SYNC;
}

int wanted_each(int (*each)(void *context, const char *identity, enum wanted what), void *context,
    struct reason *why)
{
	fd_auto fd = wanted_open(why);
	dir_auto dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (fd < 0)
		return fd;
	if (!dir)
		return reason_errno(why, -errno, "reading %s", PATH_SYNC_WANTED);
	take_fd(&fd);
	while (r == 0 && (entry = readdir(dir)))
		if (identity_name_check(entry->d_name, NULL) == 0)
			r = each(context, entry->d_name, read_wish(dirfd(dir), entry->d_name));
	return r;
}

static int found(void *context, const char *identity, enum wanted what)
{
	(void)context, (void)identity, (void)what;
	return 1;
}

bool wanted_is_any(void)
{
	return wanted_each(found, NULL, NULL) == 1;
}

void wanted_grant(const char *identity)
{
	char path[sizeof(PATH_SYNC_WANTED) + IDENTITY_NAME_MAX + 2];

	snprintf(path, sizeof(path), "%s/%.*s", PATH_SYNC_WANTED, IDENTITY_NAME_MAX, identity);
	unlink(path);
}

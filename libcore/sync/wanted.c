/* SPDX-License-Identifier: MIT */
/* Wishes for a meeting with the store: see wanted.h. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
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
	/* Noted again: whoever sees to the former wish leaves this one. */
	return futimens(fd, NULL) < 0
		   ? reason_errno(why, -errno, "%s/%s", PATH_SYNC_WANTED, identity)
		   : 0;
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
static bool read_wish(int dir, const char *identity, struct wish *wish)
{
	struct stat st;

	if (fstatat(dir, identity, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return false;
	*wish = (struct wish){.identity = identity,
	    .what = st.st_size ? WANTED_LEASE : WANTED_SYNC,
	    .noted = st.st_mtim};
	return true;
}

int wanted_each(
    int (*each)(void *context, const struct wish *wish), void *context, struct reason *why)
{
	fd_auto fd = wanted_open(why);
	dir_auto dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct wish wish;
	int r = 0;

	if (fd < 0)
		return fd;
	if (!dir)
		return reason_errno(why, -errno, "reading %s", PATH_SYNC_WANTED);
	take_fd(&fd);
	while (r == 0 && (entry = readdir(dir)))
		if (identity_name_check(entry->d_name, NULL) == 0 &&
		    read_wish(dirfd(dir), entry->d_name, &wish))
			r = each(context, &wish);
	return r;
}

static int found(void *context, const struct wish *wish)
{
	(void)context, (void)wish;
	return 1;
}

bool wanted_is_any(void)
{
	return wanted_each(found, NULL, NULL) == 1;
}

void wanted_grant(const struct wish *wish)
{
	fd_auto dir = dir_open(AT_FDCWD, PATH_SYNC_WANTED, 0, NULL);
	struct wish now;

	if (dir >= 0 && read_wish(dir, wish->identity, &now) &&
	    now.noted.tv_sec == wish->noted.tv_sec && now.noted.tv_nsec == wish->noted.tv_nsec)
		unlinkat(dir, wish->identity, 0);
}

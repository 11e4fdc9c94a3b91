/* SPDX-License-Identifier: MIT */
/* The agent's folder on tmpfs: see home.h. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "config/paths.h"
#include "codex/home.h"
#include "home.h"
#include "identity/local.h"
#include "intake.h"
#include "util/cleanup.h"
#include "util/file.h"

/* The agent may have put anything there; ours is three levels deep and some ten files an identity. */
#define DEPTH_MAX   32
#define ENTRIES_MAX 65536

struct removal {
	struct deadline deadline;
	unsigned entries;
};

static int remove_content(int fd, unsigned depth, struct removal *removal);

static int remove_entry(int dir, const char *name, unsigned depth, struct removal *removal)
{
	fd_auto fd = -1;
	int r;

	if (++removal->entries > ENTRIES_MAX || depth > DEPTH_MAX)
		return -E2BIG;
	if (!deadline_left(removal->deadline))
		return -ETIMEDOUT;
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = remove_content(fd, depth + 1, removal);
	if (r < 0)
		return r;
	return unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* Everything in the folder `fd`, by name in that folder: no path is walked, no link followed. */
static int remove_content(int fd, unsigned depth, struct removal *removal)
{
	dir_auto folder = NULL;
	const struct dirent *entry;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3), r = 0;

	folder = copy < 0 ? NULL : fdopendir(copy);
	if (!folder)
		return -errno;
	while (r == 0 && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = remove_entry(fd, entry->d_name, depth, removal);
	return r;
}

static int open_homes(struct reason *why)
{
	fd_auto run = dir_make(AT_FDCWD, RAVI_RUNDIR, 0711, 0, why);

	return run < 0 ? run : dir_make(run, "home", 0711, 0, why);
}

/* The agent is shut out first, so that what it left running adds nothing meanwhile. */
static int remove_home(
    int homes, const char *user, int fd, struct deadline deadline, struct reason *why)
{
	struct removal removal = {.deadline = deadline};
	int r = fchown(fd, 0, 0) < 0 || fchmod(fd, 0700) < 0 ? -errno : 0;

	if (r == 0)
		r = remove_content(fd, 0, &removal);
	if (r == 0 && unlinkat(homes, user, AT_REMOVEDIR) < 0)
		r = -errno;
	return r < 0 ? reason_errno(why, r, "removing %s/%s", PATH_HOMES, user) : 0;
}

static int open_home(int homes, const char *user, struct stat *st)
{
	fd_auto fd = openat(homes, user, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0)
		return -errno;
	return take_fd(&fd);
}

static int make_home(int homes, const struct agent *agent, gid_t gid, struct reason *why)
{
	struct stat st;
	fd_auto fd = -1;

	if (mkdirat(homes, agent->user, 0700) < 0)
		return reason_errno(why, -errno, "making %s/%s", PATH_HOMES, agent->user);
	fd = open_home(homes, agent->user, &st);
	if (fd < 0 || fchmod(fd, 0700) < 0 || fchown(fd, agent->uid, gid) < 0)
		return reason_errno(why, -errno, "%s/%s", PATH_HOMES, agent->user);
	return 0;
}

static int find_group(const struct agent *agent, gid_t *gid, struct reason *why)
{
	const struct passwd *pw;

	if (local_is_agent(agent, gid))
		return 0;
	pw = getpwnam(agent->user);
	if (!pw)
		return reason_set(why, -EPERM, "the OS user %s is gone", agent->user);
	*gid = pw->pw_gid;
	return 0;
}

int home_make(const struct agent *agent, struct deadline deadline, struct reason *why)
{
	fd_auto homes = open_homes(why);
	fd_auto fd = -1;
	struct stat st;
	gid_t gid;
	int r;

	if (homes < 0)
		return homes;
	fd = open_home(homes, agent->user, &st);
	if (fd >= 0 && st.st_uid == agent->uid)
		return 0;
	if (fd < 0 && fd != -ENOENT)
		return reason_errno(why, fd, "%s/%s", PATH_HOMES, agent->user);
	r = find_group(agent, &gid, why);
	if (r == 0 && fd >= 0)
		r = remove_home(homes, agent->user, fd, deadline, why);
	return r < 0 ? r : make_home(homes, agent, gid, why);
}

/* 0: nothing is left that the vaults should have. 1: a codex runs. Or a negative errno. */
static int take_in(const struct home_end *end, int home, const struct stat *st, struct reason *why)
{
	struct intake intake = {.user = end->user,
	    .uid = st->st_uid,
	    .gid = st->st_gid,
	    .conf = end->conf,
	    .deadline = end->deadline,
	    .even_running = end->force};

	/* Root's: it was shut, what is in it was taken in, and its removal was cut short. */
	if (st->st_uid == 0)
		return 0;
	/* Most agents never ran codex: then no child has to look. */
	if (faccessat(home, CODEX_FOLDER, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	return intake_run(&intake, why);
}

int home_end(const struct home_end *end, struct reason *why)
{
	fd_auto homes = open_homes(why);
	fd_auto fd = -1;
	struct stat st;
	int r;

	if (homes < 0)
		return homes;
	fd = open_home(homes, end->user, &st);
	if (fd < 0)
		return fd == -ENOENT ? 0 : reason_errno(why, fd, "%s/%s", PATH_HOMES, end->user);
	r = take_in(end, fd, &st, why);
	if (r == 1 && !end->force)
		return 0;
	if (r < 0 && !end->force)
		return reason_prefix(
		    why, r, "%s/%s stays until the next sweep: ", PATH_HOMES, end->user);
	if (r < 0)
		syslog(
		    LOG_ERR, "%s/%s is removed all the same: %s", PATH_HOMES, end->user, why->text);
	return remove_home(homes, end->user, fd, end->deadline, why);
}

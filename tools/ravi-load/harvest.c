/* SPDX-License-Identifier: MIT */
/*
 * The child that reads the agent's Codex logins as the agent: see harvest.h. Whatever a hostile file makes
 * of the JSON parser, it makes of a process that can do no more than the agent could before.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config/paths.h"
#include "harvest.h"
#include "util/cleanup.h"
#include "util/file.h"

#define CPU_SECONDS 2
#define PARTING     100 /* milliseconds */

enum step {
	STEP_BECOME = 1,
	STEP_FOLDER,
	STEP_READ,
	STEP_REPORT,
};

/* For good: no id of root's is left to go back to, and nothing of root's is open. */
static int become(const struct intake *intake, int out)
{
	const struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS}, none = {0, 0};

	if (dup2(out, 3) < 0 || close_range(4, ~0u, 0) < 0)
		return -errno;
	if (setrlimit(RLIMIT_CPU, &cpu) < 0 || setrlimit(RLIMIT_FSIZE, &none) < 0)
		return -errno;
	if (setgroups(0, NULL) < 0 || setresgid(intake->gid, intake->gid, intake->gid) < 0 ||
	    setresuid(intake->uid, intake->uid, intake->uid) < 0)
		return -errno;
	if (setresuid(0, 0, 0) == 0)
		return -EPERM;
	/* The agent's other processes may kill it, and see nothing of what it holds. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	return 0;
}

/* One that was killed a moment ago may still be on its way out. */
static bool is_running(int dir)
{
	fd_auto fd = openat(
	    dir, CODEX_LOCK_RUNNING, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 && codex_lock_take(fd, LOCK_EX, deadline_in(PARTING), NULL) == -ETIMEDOUT;
}

static int report(int out, const char *identity, const struct codex_growth *growth)
{
	struct harvest item = {.magic = HARVEST_MAGIC,
	    .len = (uint32_t)growth->content.len,
	    .sent_len = (uint32_t)growth->sent.len,
	    .from_len = (uint32_t)growth->from.len,
	    .base = growth->base};
	int r;

	/* Both were checked as names. */
	strcpy(item.identity, identity);
	strcpy(item.secret, growth->secret);
	r = file_write_fd(out, &item, sizeof(item));
	if (r == 0)
		r = file_write_fd(out, growth->content.data, growth->content.len);
	if (r == 0)
		r = file_write_fd(out, growth->sent.data, growth->sent.len);
	if (r == 0)
		r = file_write_fd(out, growth->from.data, growth->from.len);
	return r;
}

/* One identity's folder. A torn or invalid auth.json is nothing worth storing: it is left behind. */
static int look(int codex, const char *identity, int out, bool even_running)
{
	codex_growth_auto growth = {0};
	fd_auto dir = dir_open(codex, identity, geteuid(), NULL);
	int r;

	if (dir < 0)
		return 0;
	if (!even_running && is_running(dir))
		return HARVEST_RUNNING;
	r = codex_growth_find(dir, &growth, NULL);
	if (r == 1)
		return report(out, identity, &growth) < 0 ? STEP_REPORT : 0;
	return r < 0 && r != -EBADMSG && r != -EFBIG && r != -EINVAL && r != -ELOOP && r != -EACCES
		   ? STEP_READ
		   : 0;
}

static int look_at_all(const struct intake *intake, int codex, int out)
{
	dir_auto folder = fdopendir(dup(codex));
	const struct dirent *entry;
	int r = folder ? 0 : STEP_FOLDER;

	while (r == 0 && (entry = readdir(folder)))
		if (identity_name_check(entry->d_name, NULL) == 0)
			r = look(codex, entry->d_name, out, intake->even_running);
	return r;
}

int harvest(const struct intake *intake, int out)
{
	fd_auto codex = -1;
	char path[128];

	if (become(intake, out) < 0)
		return STEP_BECOME;
	snprintf(path, sizeof(path), "%s/%s/" CODEX_FOLDER, PATH_HOMES, intake->user);
	codex = dir_open(AT_FDCWD, path, intake->uid, NULL);
	if (codex == -ENOENT)
		return 0;
	return codex < 0 ? STEP_FOLDER : look_at_all(intake, codex, 3);
}

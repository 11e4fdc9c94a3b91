/* SPDX-License-Identifier: MIT */
/* How much of the broker one agent may have: see limits.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/paths.h"
#include "identity/name.h"
#include "limits.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/text.h"

#define TURN          1000 /* the byte that is locked in one's turn; those from 0 are the connections */
#define TURN_INTERVAL 2     /* milliseconds between tries */
#define MINUTE        60000 /* milliseconds */

/* A lock of the open file, not of the process: nothing else that closes the file drops it. */
static int lock_byte(int fd, off_t byte)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	return fcntl(fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

static int open_state(const char *user, struct reason *why)
{
	fd_auto run = dir_make(AT_FDCWD, RAVI_RUNDIR, 0711, 0, why);
	fd_auto dir = run < 0 ? run : dir_make(AT_FDCWD, PATH_BROKER_STATE, 0700, 0, why);
	int fd;

	if (dir < 0)
		return dir;
	fd = openat(dir, user, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	return fd < 0 ? reason_errno(why, -errno, "%s/%s", PATH_BROKER_STATE, user) : fd;
}

int limits_enter(const char *user, struct reason *why)
{
	fd_auto fd = open_state(user, why);

	if (fd < 0)
		return fd;
	for (off_t byte = 0; byte < LIMITS_CONNECTIONS; byte++) {
		int r = lock_byte(fd, byte);

		if (r == 0)
			return take_fd(&fd);
		if (r != -EAGAIN && r != -EACCES)
			return reason_errno(why, r, "locking %s/%s", PATH_BROKER_STATE, user);
	}
	return reason_set(why, -EAGAIN,
	    "%s has %d requests at the broker already, which is the most; try again", user,
	    LIMITS_CONNECTIONS);
}

int limits_wait_turn(int fd, struct deadline deadline, struct reason *why)
{
	const struct timespec interval = {.tv_nsec = TURN_INTERVAL * 1000000L};
	int r;

	while ((r = lock_byte(fd, TURN)) < 0) {
		if (r != -EAGAIN && r != -EACCES)
			return reason_errno(why, r, "waiting for another write");
		if (!deadline_left(deadline))
			return reason_set(why, -EAGAIN,
			    "other writes of this agent took all the time; try again");
		nanosleep(&interval, NULL);
	}
	return 0;
}

/* Milliseconds since this machine started, suspended or not: /run does not outlive that either. */
static uint64_t now(void)
{
	struct timespec when;

	clock_gettime(CLOCK_BOOTTIME, &when);
	return (uint64_t)when.tv_sec * 1000 + (uint64_t)when.tv_nsec / 1000000;
}

/*
 * What the file holds is when the last of its kind is paid for, at a minute's part each. That may lie a
 * minute ahead, and no more: so a minute's worth may come at once, and then one after the other. 0, 1 with
 * the milliseconds to wait when there were too many, or -errno.
 */
static int pay(int fd, unsigned in_a_minute, uint64_t *wait)
{
	uint64_t at = now(), paid = 0;
	char text[32] = "";
	int len;

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		return -errno;
	/* Nothing, or nothing that makes sense, counts as none. */
	text[strcspn(text, "\n")] = '\0';
	if (text_number(text, 10, 0, at + MINUTE, &paid) < 0 || paid < at)
		paid = at;
	paid += MINUTE / in_a_minute;
	if (paid > at + MINUTE) {
		*wait = paid - at - MINUTE;
		return 1;
	}
	len = snprintf(text, sizeof(text), "%020llu\n", (unsigned long long)paid);
	return pwrite(fd, text, (size_t)len, 0) == len ? 0 : -EIO;
}

int limits_count(int fd, struct reason *why)
{
	uint64_t wait = 0;
	int r = pay(fd, LIMITS_WRITES, &wait);

	if (r < 0)
		return reason_errno(why, r, "noting a request");
	return r == 0
		   ? 0
		   : reason_set(why, -EDQUOT,
			 "more than %d requests in a minute; the next is possible in %llu seconds",
			 LIMITS_WRITES, (unsigned long long)(wait + 999) / 1000);
}

bool limits_note_refusal(uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);
	char name[24] = ".refused";
	uint64_t wait;
	fd_auto fd = -1;

	/* No user name starts with a dot. */
	if (pw)
		snprintf(name, sizeof(name), ".refused-%u", uid);
	fd = open_state(name, NULL);
	return fd < 0 || pay(fd, LIMITS_REFUSALS, &wait) != 1;
}

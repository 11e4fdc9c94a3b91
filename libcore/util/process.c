/* SPDX-License-Identifier: MIT */
/* What a program that handles secrets does to itself first: see process.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/nodump.h"
#include "util/process.h"

/*
 * open(2) takes the lowest free descriptor. What goes to a stdout that was closed is lost, and writing it has to fail;
 * messages to a closed stderr are nobody's.
 */
static int fill_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int got;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		got = open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
		if (got != fd)
			return got < 0 ? -errno : -EBADF;
	}
	return 0;
}

bool process_has_stdout(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

int process_protect(void)
{
	struct rlimit before;
	int r = nodump_begin(&before);

	if (r < 0)
		return r;
	r = process_expect_children();
	if (r < 0)
		return r;
	if (signal(SIGPIPE, SIG_DFL) == SIG_ERR)
		return -errno;
	umask(077);
	return fill_standard();
}

int process_expect_children(void)
{
	return signal(SIGCHLD, SIG_DFL) == SIG_ERR ? -errno : 0;
}

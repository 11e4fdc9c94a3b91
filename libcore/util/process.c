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

/* open(2) takes the lowest free descriptor: what it returns tells when 0 to 2 are taken. */
static int fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
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

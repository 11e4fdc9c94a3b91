/* SPDX-License-Identifier: MIT */
/* What a program of root's that others start throws away first: see takeover.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "util/takeover.h"

#define CPU_SECONDS 30
#define MEMORY_MAX  (512ull << 20) /* bytes of address space; a full vault needs some 20 MiB */

static int become_root(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return -errno;
	return 0;
}

/*
 * Without CAP_SYS_RESOURCE, as in many containers, a hard limit that is lower stays: then as far up as it
 * lets us. What does not fit into that fails where it does not fit.
 */
static int reset_limit(__rlimit_resource_t which, rlim_t wanted)
{
	struct rlimit limit = {wanted, wanted};

	if (setrlimit(which, &limit) == 0)
		return 0;
	if (errno != EPERM || getrlimit(which, &limit) < 0)
		return -errno;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(which, &limit) < 0 ? -errno : 0;
}

static int reset_limits(void)
{
	static const struct {
		__rlimit_resource_t which;
		rlim_t limit;
	} limits[] = {
	    {RLIMIT_CORE, 0},
	    {RLIMIT_FSIZE, RLIM_INFINITY},
	    {RLIMIT_NOFILE, 256},
	    {RLIMIT_DATA, RLIM_INFINITY},
#ifndef WITH_SANITIZERS /* AddressSanitizer reserves terabytes */
	    {RLIMIT_AS, MEMORY_MAX},
#endif
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		int r = reset_limit(limits[i].which, limits[i].limit);

		if (r < 0)
			return r;
	}
	return 0;
}

static int reset_signals(void)
{
	const struct itimerval off = {0};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(
		    i, SIG_DFL); /* fails for SIGKILL, SIGSTOP and glibc's own: they are default */
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return -errno;
	if (setitimer(ITIMER_REAL, &off, NULL) < 0 || setitimer(ITIMER_VIRTUAL, &off, NULL) < 0 ||
	    setitimer(ITIMER_PROF, &off, NULL) < 0)
		return -errno;
	return 0;
}

/* 0 to 2 are open, whatever the host did, and nothing else is. */
static int reset_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd < 0)
		return -errno;
	return close_range(3, ~0u, 0) < 0 ? -errno : 0;
}

int process_guard(struct reason *why)
{
	int r = reset_limit(RLIMIT_CPU, CPU_SECONDS);

	if (r < 0)
		return reason_errno(why, r, "limiting the process's time");
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return reason_errno(why, -errno, "guarding the process");
	return 0;
}

int process_take_over(struct reason *why)
{
	int r;

	if (geteuid() != 0)
		return reason_set(why, -EPERM, "this is a program of root's");
	r = become_root();
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0) < 0)
		r = -errno;
	if (r == 0)
		r = reset_signals();
	if (r == 0)
		r = reset_limits();
	if (r == 0)
		r = reset_descriptors();
	if (r < 0)
		return reason_errno(why, r, "leaving behind what was inherited");
	setsid(); /* fails for a group leader, which has no terminal to lose to its caller */
	umask(077);
	clearenv();
	return chdir("/") < 0 ? reason_errno(why, -errno, "/") : 0;
}

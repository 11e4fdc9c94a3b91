/* SPDX-License-Identifier: MIT */
/* No core files, no debuggers: see nodump.h. */
#include <config.h>

#include <errno.h>
#include <sys/prctl.h>

#include "util/nodump.h"

int nodump_begin(struct rlimit *before)
{
	struct rlimit none;

	if (getrlimit(RLIMIT_CORE, before) < 0)
		return -errno;
	/* The hard limit stays: without privileges it could not be raised again. */
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = before->rlim_max};
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return -errno;
#ifndef WITH_SANITIZERS /* the leak check attaches to its own process */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
#endif
	return 0;
}

int nodump_end(const struct rlimit *before)
{
	return setrlimit(RLIMIT_CORE, before) < 0 ? -errno : 0;
}

/* SPDX-License-Identifier: MIT */
/* What the broker gives up: see confine.h. */
#include <config.h>

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"

#define BIT(capability) (UINT64_C(1) << (capability))

/*
 * Owners and modes of files and folders that are not all root's (/run/ravi/home), the agent's uid for a
 * moment to reach its user keyring, the end of the process that reads the agent's files as the agent (who
 * can stop it), and ravi-load's own limits.
 */
#define KEPT                                                                                       \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_KILL) |                \
	    BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SYS_RESOURCE))

static int keep_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t kept = (uint32_t)(KEPT >> (32 * i));

		sets[i].effective &= kept;
		sets[i].permitted &= kept;
		sets[i].inheritable &= kept;
	}
	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

/* What a program that root executes gets is bounded by this set. EINVAL: past the last the kernel knows. */
static int bound_capabilities(void)
{
	for (int capability = 0; capability < 64; capability++) {
		if (KEPT & BIT(capability))
			continue;
		/* It may be bounded already, and the right to bound gone with it. */
		if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) <= 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return -errno;
	}
	return 0;
}

int confine(struct reason *why)
{
	int r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : bound_capabilities();

	if (r == 0)
		r = keep_capabilities();
	return r < 0 ? reason_errno(why, r, "giving up privileges") : 0;
}

int confine_network(void)
{
	return unshare(CLONE_NEWNET) < 0 ? -errno : 0;
}

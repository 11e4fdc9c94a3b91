/* SPDX-License-Identifier: MIT */
/* Confinement of ravi-fetch: see sandbox.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filter.h"
#include "sandbox.h"
#include "util/cleanup.h"

/* ---- who it is ---- */

int sandbox_leave_root(const char *user, struct reason *why)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return reason_set(why, -EPERM, "there is no OS user %s; make it: ravi init", user);
	if (pw->pw_uid == 0 || pw->pw_gid == 0)
		return reason_set(why, -EPERM, "the OS user %s is root, which it must not be", user);
	if (setgroups(0, NULL) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		return reason_errno(why, -errno, "becoming the OS user %s", user);
	if (setuid(0) == 0 || geteuid() == 0)
		return reason_set(why, -EPERM, "root's rights came back to the OS user %s", user);
	return 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -errno;
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

/* ---- which files ---- */

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* Names are looked up by glibc and whatever nsswitch.conf loads, certificates by OpenSSL. */
static const char *const readable[] = {
    "/etc/ssl",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/pki",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/lib",
    "/usr/lib64",
    "/lib",
    "/lib64",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/dev/urandom",
    "/dev/null",
};

static int allow_reading(int rules, const char *path)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = READ};
	fd_auto fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	/* What is not there is not read. */
	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
	rule.parent_fd = fd;
	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
		   ? -errno
		   : 0;
}

/* All rights on files that this kernel's Landlock knows, up to those that we know. */
static uint64_t handled_access(long abi)
{
	uint64_t access = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1; /* of the first version */

	if (abi >= 2)
		access |= UINT64_C(1) << 13; /* REFER */
	if (abi >= 3)
		access |= UINT64_C(1) << 14; /* TRUNCATE */
	if (abi >= 5)
		access |= UINT64_C(1) << 15; /* IOCTL_DEV */
	return access;
}

/* The kernel's struct as of version 6; the headers that this is built with may have an older one. */
struct ruleset {
	uint64_t files, network, scoped;
};

#define SCOPED_SINCE   6
#define SCOPE_ABSTRACT (UINT64_C(1) << 0) /* no abstract socket of anybody else's */
#define SCOPE_SIGNAL   (UINT64_C(1) << 1) /* no signal to anybody else */

static int confine_files(const char *ca)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	const bool scopes = abi >= SCOPED_SINCE;
	struct ruleset attr = {
	    .files = handled_access(abi), .scoped = scopes ? SCOPE_ABSTRACT | SCOPE_SIGNAL : 0};
	fd_auto rules = -1;
	int r = 0;

	if (abi < 1)
		return 0; /* no Landlock in this kernel, or not switched on */
	rules = (int)syscall(
	    SYS_landlock_create_ruleset, &attr, scopes ? sizeof(attr) : sizeof(attr.files), 0);
	if (rules < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(readable) / sizeof(*readable) && r == 0; i++)
		r = allow_reading(rules, readable[i]);
	if (r == 0 && ca)
		r = allow_reading(rules, ca);
	if (r < 0)
		return r;
	return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? -errno : 0;
}

int sandbox_enter(const char *ca, bool with_unix, struct reason *why)
{
	int r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : drop_capabilities();

	if (r < 0)
		return reason_errno(why, r, "giving up privileges");
	r = confine_files(ca);
	if (r < 0)
		return reason_errno(why, r, "giving up files");
	r = filter_calls(with_unix);
	return r < 0 ? reason_errno(why, r, "giving up system calls") : 0;
}

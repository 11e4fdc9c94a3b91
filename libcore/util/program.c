/* SPDX-License-Identifier: MIT */
/* The real program behind a wrapper: see program.h. */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/cli.h"
#include "util/nodump.h"
#include "util/program.h"

/* By device and inode: a shim is a symbolic or a hard link of ours under another name. */
static bool is_this_program(const struct stat *candidate)
{
	struct stat self;

	return stat("/proc/self/exe", &self) == 0 && self.st_dev == candidate->st_dev &&
	       self.st_ino == candidate->st_ino;
}

/* 0, -ELOOP (this very program), or why it cannot be run. */
static int check(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	if (is_this_program(&st))
		return -ELOOP;
	return access(path, X_OK) < 0 ? -errno : 0;
}

/* The one that somebody named: what is wrong with it is said, nothing else is tried. */
static int take_named(const char *where, const char *named, char path[PATH_MAX], struct reason *why)
{
	int n = snprintf(path, PATH_MAX, "%s", named), r;

	if (*named != '/')
		return reason_set(
		    why, -EACCES, "%s is \"%s\"; it must be an absolute path", where, named);
	if (n >= PATH_MAX)
		return reason_set(why, -ENAMETOOLONG, "%s is too long a path", where);
	r = check(path);
	if (r == -ELOOP)
		return reason_set(why, r,
		    "%s names %s, which is this wrapper itself; name the real program", where,
		    named);
	return r < 0 ? reason_errno(why, r, "%s names %s", where, named) : 0;
}

/* An empty entry of PATH is the working directory, where a checkout could plant anything: left out. */
static int take_entry(const char *entry, size_t len, const char *name, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%.*s/%s", (int)len, entry, name);

	return len && *entry == '/' && n > 0 && n < PATH_MAX ? check(path) : -ENOENT;
}

int program_find(const struct program_search *search, char path[PATH_MAX], struct reason *why)
{
	const char *named = search->variable ? getenv(search->variable) : NULL;
	const char *rest = getenv("PATH");
	bool is_wrapped = false;

	if (named && *named)
		return take_named(search->variable, named, path, why);
	if (search->configured)
		return take_named(search->setting, search->configured, path, why);
	while (rest && *rest) {
		size_t len = strcspn(rest, ":");

		if (len < PATH_MAX) {
			int r = take_entry(rest, len, search->name, path);

			if (r == 0)
				return 0;
			is_wrapped |= r == -ELOOP;
		}
		rest += len + (rest[len] == ':');
	}
	*path = '\0';
	return reason_set(why, -ENOENT,
	    "there is no %s in PATH%s; install it, or name it with %s = PATH in ravi.conf",
	    search->name, is_wrapped ? " besides this wrapper" : "", search->setting);
}

int program_exit_code(int error)
{
	return error == ENOENT || error == -ENOENT ? EXIT_NO_COMMAND : EXIT_NOT_RUNNABLE;
}

int program_exec(
    const char *path, char *name, int count, char **arguments, const struct rlimit *core)
{
	free_auto char **argv = calloc((size_t)count + 2, sizeof(*argv));
	struct reason why = {0};
	int r = argv ? nodump_end(core) : -ENOMEM;

	if (r < 0)
		return cli_fail(r, NULL);
	argv[0] = name;
	memcpy(argv + 1, arguments, (size_t)count * sizeof(*argv));
	execv(path, argv);
	r = -errno;
	cli_fail(reason_errno(&why, r, "%s cannot be run", path), &why);
	return program_exit_code(r);
}

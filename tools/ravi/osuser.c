/* SPDX-License-Identifier: MIT */
/* OS users: see osuser.h. useradd and userdel are run, so that the system's own rules hold for them. */
#include <config.h>

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>

#include "osuser.h"
#include "util/cleanup.h"
#include "util/spawn.h"

#define PROGRAM_MILLISECONDS 60000      /* useradd copies /etc/skel */
#define NAME_IN_USE          9          /* useradd(8): the user or its group exists */
#define ENTRY_MAX            (64 << 10) /* bytes of a passwd entry */

int osuser_find(const char *name, uid_t *uid, struct reason *why)
{
	free_auto char *text = malloc(ENTRY_MAX);
	struct passwd entry, *found = NULL;
	int r;

	if (!text)
		return reason_errno(why, -ENOMEM, "OS user %s", name);
	r = getpwnam_r(name, &entry, text, ENTRY_MAX, &found);
	/* getpwnam_r(3): some name services say "no such user" with an errno. */
	if (!found && (r == 0 || r == ENOENT || r == ESRCH))
		return -ENOENT;
	if (!found)
		return reason_errno(why, -r, "looking up the OS user %s", name);
	*uid = entry.pw_uid;
	return 0;
}

/* Runs the program with an environment of our own; what it says goes into the reason. */
static int run_program(const char *path, const char *const *argv, struct reason *why)
{
	static const char *const environment[] = {
	    "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
	const struct spawn what = {
	    .path = path, .argv = argv, .envp = environment, .input = -1, .with_errors = true};
	char said[256];
	size_t len;
	int status, r;

	r = spawn_collect(
	    &what, deadline_in(PROGRAM_MILLISECONDS), said, sizeof(said) - 1, &len, &status);
	if (r == -ETIMEDOUT)
		return reason_set(why, -EIO, "%s did not end in %d seconds and was killed", path,
		    PROGRAM_MILLISECONDS / 1000);
	if (r < 0)
		return reason_errno(why, r, "starting %s", path);
	if (!status)
		return 0;
	said[len] = '\0';
	for (char *c = said; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ' ' : '\0';
	return reason_set(why, status == NAME_IN_USE ? -EEXIST : -EIO,
	    "%s failed (exit status %d): %s", path, status, said);
}

int osuser_add(const char *name, struct reason *why)
{
	const char *const argv[] = {
	    "useradd", "--create-home", "--user-group", "--shell", "/bin/bash", name, NULL};

	return run_program(USERADD, argv, why);
}

int osuser_add_system(const char *name, struct reason *why)
{
	const char *const argv[] = {"useradd", "--system", "--user-group", "--no-create-home",
	    "--home-dir", "/", "--shell", "/usr/sbin/nologin", name, NULL};

	return run_program(USERADD, argv, why);
}

int osuser_remove(const char *name, struct reason *why)
{
	const char *const argv[] = {"userdel", "--remove", name, NULL};

	return run_program(USERDEL, argv, why);
}

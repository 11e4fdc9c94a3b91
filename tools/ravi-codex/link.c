/* SPDX-License-Identifier: MIT */
/* CODEX_HOME/auth.json, a link to the login on tmpfs: see prepare.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/paths.h"
#include "prepare.h"

#define LINK_NEW "." CODEX_FILE ".ravi"

static void target_of(const struct place *place, char target[PATH_MAX])
{
	snprintf(target, PATH_MAX, "%s/" CODEX_FILE, place->folder);
}

const char *link_word(int state)
{
	static const char *const words[] = {"none", "linked", "other", "foreign", "plaintext"};

	return words[state];
}

int link_look(const struct place *place, struct reason *why)
{
	char target[PATH_MAX], found[PATH_MAX] = "";
	struct stat st;

	if (fstatat(place->home_fd, CODEX_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? LINK_NONE
				       : reason_errno(why, -errno, "%s/" CODEX_FILE, place->home);
	if (!S_ISLNK(st.st_mode))
		return LINK_FILE;
	if (readlinkat(place->home_fd, CODEX_FILE, found, sizeof(found) - 1) < 0)
		return reason_errno(why, -errno, "%s/" CODEX_FILE, place->home);
	target_of(place, target);
	if (!strcmp(found, target))
		return LINK_OURS;
	return strncmp(found, PATH_HOMES "/", strlen(PATH_HOMES "/")) ? LINK_FOREIGN : LINK_OTHER;
}

int link_put(const struct place *place, struct reason *why)
{
	char target[PATH_MAX];
	int r = 0;

	target_of(place, target);
	if (unlinkat(place->home_fd, LINK_NEW, 0) < 0 && errno != ENOENT)
		r = -errno;
	if (r == 0 && symlinkat(target, place->home_fd, LINK_NEW) < 0)
		r = -errno;
	if (r == 0 && renameat(place->home_fd, LINK_NEW, place->home_fd, CODEX_FILE) < 0)
		r = -errno;
	return r < 0 ? reason_errno(why, r, "linking %s/" CODEX_FILE, place->home) : 0;
}

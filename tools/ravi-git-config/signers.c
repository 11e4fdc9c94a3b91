/* SPDX-License-Identifier: MIT */
/* When an allowed signers file goes: see signers.h. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "choice/worktree.h"
#include "settings.h"
#include "signers.h"
#include "util/cleanup.h"
#include "util/cli.h"

/* Whether the file is named there, or will be again by an unbind. What cannot be read may name it. */
static bool is_named_in(const struct git *git, const char *config, const char *file)
{
	settings_auto settings = {0};

	if (settings_load(git, config, &settings, NULL) < 0)
		return true;
	for (size_t i = 0; i < settings.count; i++) {
		const struct setting *setting = &settings.items[i];

		if (setting->value && !strcmp(setting->value, file) &&
		    (!strcmp(setting->key, SIGNERS_KEY) ||
			!strcmp(setting->key, "ravi-saved." SIGNERS_KEY ".value")))
			return true;
	}
	return false;
}

static bool is_named(const struct git *git, const struct place *place, const char *file)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	dir_auto linked = NULL;
	int n = snprintf(path, sizeof(path), "%s/" WORKTREE_CONFIG, place->common_dir);
	bool found = n >= PATH_MAX || is_named_in(git, path, file);

	if (!found && snprintf(path, sizeof(path), "%s/worktrees", place->common_dir) < PATH_MAX)
		linked = opendir(path);
	while (!found && linked && (entry = readdir(linked))) {
		if (*entry->d_name == '.')
			continue;
		n = snprintf(path, sizeof(path), "%s/worktrees/%s/" WORKTREE_CONFIG,
		    place->common_dir, entry->d_name);
		found = n >= PATH_MAX || is_named_in(git, path, file);
	}
	return found;
}

/* Whether `file` is a worktree's of this repository, and this user's. */
static bool is_of_repository(const struct place *place, const char *file)
{
	size_t len = strlen(place->common_dir);
	const char *name = strrchr(file, '/');
	struct stat st;

	return !strncmp(file, place->common_dir, len) && file[len] == '/' && !strstr(file, "/..") &&
	       !strcmp(name + 1, PLACE_SIGNERS) && lstat(file, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_uid == geteuid();
}

int signers_forget(
    const struct git *git, const struct place *place, const char *named, struct reason *why)
{
	bool is_there = access(place->signers, F_OK) == 0;

	if (is_there && !place->is_user && is_named(git, place, place->signers))
		cli_note(
		    "%s stays, for the configuration of another worktree names it", place->signers);
	else if (is_there && unlink(place->signers) < 0 && errno != ENOENT)
		return reason_errno(why, -errno, "removing %s", place->signers);
	/* The last one that named it goes: nobody would look for it there. */
	if (!place->is_user && named && is_of_repository(place, named) &&
	    !is_named(git, place, named) && unlink(named) < 0)
		return reason_errno(why, -errno, "removing %s", named);
	return 0;
}

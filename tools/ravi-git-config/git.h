/* SPDX-License-Identifier: MIT */
/*
 * Running the real git: it alone writes its configuration files (its locks, its syntax), and it alone says
 * what a worktree is and which value holds.
 */
#ifndef RAVI_GIT_CONFIG_GIT_H
#define RAVI_GIT_CONFIG_GIT_H

#include <limits.h>

#include "util/buf.h"
#include "util/reason.h"

struct git {
	char path[PATH_MAX];
	struct buf home, config_home; /* "HOME=...", "XDG_CONFIG_HOME=..." */
	const char *quiet[6];         /* the environment where only files shall speak */
	const char **full;            /* the caller's, less what names another repository */
};

#define git_auto __attribute__((cleanup(git_free))) struct git

/* Finds git in PATH. 0, or -ENOENT with the reason. */
int git_find(struct git *git, struct reason *why);
void git_free(struct git *git);

/*
 * Runs git with these arguments (argv[0] is for "git") in the quiet environment and collects what it
 * prints on stdout. 0, or -EIO with git's own words as the reason.
 */
int git_run(const struct git *git, struct buf *out, const char *const *argv, struct reason *why);

/* The same in the caller's environment, whose GIT_CONFIG_* count: for what holds here and now. */
int git_run_here(
    const struct git *git, struct buf *out, const char *const *argv, struct reason *why);

/* git_run with arguments as they come: GIT_RUN(git, &out, why, "config", "--list") */
#define GIT_RUN(git, out, why, ...)                                                                \
	git_run(git, out, (const char *const[]){"git", __VA_ARGS__, NULL}, why)

#endif

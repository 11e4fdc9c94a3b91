/* SPDX-License-Identifier: MIT */
/*
 * Where a binding is written: a worktree's own configuration (config.worktree in its git dir), or that of
 * the OS user. Nothing of another user's is ever changed.
 */
#ifndef RAVI_GIT_CONFIG_PLACE_H
#define RAVI_GIT_CONFIG_PLACE_H

#include <limits.h>
#include <stdbool.h>

#include "git.h"

#define PLACE_SIGNERS "ravi-allowed-signers"

struct place {
	bool is_user;
	char top[PATH_MAX];        /* the worktree; the user's home folder */
	char git_dir[PATH_MAX];    /* its own; the home folder */
	char common_dir[PATH_MAX]; /* the repository's; the home folder */
	char config[PATH_MAX];     /* the file that is written */
	char signers[PATH_MAX];    /* the allowed signers file beside it */
	int lock;
};

#define place_auto __attribute__((cleanup(place_close))) struct place

/*
 * The worktree that `path` lies in. -ENOTDIR: it is none; -EPERM: git does not trust it, for it is another
 * user's; each with the reason.
 */
int place_worktree(
    const struct git *git, const char *path, struct place *place, struct reason *why);

/* The user's own: ~/.gitconfig, or what git reads instead of it. */
int place_user(struct place *place, struct reason *why);

/*
 * Before the first change: all that will be written is this user's (-EPERM with the owner's name), and no
 * other of our processes is at it until place_close.
 */
int place_claim(struct place *place, struct reason *why);

/*
 * Turns extensions.worktreeConfig on. As git-worktree(1) demands, core.bare = true and core.worktree move
 * from the repository's configuration, where they would then hold for every worktree, to the main one's.
 */
int place_separate(const struct git *git, const struct place *place, struct reason *why);

void place_close(struct place *place);

/* Appends what to call the place: the worktree's path, or "the user NAME". */
void place_describe(const struct place *place, struct buf *out);

#endif

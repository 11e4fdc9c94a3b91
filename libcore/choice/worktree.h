/* SPDX-License-Identifier: MIT */
/*
 * The binding of a git worktree to an identity: ravi.identity in config.worktree of that worktree's own
 * git dir (MAIN/.git/worktrees/NAME of a linked worktree, MAIN/.git of the main one). It is read whether
 * or not extensions.worktreeConfig is on: a binding that git does not see still is one.
 *
 * A submodule without a binding has that of the worktree it lies in: its git dir is below that worktree's
 * (.../modules/NAME). A worktree inside another repository's folder has nothing of that repository.
 */
#ifndef RAVI_WORKTREE_H
#define RAVI_WORKTREE_H

#include <limits.h>

#include "identity/name.h"
#include "util/reason.h"

#define WORKTREE_CONFIG     "config.worktree"
#define WORKTREE_CONFIG_MAX (256u << 10) /* bytes */

struct worktree_binding {
	char identity[IDENTITY_NAME_MAX + 1];
	char config[PATH_MAX]; /* the file that says so */
};

/*
 * The binding that holds here. `git_dir` names the git dir (or the .git file that names it). NULL: that of
 * GIT_DIR, which git sets for its helpers and hooks, and where there is none or it is not bound (a clone
 * that is being made), that of the repository the working directory lies in.
 *
 * 1 with `binding`; 0: not bound; a negative errno, with the reason, when something that could be a
 * binding cannot be read, is none that git could read, or belongs to another user (-EACCES).
 */
int worktree_find(const char *git_dir, struct worktree_binding *binding, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/* The allowed signers files of worktrees, after the bindings that made them. */
#ifndef RAVI_GIT_CONFIG_SIGNERS_H
#define RAVI_GIT_CONFIG_SIGNERS_H

#include "place.h"

#define SIGNERS_KEY "gpg.ssh.allowedsignersfile"

/*
 * Once the place is bound no more: removes its file, and `named` (NULL: none), the one that it named, if
 * that is another worktree's, unless a worktree of the repository still names it: git copies the
 * configuration of a worktree into those that are added there, and without the file their signatures would
 * no longer be good.
 */
int signers_forget(
    const struct git *git, const struct place *place, const char *named, struct reason *why);

#endif

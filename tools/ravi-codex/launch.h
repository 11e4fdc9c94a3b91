/* SPDX-License-Identifier: MIT */
/* Running codex: everything that stands between the command line and its exec. */
#ifndef RAVI_LAUNCH_H
#define RAVI_LAUNCH_H

#include <stdbool.h>

/*
 * Runs codex with these arguments, in the place of this process, so that signals, exit status and the
 * standard descriptors are codex's own. Comes back with an exit code when it cannot.
 */
int launch(const char *identity, int count, char **arguments);

/* --which: prints whose login codex would get here, why, and which codex. An exit code. */
int launch_which(const char *identity, bool json, char **arguments);

#endif

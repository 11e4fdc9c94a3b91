/* SPDX-License-Identifier: MIT */
/*
 * The process that writes back: one for each login that is in use on this host, in a session of its own,
 * so that neither a killed wrapper nor a killed codex ends it. It watches the folder and not the file
 * (codex renames a new one into place; older ones truncate it), and ends when no codex of this login runs
 * any more and the vault has everything, or when the folder is removed.
 */
#ifndef RAVI_WATCH_H
#define RAVI_WATCH_H

#include <stdbool.h>

#include "place.h"

/* Starts it unless it runs. The caller holds the folder's lock. */
int watch_start(const struct place *place, struct reason *why);

/* Whether this program was started as that process; then watch_main is its main. */
bool watch_is_wanted(char **argv);
int watch_main(int argc, char **argv);

/* Whether one runs for this folder. */
bool watch_runs(const struct place *place);

#endif

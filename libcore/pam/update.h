/* SPDX-License-Identifier: MIT */
/*
 * Debian's pam-auth-update: whether it still writes the common-* files. It leaves all of them alone when it
 * finds a line in one of them that it did not put there, says so on its standard error, and exits with 0.
 */
#ifndef RAVI_PAM_UPDATE_H
#define RAVI_PAM_UPDATE_H

#include <stdbool.h>

#include "util/reason.h"

/* Whether this system, or the one below `root`, has common-* files that pam-auth-update once wrote. */
bool update_is_used(const char *root);

/*
 * 0: it keeps them. 1: it does not, `what` names the file and the line that it did not write, or the mark
 * that is missing. A negative errno with `what` when they could not be read.
 */
int update_check(const char *root, struct reason *what);

/* Whether what it wrote last had the profile `name` in it. */
bool update_has(const char *root, const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Reads one key from the text of a git configuration file, by the rules of git-config(1): sections and
 * keys without regard to case, quotes and escapes, comments, continued lines, the last value wins.
 * Includes are not followed, and git is never run: what decides whose token is used must not depend on
 * a program in PATH or on what else a configuration can make git do.
 */
#ifndef RAVI_GITCONFIG_H
#define RAVI_GITCONFIG_H

#include <stddef.h>

#include "util/buf.h"

/*
 * The last value of `key` (small letters) in the section [`section`], not in its subsections. 1 with
 * `value` set; 0: it is not there; -EINVAL: git would refuse the file, or the key has no "= VALUE", in the
 * line `*line`; -ENOMEM.
 */
int gitconfig_last(const char *text, size_t len, const char *section, const char *key,
    struct buf *value, unsigned *line);

#endif

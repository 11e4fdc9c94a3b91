/* SPDX-License-Identifier: MIT */
/*
 * Finding the real program that a wrapper of ours stands in front of: the wrapper may itself be installed
 * (or linked) under that name, earlier in PATH, and must never find itself.
 */
#ifndef RAVI_PROGRAM_H
#define RAVI_PROGRAM_H

#include <limits.h>

#include "util/reason.h"

struct program_search {
	const char *name;       /* what PATH is searched for: "codex" */
	const char *variable;   /* of the environment, names the program and comes first; or NULL */
	const char *configured; /* the setting of the same meaning, comes next; or NULL */
	const char *setting;    /* what that setting is called, for the reason */
};

/*
 * The path of the program; empty where PATH has none. -ENOENT, -EACCES (there, and cannot be run) or -ELOOP
 * (it is this program), each with the reason.
 */
int program_find(const struct program_search *search, char path[PATH_MAX], struct reason *why);

#endif

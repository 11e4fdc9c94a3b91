/* SPDX-License-Identifier: MIT */
/*
 * Finding the real program that a wrapper of ours stands in front of: the wrapper may itself be installed
 * (or linked) under that name, earlier in PATH, and must never find itself.
 */
#ifndef RAVI_PROGRAM_H
#define RAVI_PROGRAM_H

#include <limits.h>
#include <sys/resource.h>

#include "util/reason.h"

/* What env(1) and shells exit with for a command that is there and cannot be run, and for none. */
#define EXIT_NOT_RUNNABLE 126
#define EXIT_NO_COMMAND   127

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

/* The one of the two that `error` (an errno, negative or not) stands for. */
int program_exit_code(int error);

/*
 * Becomes the program, with `count` arguments behind argv[0] and the core limit given back (nodump.h).
 * Comes back only when it cannot be run, with the exit code, after it has said why.
 */
int program_exec(
    const char *path, char *name, int count, char **arguments, const struct rlimit *core);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * One configuration file of git's: what is in it, and changes that remember what was there before, in the
 * file itself, so that they can be taken back:
 *
 *	[ravi-saved]
 *		key = user.email			one line for each key that we hold
 *	[ravi-saved "user.email"]
 *		value = somebody@example.org		what it was, in order; no line: it was not there
 */
#ifndef RAVI_GIT_CONFIG_SETTINGS_H
#define RAVI_GIT_CONFIG_SETTINGS_H

#include <limits.h>
#include <stdbool.h>

#include "git.h"

#define VALUES_MAX 64 /* of one key */

struct values {
	const char *items[VALUES_MAX];
	size_t count;
};

/* "key" as git lists it: section and variable in small letters, the subsection as it is. */
struct setting {
	const char *key;
	const char *value; /* NULL: the key stands alone, which is git's way to say true */
	const char *scope; /* "worktree", "local", ...; NULL where only one file was read */
	const char *origin;
};

struct settings {
	char path[PATH_MAX]; /* "": what holds, from all files */
	struct buf text;     /* what the settings point into */
	struct setting *items;
	size_t count;
};

#define settings_auto __attribute__((cleanup(settings_free))) struct settings

void settings_free(struct settings *settings);

/* Reads the file, which may be missing. */
int settings_load(
    const struct git *git, const char *path, struct settings *settings, struct reason *why);

/* Reads all that holds in the folder `top`, or with NULL for the user, in the order in which git does. */
int settings_load_all(
    const struct git *git, const char *top, struct settings *settings, struct reason *why);

/* All values of the key, in order: 0, or -E2BIG with the reason. */
int settings_values(
    const struct settings *settings, const char *key, struct values *values, struct reason *why);

/* The one that holds, or NULL. */
const struct setting *settings_last(const struct settings *settings, const char *key);

/* As git reads a boolean; `otherwise` when the key is not there. */
bool settings_bool(const struct settings *settings, const char *key, bool otherwise);

/*
 * The changes below write what differs from `settings`, which stay what they were when loaded: each key is
 * changed once at most.
 */

/* Gives the key exactly these values; none: removes it. */
int settings_set(const struct git *git, const struct settings *settings, const char *key,
    const struct values *values, struct reason *why);

/* The same for a key of ours; remembers what it was, unless we hold it already. */
int settings_hold(const struct git *git, const struct settings *settings, const char *key,
    const struct values *values, struct reason *why);

/* Puts back what was remembered. */
int settings_give_back(
    const struct git *git, const struct settings *settings, const char *key, struct reason *why);

/* The keys that we hold. */
int settings_held(const struct settings *settings, struct values *keys, struct reason *why);

/* Removes what was remembered of keys that we do not hold, as a kill between two writes leaves it. */
int settings_forget_strays(
    const struct git *git, const struct settings *settings, struct reason *why);

#endif

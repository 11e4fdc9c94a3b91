/* SPDX-License-Identifier: MIT */
/*
 * What ravi-fetch gives up before it says a word to the network: privileges and capabilities, every system
 * call that a client of HTTPS has no use for, and all files but those that names and certificates are looked
 * up in. Where the kernel has no Landlock the last is left to the modes of the files.
 */
#ifndef RAVI_FETCH_SANDBOX_H
#define RAVI_FETCH_SANDBOX_H

#include <stdbool.h>

#include "util/reason.h"

/* Becomes the user that ravi-fetch has, for good: 0 or a negative errno with the reason. Root only. */
int sandbox_leave_root(const char *user, struct reason *why);

/*
 * `ca` is a further file that stays readable, or NULL. `with_unix`: it may talk to the daemons of this machine that
 * look names up; not where it runs as an agent, whose other sockets it would reach as well. Call it last, with
 * libraries loaded.
 */
int sandbox_enter(const char *ca, bool with_unix, struct reason *why);

#endif

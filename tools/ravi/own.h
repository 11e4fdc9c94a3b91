/* SPDX-License-Identifier: MIT */
/*
 * What an agent sees of its own secrets: the ring that its login was given. It asks no vault and needs no
 * privilege.
 */
#ifndef RAVI_OWN_H
#define RAVI_OWN_H

#include <stdbool.h>

/* `identity` is --identity or NULL; both return an exit code. */
int own_get(const char *identity, const char *name, bool json);
int own_list(const char *identity, bool json);

#endif

/* SPDX-License-Identifier: MIT */
/* The folders of a machine with pam-ravi: see layout.h. tmpfiles.d/ravi.conf makes those below /run, too. */
#include <config.h>

#include <stddef.h>

#include "config/paths.h"
#include "layout.h"

const struct layout_folder layout_folders[] = {
    {RAVI_CONFDIR, 0755, false},
    {RAVI_STATEDIR, 0755, false},
    {PATH_VAULTS, 0700, false},
    {PATH_AGENTS, 0755, false},
    {PATH_IDENTITIES, 0755, false},
    {PATH_HOST_VAULT, 0700, false},
    {PATH_AUDIT, 0700, true},
    {RAVI_RUNDIR, 0711, true},
    {PATH_RINGS, 0700, true},
    {PATH_SESSIONS, 0700, true},
    {PATH_HOMES, 0711, true},
    {NULL, 0, false},
};

/* SPDX-License-Identifier: MIT */
/* The commands of ravi-pam. */
#ifndef RAVI_PAM_H
#define RAVI_PAM_H

#include <stdbool.h>

#include "util/cli.h"

#define RAVI_PAM_PROFILE "ravi"
#define RAVI_PAM_SELF    RAVI_LIBEXECDIR "/ravi-pam"

struct ravi_pam_values {
	const char *root; /* NULL: this system */
	bool runuser;
	bool json;
};

/* change.c */
int run_enable(void *values, int argc, char **argv);
int run_disable(void *values, int argc, char **argv);

/* status.c */
int run_status(void *values, int argc, char **argv);

/* The root without the slash at its end, "" for this system's. */
const char *ravi_pam_root(struct ravi_pam_values *values, char root[512]);

#endif

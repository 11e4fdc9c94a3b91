/* SPDX-License-Identifier: MIT */
/*
 * Taking in what codex wrote and nobody stored: every process of the agent may have been killed right
 * after a refresh, and the refresh token in the vault is worth nothing then. A child that has become the
 * agent for good reads and parses the agent's files; what it reports through a pipe is checked like any
 * other word of the agent's, and stored by the rule that the broker has (machine/grow.h).
 */
#ifndef RAVI_INTAKE_H
#define RAVI_INTAKE_H

#include <stdbool.h>
#include <sys/types.h>

#include "config/conf.h"
#include "util/deadline.h"
#include "util/reason.h"

struct intake {
	const char *user;
	uid_t uid; /* the owner of the folder */
	gid_t gid;
	const struct conf *conf;
	struct deadline deadline;
	bool even_running; /* do not leave it alone while a codex runs */
};

/* 0: all is stored, as conflicts where need be. 1: left alone, a codex runs. Or a negative errno. */
int intake_run(const struct intake *intake, struct reason *why);

#endif

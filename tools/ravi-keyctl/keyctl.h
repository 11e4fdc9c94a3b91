/* SPDX-License-Identifier: MIT */
/*
 * ravi-keyctl, from the inside: what its commands share. Each command is a file of its own; all of them
 * read the ring of the agent they run as, and nothing else.
 */
#ifndef RAVI_KEYCTL_H
#define RAVI_KEYCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "ring/inventory.h"
#include "util/jsonout.h"
#include "util/options.h"
#include "util/reason.h"

/* What can be asked for; a command's option table says which of it. */
struct request {
	const char *identity;
	struct option_list variables; /* VAR=NAME, or NAME */
	bool all;
	bool json;
};

/* The commands, as struct cli_command wants them: they return an exit code. */
int run_list(void *request, int argc, char **argv);
int run_print(void *request, int argc, char **argv);
int run_exec(void *request, int argc, char **argv);
int run_status(void *request, int argc, char **argv);

/* {"name", "expires_dt", "state"} */
void key_json(struct jsonout *j, const struct inventory_key *key);

#endif

/* SPDX-License-Identifier: MIT */
/* ravi-codex's own commands, as struct cli_command wants them: they return an exit code. */
#ifndef RAVI_CODEX_COMMANDS_H
#define RAVI_CODEX_COMMANDS_H

#include <stdbool.h>

struct request {
	const char *identity; /* --identity, or NULL */
	bool json;
};

int run_setup(void *request, int argc, char **argv);
int run_save(void *request, int argc, char **argv);
int run_status(void *request, int argc, char **argv);

#endif

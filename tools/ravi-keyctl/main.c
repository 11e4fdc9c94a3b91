/* SPDX-License-Identifier: MIT */
/* ravi-keyctl: what an agent does with the tokens in its ring. The table of its commands. */
#include <config.h>

#include "choice/offer.h"
#include "keyctl.h"
#include "util/cli.h"

#define IDENTITY                                                                                   \
	{                                                                                          \
		.name = "identity", .kind = OPTION_TEXT, .argument = "ID",                         \
		.offset = offsetof(struct request, identity),                                      \
		.help = "of this identity (else RAVI_IDENTITY, the worktree's, the default one)"   \
	}

#define JSON                                                                                       \
	{                                                                                          \
		.name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct request, json),     \
		.help = "print JSON"                                                               \
	}

static const struct option_row report_options[] = {IDENTITY, JSON, {0}};
static const struct option_row print_options[] = {IDENTITY, {0}};
static const struct option_row exec_options[] = {
    {.name = "env",
	.kind = OPTION_LIST,
	.letter = 'e',
	.argument = "VAR=NAME",
	.offset = offsetof(struct request, variables),
	.help = "secret NAME as the variable VAR; -e NAME is short for NAME=NAME"},
    {.name = "all",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct request, all),
	.help = "every secret of the identity, under its own name"},
    IDENTITY,
    {0},
};

static const struct cli_command commands[] = {
    {.name = "list",
	.summary = "List the names of the secrets in the ring, and when they expire",
	.options = report_options,
	.run = run_list},
    {.name = "print",
	.arguments = "NAME",
	.summary = "Print the value of a secret, as it is",
	.options = print_options,
	.least = 1,
	.most = 1,
	.run = run_print},
    {.name = "exec",
	.arguments = "-- COMMAND [ARGUMENT]...",
	.summary = "Run a command with secrets in its environment",
	.options = exec_options,
	.least = 1,
	.most = -1,
	.stop_at_first = true,
	.more = "Exits with 127 when the command is not found, 126 when it cannot be run, and\n"
		"otherwise the command's own status is what is left.",
	.run = run_exec},
    {.name = "status",
	.summary = "Tell which ring this process sees, what is in it, and what is missing",
	.options = report_options,
	.run = run_status},
    {0},
};

int main(int argc, char **argv)
{
	static const struct cli_program program = {
	    .name = "ravi-keyctl",
	    .summary = "Read the tokens that a login as an agent put into the kernel keyring.",
	    .commands = commands,
	    .complete = choice_offer,
	    .see = "ravi-keyctl(1), ravi(7)",
	};

	return cli_main(&program, argc, argv);
}

/* SPDX-License-Identifier: MIT */
/*
 * ravi-pam: puts pam_ravi into this system's login stacks, takes it out, and tells which services reach it.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "ravi-pam.h"
#include "util/process.h"

#define ROW(member) .name = #member, .offset = offsetof(struct ravi_pam_values, member)
#define ROOT                                                                                       \
	{                                                                                          \
		ROW(root), .kind = OPTION_TEXT, .argument = "DIR",                                 \
			   .help = "the system below DIR instead of this one"                      \
	}

static const struct option_row enable_options[] = {
    {ROW(runuser), .kind = OPTION_FLAG,
	.help = "add a line to /etc/pam.d/runuser, too, which no profile reaches"},
    ROOT,
    {0},
};

static const struct option_row options[] = {
    ROOT,
    {0},
};

static const struct option_row status_options[] = {
    ROOT,
    {ROW(json), .kind = OPTION_FLAG, .help = "print JSON"},
    {0},
};

const char *ravi_pam_root(struct ravi_pam_values *values, char root[512])
{
	size_t len;

	snprintf(root, 512, "%s", values->root ? values->root : "");
	for (len = strlen(root); len && root[len - 1] == '/'; len--)
		root[len - 1] = '\0';
	return root;
}

static const struct cli_command commands[] = {
    {.name = "enable",
	.summary = "Enable the profile \"ravi\" with pam-auth-update, and read back what it did",
	.options = enable_options,
	.run = run_enable},
    {.name = "disable",
	.summary = "Take all of that out again",
	.options = options,
	.run = run_disable},
    {.name = "status",
	.summary = "Tell for each service whether its stack reaches pam_ravi",
	.options = status_options,
	.run = run_status,
	.more = "Exits with 0 when every service but runuser does, with 1 when something is left "
		"to do."},
    {0},
};

static const struct cli_program program = {
    .name = "ravi-pam",
    .summary = "Puts pam_ravi into the login stacks of this system.",
    .commands = commands,
    .see = "pam_ravi(8), ravi(1)",
};

int main(int argc, char **argv)
{
	int r = process_expect_children();

	return r < 0 ? cli_fail(r, NULL) : cli_main(&program, argc, argv);
}

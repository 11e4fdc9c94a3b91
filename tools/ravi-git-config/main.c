/* SPDX-License-Identifier: MIT */
/*
 * ravi-git-config: gives a worktree, and no other, the identity that an agent works as in it: author,
 * token and signature. The table of commands is the whole program.
 */
#include <config.h>

#include "choice/offer.h"
#include "commands.h"
#include "util/process.h"

#define ROW(member) .name = #member, .offset = offsetof(struct request, member)

#define IDENTITY                                                                                   \
	{                                                                                          \
		ROW(identity), .kind = OPTION_TEXT, .letter = 'i', .argument = "ID",               \
			       .help = "this identity (else RAVI_IDENTITY, what the worktree is "  \
				       "bound to, the default one)"                                \
	}
#define JSON                                                                                       \
	{                                                                                          \
		ROW(json), .kind = OPTION_FLAG, .help = "print JSON"                               \
	}
#define USER                                                                                       \
	{                                                                                          \
		ROW(user), .kind = OPTION_FLAG,                                                    \
			   .help = "the user's own configuration, for every "                      \
				   "repository without a binding"                                  \
	}

static const struct option_row bind_options[] = {
    IDENTITY,
    {ROW(email), .kind = OPTION_TEXT, .argument = "ADDRESS",
	.help = "the address in commits (default: the identity's)"},
    {ROW(sign), .kind = OPTION_FLAG, .help = "sign commits and tags with the identity's key"},
    USER,
    JSON,
    {0},
};
static const struct option_row unbind_options[] = {USER, JSON, {0}};
static const struct option_row show_options[] = {IDENTITY, JSON, {0}};

static const struct cli_command commands[] = {
    {.name = "bind",
	.arguments = "[WORKTREE]",
	.summary = "Give a worktree alone an identity: author, token, signature",
	.options = bind_options,
	.most = 1,
	.run = run_bind,
	.more = "Without WORKTREE that of the working directory. Whatever was configured is kept "
		"beside it,\nand unbind puts it back."},
    {.name = "unbind",
	.arguments = "[WORKTREE]",
	.summary = "Put back what bind replaced",
	.options = unbind_options,
	.most = 1,
	.run = run_unbind},
    {.name = "show",
	.arguments = "[WORKTREE]",
	.summary = "Tell whom git takes the agent for here, and which file says so",
	.options = show_options,
	.most = 1,
	.run = run_show},
    {.name = "--which",
	.arguments = "[WORKTREE]",
	.summary = "Tell which identity and token are chosen here, and why",
	.options = show_options,
	.most = 1,
	.run = run_which},
    {0},
};

#undef ROW

int main(int argc, char **argv)
{
	static const struct cli_program program = {
	    .name = "ravi-git-config",
	    .summary = "Bind git worktrees to the identities that an agent carries.",
	    .commands = commands,
	    .complete = choice_offer,
	    .see = "ravi-git-config(1), git-credential-ravi(1), ravi-ssh-sign(1), ravi(7)",
	};
	int r = process_expect_children();

	return r < 0 ? cli_fail(r, NULL) : cli_main(&program, argc, argv);
}

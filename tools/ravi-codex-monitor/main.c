/* SPDX-License-Identifier: MIT */
/* ravi-codex-monitor: CodexMonitor's daemon on the tokens of the agent's ring. The table of its commands. */
#include <config.h>

#include "choice/offer.h"
#include "monitor.h"
#include "util/cli.h"
#include "vault/vault.h"

#define ROW(member, flag) .name = flag, .offset = offsetof(struct monitor, member)

#define IDENTITY                                                                                   \
	{                                                                                          \
		ROW(identity, "identity"),                                                         \
		    .kind = OPTION_TEXT, .argument = "ID",                                         \
		    .help = "the identity whose token it is (default: the user's default one)"     \
	}
#define LISTEN                                                                                     \
	{                                                                                          \
		ROW(listen, "listen"),                                                             \
		    .kind = OPTION_TEXT, .argument = "HOST:PORT",                                  \
		    .help = "where the daemon listens (default " DEFAULT_LISTEN ")"                \
	}
#define DATA_DIR                                                                                   \
	{                                                                                          \
		ROW(data_dir, "data-dir"),                                                         \
		    .kind = OPTION_TEXT, .argument = "DIR",                                        \
		    .help = "its folder (default ~/.local/share/codex-monitor-daemon)"             \
	}
#define JSON                                                                                       \
	{                                                                                          \
		ROW(json, "json"), .kind = OPTION_FLAG, .help = "print JSON"                       \
	}

static const struct option_row start_options[] = {
    IDENTITY,
    LISTEN,
    DATA_DIR,
    {ROW(codex_home, "codex-home"), .kind = OPTION_TEXT, .argument = "DIR",
	.help = "CODEX_HOME for the daemon's codex (default: the variable, or ~/.codex)"},
    {ROW(adopt, "adopt"), .kind = OPTION_FLAG,
	.help = "first move a token in clear from settings.json into the vault"},
    {ROW(which, "which"), .kind = OPTION_FLAG,
	.help = "tell whose token the daemon would get, and why; start nothing"},
    {ROW(print, "print"), .kind = OPTION_FLAG,
	.help =
	    "show whose token it is, the command line and its variables' names; start and change "
	    "nothing"},
    {ROW(json, "json"), .kind = OPTION_FLAG, .help = "with --which and --print: as JSON"},
    {0},
};
static const struct option_row status_options[] = {IDENTITY, LISTEN, DATA_DIR, JSON, {0}};
static const struct option_row worktrees_options[] = {
    DATA_DIR,
    {ROW(bind, "bind"), .kind = OPTION_FLAG,
	.help = "bind those without a binding that are named after an identity"},
    JSON,
    {0},
};

static const struct cli_command commands[] = {
    {.name = "",
	.arguments = "[DAEMON]",
	.summary = "Start CodexMonitor's daemon with its token from the ring",
	.options = start_options,
	.most = 1,
	.more = "Commands:\n"
		"  status                        whether it runs, and with this token\n"
		"  worktrees                     which of its worktrees is bound to which identity",
	.run = monitor_start},
    {.name = "status",
	.summary = "Tell whether the daemon runs, and with this token",
	.options = status_options,
	.run = monitor_status},
    {.name = "worktrees",
	.summary = "Tell which worktree is bound to which identity",
	.options = worktrees_options,
	.run = monitor_worktrees},
    {0},
};

static const struct cli_program program = {
    .name = "ravi-codex-monitor",
    .summary = "CodexMonitor's daemon on the tokens of the agent's ring.",
    .commands = commands,
    .complete = choice_offer,
    .see = "ravi-codex-monitor(1), ravi-codex(1), ravi(7)",
};

int main(int argc, char **argv)
{
	vault_memory_init();
	return cli_main(&program, argc, argv);
}

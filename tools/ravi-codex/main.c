/* SPDX-License-Identifier: MIT */
/*
 * ravi-codex: the real codex with the login that the agent's ring has, and what codex makes of that login
 * back into the vault. CodexMonitor takes it for codex itself, so every argument is codex's, but for a
 * first one that is setup, save, status, --identity, --which or --help.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "choice/offer.h"
#include "commands.h"
#include "launch.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "vault/vault.h"
#include "watch.h"

static const struct option_row options[] = {
    {.name = "identity",
	.kind = OPTION_TEXT,
	.argument = "ID",
	.offset = offsetof(struct request, identity),
	.help = "of this identity (else RAVI_IDENTITY, the worktree's, the default one)"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct request, json),
	.help = "print JSON"},
    {0},
};

static const struct cli_command commands[] = {
    {.name = "setup",
	.summary = "Set in codex's config.toml what keeps tokens out of files and model commands",
	.options = options,
	.run = run_setup},
    {.name = "save",
	.summary = "Store the login that `codex login` has made, and put a link in its place",
	.options = options,
	.run = run_save},
    {.name = "status",
	.summary = "Tell which login is stored, since when, and until when it is good",
	.options = options,
	.run = run_status},
    {0},
};

static const struct cli_program program = {
    .name = "ravi-codex",
    .summary = "Run codex with the agent's login. Every other argument is codex's, `help` too.",
    .commands = commands,
    .complete = choice_offer,
    .see = "ravi-codex(1), ravi(7)",
};

static bool is_command(const char *word)
{
	for (const struct cli_command *c = commands; word && c->name; c++)
		if (!strcmp(word, c->name))
			return true;
	return false;
}

/* --identity ID or --identity=ID at the front: how many words it takes, 0 when it is not there. */
static int take_identity(int argc, char **argv, const char **identity)
{
	static const char option[] = "--identity";
	size_t len = sizeof(option) - 1;

	if (!argc || strncmp(argv[0], option, len) != 0)
		return 0;
	if (argv[0][len] == '=') {
		*identity = argv[0] + len + 1;
		return 1;
	}
	if (argv[0][len] || argc < 2)
		return 0;
	*identity = argv[1];
	return 2;
}

/* Our own command, with an --identity that came before it put behind. */
static int run_command(const char *identity, int argc, char **argv)
{
	free_auto char **all = calloc((size_t)argc + 4, sizeof(*all));
	char name[] = "ravi-codex", option[] = "--identity";
	free_auto char *copy = identity ? strdup(identity) : NULL;
	int n = 0;

	if (!all || (identity && !copy))
		return cli_fail(-ENOMEM, NULL);
	all[n++] = name;
	all[n++] = argv[0];
	if (copy) {
		all[n++] = option;
		all[n++] = copy;
	}
	memcpy(all + n, argv + 1, (size_t)(argc - 1) * sizeof(*all));
	return cli_main(&program, n + argc - 1, all);
}

int main(int argc, char **argv)
{
	const char *identity = NULL;
	bool which = false, json = false, own = false;

	if (watch_is_wanted(argv))
		return watch_main(argc, argv);
	vault_memory_init();
	if (argc > 1 && !strcmp(argv[1], "--complete"))
		return cli_complete(&program, argc - 2, argv + 2);
	argc -= argc > 0;
	argv++;
	for (int taken = 1; argc && taken; own = own || taken) {
		taken = take_identity(argc, argv, &identity);
		if (!taken && !strcmp(argv[0], "--which")) {
			which = true;
			taken = 1;
		} else if (!taken && which && !strcmp(argv[0], "--json")) {
			json = true;
			taken = 1;
		}
		argc -= taken;
		argv += taken;
	}
	if (which)
		return launch_which(identity, json, argv);
	if (argc && !strcmp(argv[0], "--help"))
		return cli_help(&program, NULL);
	if (argc && is_command(argv[0]))
		return run_command(identity, argc, argv);
	/* Behind options of ours, `--` ends them; else it is codex's. */
	if (own && argc && !strcmp(argv[0], "--"))
		return launch(identity, argc - 1, argv + 1);
	return launch(identity, argc, argv);
}

/* SPDX-License-Identifier: MIT */
/*
 * ravi-gh: the real gh with the token of the identity that the worktree is bound to, in the environment of
 * that one exec. Called as `gh` (the shim that is put first in PATH) every argument is gh's; only as ravi-gh
 * it has options of its own, before the first argument.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choice/offer.h"
#include "choice/choice.h"
#include "config/conf.h"
#include "tokens.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/environment.h"
#include "util/file.h"
#include "util/nodump.h"
#include "util/program.h"
#include "util/table.h"
#include "util/text.h"

/* What gh itself exits with when it has no token. */
#define EXIT_NO_TOKEN 4

/* A gh in PATH that calls ravi-gh again must not do so for ever; aliases and extensions do it a few times. */
#define DEPTH     "RAVI_GH_DEPTH"
#define DEPTH_MAX 16

struct wish {
	const char *identity;
	bool which;
	bool json;
};

static int find_gh(const struct conf *conf, char path[PATH_MAX], struct reason *why)
{
	return program_find(
	    &(struct program_search){.name = "gh", .configured = conf->gh, .setting = "gh"}, path,
	    why);
}

/* What gh says about itself needs nobody's token. */
static bool needs_no_token(char **arguments)
{
	static const char *const words[] = {
	    "--version", "version", "--help", "-h", "help", "completion"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (arguments[0] && !strcmp(arguments[0], words[i]))
			return true;
	return false;
}

static int count_depth(struct reason *why)
{
	const char *text = getenv(DEPTH);
	uint64_t depth = 0;
	char next[24];

	if (text && text_number(text, 10, 0, DEPTH_MAX, &depth) < 0)
		depth = DEPTH_MAX;
	if (depth >= DEPTH_MAX)
		return reason_set(why, -ELOOP,
		    "the gh that is found calls ravi-gh again, %d times so far; name the real one "
		    "in "
		    "ravi.conf: gh = PATH",
		    DEPTH_MAX);
	snprintf(next, sizeof(next), "%u", (unsigned)depth + 1);
	return setenv(DEPTH, next, 1) < 0 ? -errno : 0;
}

static int fail_token(int error, const struct reason *why)
{
	int code = cli_fail(error, why);

	return code == EXIT_NOT_FOUND || code == EXIT_NO_RING ? EXIT_NO_TOKEN : code;
}

static int run_gh(const char *identity, int count, char **arguments)
{
	choice_token_auto token = {0};
	conf_auto conf = {0};
	struct reason why = {0};
	struct choice choice;
	char path[PATH_MAX], gh[] = "gh";
	struct rlimit core;
	int r = nodump_begin(&core);

	if (r == 0)
		r = choice_take_token(identity, &choice, &token, &why);
	if (r < 0 && !needs_no_token(arguments))
		return fail_token(r, &why);
	/* Settings that cannot be read say nothing about gh. */
	r = conf_load(&conf, 0, NULL, NULL, NULL, &why);
	if (r < 0)
		return cli_fail(r, &why);
	r = find_gh(&conf, path, &why);
	if (r < 0) {
		cli_fail(r, &why);
		return program_exit_code(r);
	}
	r = count_depth(&why);
	if (r == 0)
		r = environment_drop_tokens();
	if (r == 0)
		r = tokens_set(getenv("GH_HOST"), token.value.len ? token.value.data : NULL);
	return r < 0 ? cli_fail(r, &why) : program_exec(path, gh, count, arguments, &core);
}

static int run_which(const struct wish *wish)
{
	choice_token_auto token = {0};
	struct choice choice = {0};
	conf_auto conf = {0};
	struct reason why = {0};
	char path[PATH_MAX] = "";
	report_auto out = report_begin(wish->json, CHOICE_EXPLAIN_WIDTH);
	int r, r_print;

	r = choice_take_token(wish->identity, &choice, &token, &why);
	if (*choice.identity)
		choice_explain(&choice, r == 0 ? &token : NULL, &out);
	if (r == 0)
		r = conf_load(&conf, 0, NULL, NULL, NULL, &why);
	if (r == 0)
		r = find_gh(&conf, path, &why);
	if (*path) {
		report_text(&out, "variable", tokens_word(getenv("GH_HOST")));
		report_text(&out, "gh", path);
	}
	r_print = report_print(&out);
	if (r == 0 && r_print < 0)
		r = reason_errno(&why, r_print, "standard output");
	return r < 0 ? fail_token(r, &why) : EXIT_DONE;
}

static int run(void *values, int argc, char **argv)
{
	const struct wish *wish = values;

	if (wish->which)
		return run_which(wish);
	if (wish->json)
		return cli_usage("--json goes with --which; gh's own comes behind its command");
	return run_gh(wish->identity, argc, argv);
}

static const struct option_row options[] = {
    {.name = "identity",
	.kind = OPTION_TEXT,
	.argument = "ID",
	.offset = offsetof(struct wish, identity),
	.help = "as this identity (else RAVI_IDENTITY, the worktree's, the default one)"},
    {.name = "which",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct wish, which),
	.help = "tell whose token gh would get here, and why, and which gh; not the token"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct wish, json),
	.help = "with --which: as JSON"},
    {0},
};

static const struct cli_command commands[] = {
    {.name = "",
	.arguments = "[--] [GH-ARGUMENT]...",
	.summary = "Run gh as the identity that the worktree is bound to",
	.options = options,
	.most = -1,
	.stop_at_first = true,
	.more =
	    "Exits with 4 when there is no token, as gh does; gh is not run then. `ravi-gh help`,\n"
	    "`ravi-gh --version` and `ravi-gh completion` are gh's own, and need none.",
	.run = run},
    {0},
};

int main(int argc, char **argv)
{
	static const struct cli_program program = {
	    .name = "ravi-gh",
	    .summary = "gh with the token in the ring.",
	    .commands = commands,
	    .complete = choice_offer,
	    .see = "ravi-gh(1), gh(1), ravi(7)",
	};
	static char name[] = "ravi-gh";
	bool is_shim = strcmp(program_invocation_short_name, name) != 0;

	/* Whatever it was called as, messages are ours and not gh's. */
	program_invocation_short_name = name;
	if (is_shim || (argc > 1 && !strcmp(argv[1], "--version")))
		return run_gh(NULL, argc > 1 ? argc - 1 : 0, argv + (argc > 0));
	return cli_main(&program, argc, argv);
}

/* SPDX-License-Identifier: MIT */
/*
 * git-credential-ravi: the credential helper that gives git the token of the identity that its worktree is
 * bound to, from the kernel ring, and stores nothing.
 *
 * Of the four things git can be told, a helper that fails closed needs three: an answer, no answer (no host
 * of ours), and quit=1, which keeps git from asking the next helper, whose token is somebody else's. git
 * heeds quit=1 whatever the exit status is, so that one says what is the matter, as every tool's does.
 */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "choice/offer.h"
#include "choice/choice.h"
#include "config/conf.h"
#include "hosts.h"
#include "request.h"
#include "util/cli.h"
#include "util/file.h"
#include "util/nodump.h"

struct wish {
	const char *identity;
	bool which;
	bool json;
};

static int answer(const struct host *host, const struct choice_token *token, struct reason *why)
{
	buf_auto out = {0};
	int r;

	buf_addf(&out, "username=%s\npassword=%s\n", host->user, buf_text(&token->value));
	if (token->expires)
		buf_addf(&out, "password_expiry_utc=%lld\n", (long long)token->expires);
	r = out.error ? out.error : file_write_fd(STDOUT_FILENO, out.data, out.len);
	return r < 0 ? reason_errno(why, r, "standard output") : 0;
}

/* Says why, and that no other helper shall be asked for this host. */
static int quit(int error, const struct reason *why)
{
	static const char line[] = "quit=1\n";
	int code = cli_fail(error, why);

	/* Without a reader there is nobody to keep from going on. */
	if (file_write_fd(STDOUT_FILENO, line, strlen(line)) < 0)
		return EXIT_FAILED;
	return code;
}

static int run_get(const struct wish *wish)
{
	choice_token_auto token = {0};
	request_auto request = {0};
	conf_auto conf = {0};
	struct reason why = {0};
	struct choice choice;
	struct rlimit core;
	struct host host;
	int r = nodump_begin(&core);

	if (r == 0)
		r = request_read(STDIN_FILENO, &request, &why);
	if (r == 0)
		r = conf_load(&conf, 0, NULL, NULL, NULL, &why);
	if (r == 0 && request.host)
		r = host_find(&conf, request.protocol, request.host, &host, &why);
	if (r == 0)
		return EXIT_DONE;
	if (r > 0)
		r = choice_take_token(wish->identity, &choice, &token, &why);
	if (r == 0)
		r = answer(&host, &token, &why);
	return r < 0 ? quit(r, &why) : EXIT_DONE;
}

static int run_which(const struct wish *wish)
{
	choice_token_auto token = {0};
	conf_auto conf = {0};
	struct reason why = {0};
	struct choice choice = {0};
	report_auto out = report_begin(wish->json, CHOICE_EXPLAIN_WIDTH);
	int r, r_print;

	r = conf_load(&conf, 0, NULL, NULL, NULL, &why);
	if (r == 0)
		r = choice_take_token(wish->identity, &choice, &token, &why);
	if (*choice.identity)
		choice_explain(&choice, r == 0 ? &token : NULL, &out);
	if (r == 0)
		r = host_list(&conf, &out, &why);
	r_print = report_print(&out);
	if (r == 0 && r_print < 0)
		r = reason_errno(&why, r_print, "standard output");
	return r < 0 ? cli_fail(r, &why) : EXIT_DONE;
}

static int run(void *values, int argc, char **argv)
{
	const struct wish *wish = values;
	const char *operation = argc ? argv[0] : "";

	if (wish->which)
		return run_which(wish);
	if (wish->json)
		return cli_usage("--json goes with --which");
	if (!argc)
		return cli_usage("say get, store or erase, as git does, or --which");
	if (!strcmp(operation, "get"))
		return run_get(wish);
	/* Nothing is stored, nothing forgotten. git says that others are to be ignored, too. */
	return request_skip(STDIN_FILENO) < 0 ? EXIT_FAILED : EXIT_DONE;
}

static const struct option_row options[] = {
    {.name = "identity",
	.kind = OPTION_TEXT,
	.argument = "ID",
	.offset = offsetof(struct wish, identity),
	.help = "of this identity (else RAVI_IDENTITY, the worktree's, the default one)"},
    {.name = "which",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct wish, which),
	.help = "tell whose token would be given here, for which hosts, and why; not the token"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct wish, json),
	.help = "with --which: as JSON"},
    {0},
};

static const struct cli_command commands[] = {
    {.name = "",
	.arguments = "get|store|erase",
	.summary = "Give git the GitHub token of the identity that the worktree is bound to",
	.options = options,
	.most = 1,
	.more = "git calls it; `ravi-git-config bind` sets it up.",
	.run = run},
    {0},
};

int main(int argc, char **argv)
{
	static const struct cli_program program = {
	    .name = "git-credential-ravi",
	    .summary = "git's way to the token in the ring.",
	    .commands = commands,
	    .complete = choice_offer,
	    .see = "git-credential-ravi(1), gitcredentials(7), ravi(7)",
	};

	return cli_main(&program, argc, argv);
}

/* SPDX-License-Identifier: MIT */
/*
 * ravi identity lease: which machine uses an identity's Codex login, whose refresh token is good for one use. It
 * matters where a vault is at home at the service and several machines have it; ravi-codex asks for it.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "commands.h"
#include "identity.h"
#include "lease.h"
#include "util/cli.h"
#include "util/report.h"
#include "util/when.h"

struct lease_values {
	bool take_over, give_up, json;
};

#define ROW(member) .name = #member, .offset = offsetof(struct lease_values, member)

const struct option_row lease_options[] = {
    {.name = "take-over",
	.offset = offsetof(struct lease_values, take_over),
	.kind = OPTION_FLAG,
	.help = "use the login on this machine from now on, whichever has it"},
    {.name = "give-up",
	.offset = offsetof(struct lease_values, give_up),
	.kind = OPTION_FLAG,
	.help = "let it go: the next machine that asks gets it"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print JSON"},
    {0},
};

#undef ROW

/* ---- changing it ---- */

struct wish {
	const struct signer *own;
	bool over, give_up;
};

static int change(void *argument, struct vault *vault, struct reason *why)
{
	const struct wish *wish = argument;
	struct vault_lease lease, mine = {.holder = *wish->own, .since = time(NULL)};
	bool has = vault_lease(vault, &lease);
	int r = context_need_living(vault, why);

	if (r < 0)
		return r;
	if (has && !wish->over && !vault_lease_is(&lease, wish->own))
		return reason_set(why, -EACCES,
		    "the Codex login of %s is in use on %s; to use it here instead, say: ravi "
		    "identity "
		    "lease %s --take-over",
		    vault_name(vault), lease.host, vault_name(vault));
	if (wish->give_up)
		return has ? vault_set_lease(vault, NULL, why) : 1;
	if (has && vault_lease_is(&lease, wish->own))
		return 1;
	if (gethostname(mine.host, sizeof(mine.host)) < 0)
		*mine.host = '\0';
	mine.host[sizeof(mine.host) - 1] = '\0';
	return vault_set_lease(vault, &mine, why);
}

/* What this machine believed before it asked counts for nothing: a meeting before, and one after the change. */
static int apply(struct context *context, struct sync *sync, const char *identity,
    struct wish *wish, struct reason *why)
{
	struct synced synced;
	vault_auto vault = NULL;
	struct agent agent;
	int r = home_meet(context, sync, identity, &synced, why);

	if (r == 1)
		return reason_set(why, -EDESTADDRREQ,
		    "%s is at home on this machine alone, which needs no lease", identity);
	if (r == 0)
		r = machine_update(&context->machine, identity, change, wish, &vault, why);
	if (r == 0)
		r = home_meet(context, sync, identity, &synced, why);
	if (r == 0)
		r = identity_carrier(identity, &agent, why);
	return r < 0 ? r : home_show(context, &agent, identity, AGENT_ACTIVE, why);
}

/* Somebody else may have been faster: what the service has now decides. */
static int check_is_here(struct context *context, const char *identity, struct reason *why)
{
	vault_auto vault = NULL;
	struct vault_lease lease;
	int r = machine_vault(&context->machine, identity, NULL, &vault, why);

	if (r < 0)
		return r;
	if (!vault_lease(vault, &lease))
		return reason_set(why, -EBUSY,
		    "the lease of %s was given up on another machine at this moment; say it again",
		    identity);
	if (vault_lease_is(&lease, &context->machine.host.signer))
		return 0;
	return reason_set(why, -EACCES, "the Codex login of %s is in use on %s, which was faster",
	    identity, lease.host);
}

static void audit_lease(const char *identity, const char *how, int error, const struct reason *why)
{
	audit("lease", context_result(error), "identity", identity, "how", how, "cause",
	    error < 0 ? why->text : NULL, "by", context_uid().text, NULL);
}

int lease_take(
    struct context *context, struct sync *sync, const char *identity, bool over, struct reason *why)
{
	struct wish wish = {.own = &context->machine.host.signer, .over = over};
	int r = apply(context, sync, identity, &wish, why);

	if (r == 0)
		r = check_is_here(context, identity, why);
	audit_lease(identity, over ? "taken-over" : "taken", r, why);
	return r;
}

static int give_up(
    struct context *context, struct sync *sync, const char *identity, struct reason *why)
{
	struct wish wish = {.own = &context->machine.host.signer, .give_up = true};
	int r = apply(context, sync, identity, &wish, why);

	audit_lease(identity, "given-up", r, why);
	return r;
}

/* ---- the command ---- */

static int report(struct context *context, const char *identity, bool json)
{
	report_auto out = report_begin(json, 10);
	char since[WHEN_TEXT] = "";
	struct vault_lease lease;
	vault_auto vault = NULL;
	struct reason why = {0};
	int r = machine_vault(&context->machine, identity, NULL, &vault, &why);
	bool has;

	if (r < 0)
		return context_fail(r, &why);
	has = vault_lease(vault, &lease);
	when_format(lease.since, since);
	report_text(&out, "identity", identity);
	report_text(&out, "host", has ? lease.host : NULL);
	report_text(&out, "since", has ? since : NULL);
	jsonout_bool(&out.j, "here", has && vault_lease_is(&lease, &context->machine.host.signer));
	if (!has)
		report_say(&out, "No machine uses the Codex login; the next that asks gets it.");
	return report_print(&out) < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int run(struct context *context, const struct lease_values *values, const char *identity)
{
	sync_auto sync = {0};
	struct synced synced;
	struct reason why = {0};
	int r = context_open(context, &why);

	if (r == 0)
		r = sync_open(&context->conf, &context->machine, FETCH_COMMAND, &sync, &why);
	if (r == 0 && !conf_has_leases(&context->conf))
		r = reason_set(
		    &why, -EDESTADDRREQ, "with seal = off no vault can say who has a lease");
	if (r == 0 && values->take_over)
		r = lease_take(context, &sync, identity, true, &why);
	else if (r == 0 && values->give_up)
		r = give_up(context, &sync, identity, &why);
	else if (r == 0)
		r = home_meet(context, &sync, identity, &synced, &why);
	return r < 0 ? context_fail(r, &why) : report(context, identity, values->json);
}

int run_identity_lease(void *opaque, int argc, char **argv)
{
	const struct lease_values *values = opaque;
	context_auto context = {0};
	struct reason why = {0};
	int r = context_need_root("see and change leases", &why);

	(void)argc;
	if (r < 0)
		return cli_fail(r, &why);
	if (identity_name_check(argv[0], &why) < 0)
		return cli_usage("%s", why.text);
	if (values->take_over && values->give_up)
		return cli_usage("say either --take-over or --give-up, not both");
	return run(&context, values, argv[0]);
}

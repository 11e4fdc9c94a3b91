/* SPDX-License-Identifier: MIT */
/* ravi identity linger: whether a ring stays when the last session of its OS user has ended. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "commands.h"
#include "context.h"
#include "identity.h"
#include "util/cleanup.h"

struct lingering {
	struct context context;
	struct vault *vault;
	struct agent agent;
};

#define lingering_auto __attribute__((cleanup(lingering_free))) struct lingering

static void lingering_free(struct lingering *l)
{
	vault_free(l->vault);
	context_close(&l->context);
}

/* The setting is the OS user's, and so that of all identities it carries. */
static int change(struct lingering *l, const char *name, bool on, struct reason *why)
{
	fd_auto lock = agent_lock(why);
	int r;

	if (lock < 0)
		return lock;
	r = machine_vault(&l->context.machine, name, NULL, &l->vault, why);
	if (r == 0)
		r = context_need_living(l->vault, why);
	if (r == 0)
		r = identity_carrier(name, &l->agent, why);
	if (r == 0 && !l->agent.count)
		return reason_set(why, -ENOENT,
		    "no OS user carries identity %s; let one: ravi vault export - --identity %s | "
		    "ravi vault import - --user OSUSER",
		    name, name);
	if (r < 0 || l->agent.linger == on)
		return r;
	l->agent.linger = on;
	return agent_save(&l->agent, why);
}

static int report(const struct lingering *l, bool json)
{
	if (json)
		return identity_print(l->vault, &l->agent, true);
	printf("the ring of %s %s\n", l->agent.user,
	    l->agent.linger ? "stays after the last session" : "ends with the last session");
	return EXIT_DONE;
}

int run_identity_linger(void *opaque, int argc, char **argv)
{
	const struct identity_values *values = opaque;
	bool on = !strcmp(argv[1], "on");
	lingering_auto l = {0};
	struct reason why = {0};
	int r = context_need_root("change identities", &why), code;

	(void)argc;
	if (r < 0)
		return cli_fail(r, &why);
	if (identity_name_check(argv[0], &why) < 0)
		return cli_usage("%s", why.text);
	if (!on && strcmp(argv[1], "off") != 0)
		return cli_usage("say on or off, not \"%s\"", argv[1]);
	r = context_open(&l.context, &why);
	if (r == 0)
		r = change(&l, argv[0], on, &why);
	audit("identity-linger", context_result(r), "user", l.agent.count ? l.agent.user : NULL,
	    "identity", argv[0], "linger", argv[1], "by", context_uid().text, NULL);
	if (r < 0)
		return context_fail(r, &why);
	code = report(&l, values->json);
	/* On: there is a ring at once, session or not. Off: there is none any more unless a session lives. */
	r = context_refresh(&l.context, l.agent.user, &why);
	return r < 0 ? context_fail(r, &why) : code;
}

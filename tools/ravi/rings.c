/* SPDX-License-Identifier: MIT */
/* ravi reload, ravi release: the live rings. ravi-load does the work; its words are passed on. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "context.h"
#include "ring/session.h"

struct round {
	struct conf conf;
	bool all;     /* everybody's: who is not logged in is not worth a line */
	size_t count; /* with a ring now, or failed */
	int code;     /* of the last failure */
};

#define round_auto __attribute__((cleanup(round_free))) struct round

static void round_free(struct round *round)
{
	conf_free(&round->conf);
}

/* One line a user. One user's trouble does not keep it from the others. */
static void run_task(struct round *round, enum loader_task task, const char *user)
{
	struct loader_record record;
	struct reason why = {0};
	int r = context_loader(&round->conf, task, user, &record, &why);

	if (r < 0)
		round->code = context_fail(reason_prefix(&why, r, "%s: ", user), &why);
	else if (record.ring || !round->all)
		printf("%s: %s\n", user, record.text);
	round->count += r < 0 || record.ring;
}

/* Whether there is anything to load or to end for a user who is or was logged in. */
static bool is_concerned(const char *user)
{
	struct session_ring ring;
	struct agent agent;

	if (session_ring_load(user, &ring, NULL) != -ENOENT)
		return true;
	return agent_load(user, &agent, NULL) == 0 && agent.state == AGENT_ACTIVE;
}

static int reload_one(void *context, const char *user)
{
	if (is_concerned(user))
		run_task(context, LOADER_LOAD, user);
	return 0;
}

/* The user's own entry says whether there is anything to do. */
static int need_agent(const char *user, struct reason *why)
{
	struct agent agent;
	int r = agent_load(user, &agent, why);

	if (r == -ENOENT)
		return reason_set(
		    why, -ENOSECRET, "the OS user %s is no agent; see: ravi identity list", user);
	return r;
}

int run_reload(void *values, int argc, char **argv)
{
	round_auto round = {.all = !argc};
	struct reason why = {0};
	int r = context_need_root("load rings", &why);

	(void)values;
	if (r == 0)
		r = context_conf(&round.conf, &why);
	if (r == 0 && argc)
		r = need_agent(argv[0], &why);
	if (r == 0 && argc)
		run_task(&round, LOADER_LOAD, argv[0]);
	else if (r == 0)
		r = session_each_user(reload_one, &round, &why);
	if (r < 0)
		return context_fail(r, &why);
	if (round.all && !round.count)
		puts("no agent is logged in");
	return round.code;
}

int run_release(void *values, int argc, char **argv)
{
	round_auto round = {0};
	struct reason why = {0};
	int r = context_need_root("end rings", &why);

	(void)values;
	(void)argc;
	if (r == 0)
		r = context_conf(&round.conf, &why);
	if (r == 0)
		r = need_agent(argv[0], &why);
	if (r < 0)
		return context_fail(r, &why);
	run_task(&round, LOADER_RELEASE, argv[0]);
	return round.code;
}

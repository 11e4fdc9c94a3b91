/* SPDX-License-Identifier: MIT */
/* ravi reload, ravi release: the live rings. ravi-load does the work; its words are passed on. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "context.h"
#include "ring/session.h"
#include "util/report.h"
#include "util/terminal.h"

struct ring_values {
	bool json;
};

const struct option_row ring_options[] = {
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct ring_values, json),
	.help = "print JSON"},
    {0},
};

struct round {
	struct conf conf;
	bool all;     /* everybody's: who is not logged in is not worth a line */
	size_t count; /* with a ring now, or failed */
	int code;     /* of the last failure */
	struct progress progress;
	struct report out;
};

#define round_auto __attribute__((cleanup(round_free))) struct round

static void round_free(struct round *round)
{
	report_free(&round->out);
	conf_free(&round->conf);
}

static void add_json(
    struct jsonout *j, const char *user, int error, const struct loader_record *record)
{
	jsonout_open(j, NULL, '{');
	jsonout_text(j, "user", user);
	jsonout_bool(j, "ok", error >= 0);
	jsonout_bool(j, "ring", error >= 0 && record->ring);
	jsonout_number(j, "keys", error < 0 ? 0 : record->keys);
	jsonout_close(j, '}');
}

/* What was done is told, whatever else failed. An exit code. */
static int report(struct round *round)
{
	jsonout_close(&round->out.j, ']');
	if (report_print(&round->out) < 0)
		return EXIT_FAILED;
	return round->code;
}

/* One line a user. One user's trouble does not keep it from the others. */
static void run_task(struct round *round, enum loader_task task, const char *user)
{
	struct loader_record record;
	struct reason why = {0};
	int r = context_loader(&round->conf, task, user, &record, &why);

	if (r < 0)
		progress_clear(&round->progress);
	if (r < 0)
		round->code = context_fail(reason_prefix(&why, r, "%s: ", user), &why);
	else if (record.ring || !round->all)
		report_say(&round->out, "%s: %s", user, record.text);
	if (r < 0 || record.ring || !round->all)
		add_json(&round->out.j, user, r, &record);
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
	struct round *round = context;

	progress_step(&round->progress);
	if (is_concerned(user))
		run_task(round, LOADER_LOAD, user);
	return 0;
}

static int reload_all(struct round *round, struct reason *why)
{
	int r;

	round->progress = progress_begin("loading rings");
	r = session_each_user(reload_one, round, why);
	progress_end(&round->progress);
	return r;
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

int run_reload(void *opaque, int argc, char **argv)
{
	const struct ring_values *values = opaque;
	round_auto round = {.all = !argc, .out = report_begin(values->json, 0)};
	struct reason why = {0};
	int r = context_need_root("load rings", &why);

	if (r == 0)
		r = context_conf(&round.conf, &why);
	if (r == 0 && argc)
		r = need_agent(argv[0], &why);
	jsonout_open(&round.out.j, "users", '[');
	if (r == 0 && argc)
		run_task(&round, LOADER_LOAD, argv[0]);
	else if (r == 0)
		r = reload_all(&round, &why);
	if (r < 0)
		return context_fail(r, &why);
	if (round.all && !round.count)
		report_say(&round.out, "no agent is logged in");
	return report(&round);
}

int run_release(void *opaque, int argc, char **argv)
{
	const struct ring_values *values = opaque;
	round_auto round = {.out = report_begin(values->json, 0)};
	struct reason why = {0};
	int r = context_need_root("end rings", &why);

	(void)argc;
	if (r == 0)
		r = context_conf(&round.conf, &why);
	if (r == 0)
		r = need_agent(argv[0], &why);
	if (r < 0)
		return context_fail(r, &why);
	jsonout_open(&round.out.j, "users", '[');
	run_task(&round, LOADER_RELEASE, argv[0]);
	return report(&round);
}

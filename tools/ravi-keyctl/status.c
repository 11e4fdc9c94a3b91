/* SPDX-License-Identifier: MIT */
/* ravi-keyctl status: what this process sees, and what is missing. Nothing here reads a value. */
#include <config.h>

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "status.h"
#include "util/cli.h"

struct carried {
	char names[AGENT_IDENTITIES_MAX][IDENTITY_NAME_MAX + 1];
	size_t count;
};

void status_problem(struct status *status, const char *remedy, const char *format, ...)
{
	struct problem *problem;
	va_list args;

	if (status->problem_count++ >= STATUS_PROBLEMS_MAX)
		return;
	problem = &status->problems[status->problem_count - 1];
	va_start(args, format);
	vsnprintf(problem->what, sizeof(problem->what), format, args);
	va_end(args);
	snprintf(problem->remedy, sizeof(problem->remedy), "%s", remedy);
}

static void status_free(struct status *status)
{
	for (size_t i = 0; i < status->identity_count; i++)
		inventory_free(&status->identities[i]);
	free(status);
}

static void status_cleanup(struct status **status)
{
	if (*status)
		status_free(*status);
}

#define status_auto __attribute__((cleanup(status_cleanup))) struct status *

/* The other identities than the default one, whose profile carries no name in its description. */
static int carry(void *context, const struct ring_key *key)
{
	struct carried *carried = context;

	if (strcmp(key->name, RING_PROFILE) || !*key->identity ||
	    carried->count == AGENT_IDENTITIES_MAX - 1)
		return 0;
	strcpy(carried->names[carried->count++], key->identity);
	return 0;
}

static int take_identity(struct status *status, const char *identity, struct reason *why)
{
	struct inventory *inventory = &status->identities[status->identity_count++];

	return inventory_take(&status->ring, identity, inventory, why);
}

/* Which identity tools act as here, and why. Not being able to tell is something to mend, too. */
static void take_choice(struct status *status, const char *option)
{
	struct reason why = {0};

	status->has_choice = choice_make(&status->ring, option, NULL, &status->choice, &why) == 0;
	if (!status->has_choice)
		status_problem(status, "mend that, or say which: --identity, RAVI_IDENTITY",
		    "which identity tools act as here cannot be told: %s", why.text);
}

/* One identity when it was asked for by name, else all that the ring has, the default one first. */
static int take_identities(struct status *status, const char *option, struct reason *why)
{
	struct carried carried = {0};
	const char *identity = NULL;
	int r = 0;

	if (option)
		r = choice_vault(&status->ring, option, &status->choice, &identity, why);
	if (r == 0)
		r = take_identity(status, identity, why);
	if (r == 0 && !option)
		r = ring_each(&status->ring, carry, &carried, why);
	for (size_t i = 0; i < carried.count && r == 0; i++)
		r = take_identity(status, carried.names[i], why);
	return r;
}

/* The name service is asked only here, where nobody waits for a token. */
static void take_user(struct status *status)
{
	const struct passwd *user = NULL;

	status->uid = getuid();
	if (!status->has_ring)
		user = getpwuid(status->uid);
	snprintf(status->user, sizeof(status->user), "%.*s", USER_NAME_MAX,
	    status->has_ring ? status->ring.user
	    : user           ? user->pw_name
			     : "");
}

int run_status(void *values, int argc, char **argv)
{
	const struct request *request = values;
	status_auto status = calloc(1, sizeof(*status));
	struct reason why = {0};
	int r = 0;

	(void)argc;
	(void)argv;
	if (!status)
		return cli_fail(-ENOMEM, NULL);
	status->sight_count = ring_sights(status->sights, STATUS_SIGHTS_MAX);
	status->has_ring = ring_find(&status->ring, NULL) == 0;
	take_user(status);
	if (status->has_ring)
		r = take_identities(status, request->identity, &why);
	if (status->has_ring && r == 0)
		take_choice(status, request->identity);
	if (r < 0)
		return cli_fail(r, &why);
	diagnose(status);
	r = request->json ? status_print_json(status) : status_print_text(status);
	if (r < 0)
		return cli_fail(reason_errno(&why, r, "standard output"), &why);
	return status->has_ring ? EXIT_DONE : EXIT_NO_RING;
}

/* SPDX-License-Identifier: MIT */
/*
 * ravi status: what is there, who is logged in, what needs somebody. Root sees all identities; an agent
 * those that its ring has. It changes nothing.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "config/paths.h"
#include "context.h"
#include "identity.h"
#include "overview.h"
#include "own.h"
#include "pam/stack.h"
#include "ring/inventory.h"
#include "ring/session.h"
#include "sshkey/sshkey.h"
#include "util/terminal.h"
#include "util/when.h"

#define WITHIN (14 * 86400) /* seconds: what expires in less is told */

struct status_values {
	const char *within;
	bool json;
};

const struct option_row status_options[] = {
    {.name = "within",
	.kind = OPTION_TEXT,
	.argument = "DURATION",
	.offset = offsetof(struct status_values, within),
	.help = "tell what expires in less than this (default: 14d)"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct status_values, json),
	.help = "print JSON"},
    {0},
};

struct status {
	struct context context;
	struct overview overview;
	struct progress progress;
	int code;
};

#define status_auto __attribute__((cleanup(status_free))) struct status

static void status_free(struct status *status)
{
	overview_free(&status->overview);
	context_close(&status->context);
}

/* ---- root's ---- */

/* Whether any of the usual services has the module in its session stack: without, no login loads a ring. */
static bool pam_calls_us(void)
{
	static const char *const services[] = {
	    "sshd", "su-l", "su", "sudo", "login", "cron", "runuser-l", "systemd-user"};

	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++) {
		stack_auto stack = {0};

		if (stack_read("", services[i], STACK_SESSION, &stack, NULL) == 0 &&
		    stack_find(&stack, STACK_MODULE, 0) < stack.count)
			return true;
	}
	return false;
}

static enum ring_state ring_state(
    const struct agent *agent, const char *identity, const struct vault *vault)
{
	inventory_auto inventory = {0};
	struct session_ring recorded;
	struct ring ring = {0};
	bool is_default = !strcmp(agent->identities[0], identity);

	if (session_ring_load(agent->user, &recorded, NULL) < 0 ||
	    session_ring_is_ours(agent->user, recorded.id, NULL) != 1 ||
	    vault_state(vault) != AGENT_ACTIVE)
		return RING_STATE_NONE;
	ring.id = recorded.id;
	strcpy(ring.user, agent->user);
	if (inventory_take(&ring, is_default ? NULL : identity, &inventory, NULL) < 0 ||
	    inventory.profile.changing || !inventory_is_whole(&inventory))
		return RING_STATE_PARTIAL;
	return inventory.profile.revision == vault_revision(vault) ? RING_STATE_WHOLE
								   : RING_STATE_BEHIND;
}

struct expiry_walk {
	struct status *status;
	const char *identity;
	size_t own; /* secrets that an administrator or the agent stored */
};

static int look_at_secret(void *opaque, struct vault_secret *secret)
{
	struct expiry_walk *walk = opaque;
	struct overview *overview = &walk->status->overview;
	char command[SECRET_NAME_MAX + IDENTITY_NAME_MAX + 40];

	walk->own += strcmp(secret->name, SSHKEY_SECRET) != 0;
	overview_expiry(overview, walk->identity, secret->name, secret->expires);
	if (!secret->expires || secret->expires > overview->now)
		return 0;
	snprintf(command, sizeof(command), "ravi secrets set %s --identity %s", secret->name,
	    walk->identity);
	overview_next(overview, command, "it has expired");
	return 0;
}

/* What is amiss with one identity, and the command that mends it. */
static void advise(struct overview *overview, const struct overview_row *row,
    const struct vault *vault, const struct agent *agent, size_t own_secrets)
{
	char command[160];

	if (!row->user) {
		if (identity_uncarried(vault, agent->user, command, sizeof(command)))
			overview_next(overview, command,
			    "no OS user carries %s, so nobody logs in with it", row->identity);
		else
			overview_next(
			    overview, command, "no OS user carries it, and it has no secret");
		return;
	}
	if (!row->is_active) {
		snprintf(command, sizeof(command), "ravi identity enable %s", row->identity);
		overview_next(overview, command, "%s is disabled and has no ring", row->identity);
		return;
	}
	if (!own_secrets) {
		snprintf(command, sizeof(command), "ravi secrets set GH_TOKEN --identity %s",
		    row->identity);
		overview_next(overview, command, "%s has no secret yet", row->identity);
	}
	if (row->ring == RING_STATE_PARTIAL || row->ring == RING_STATE_BEHIND) {
		snprintf(command, sizeof(command), "ravi reload %s", row->user);
		overview_next(
		    overview, command, "the ring of %s is not what the vault says", row->identity);
	}
}

static int look_at_vault(struct status *status, const char *name, struct reason *why)
{
	struct expiry_walk walk = {.status = status, .identity = name};
	struct overview_row row = {.identity = name};
	struct session_sight sight = {0};
	vault_auto vault = NULL;
	struct agent agent;
	int r = machine_vault(&status->context.machine, name, NULL, &vault, why);

	if (r < 0 || vault_state(vault) == AGENT_DELETED)
		return r;
	r = identity_carrier(name, &agent, why);
	if (r == 0 && agent.count)
		r = session_look(agent.user, &sight, why);
	if (r < 0)
		return r;
	row.state = agent_state_word(vault_state(vault));
	row.is_active = vault_state(vault) == AGENT_ACTIVE;
	row.secrets = vault_secret_count(vault);
	row.revision = vault_revision(vault);
	if (agent.count) {
		row.user = agent.user;
		row.linger = agent.linger;
		row.sessions = (int)sight.living;
		row.last_login = sight.last_login;
		row.ring = ring_state(&agent, name, vault);
	}
	overview_add(&status->overview, &row);
	vault_each(vault, look_at_secret, &walk);
	advise(&status->overview, &row, vault, &agent, walk.own);
	return 0;
}

/* A vault that does not open is said and does not hide the others. */
static int look_at_one(void *opaque, const char *name)
{
	struct status *status = opaque;
	struct reason why = {0};
	int r = look_at_vault(status, name, &why);

	progress_step(&status->progress);
	if (r == 0)
		return 0;
	progress_clear(&status->progress);
	status->code = context_fail(r, &why);
	return 0;
}

/* What the machine as a whole lacks. */
static void advise_machine(struct overview *overview, bool all_open)
{
	if (!pam_calls_us())
		overview_next(overview, RAVI_LIBEXECDIR "/ravi-pam enable",
		    "no login stack calls pam_ravi, so none loads a ring; ravi doctor tells more");
	if (access(PATH_RECOVERY_KEY, F_OK) == 0)
		overview_next(overview, NULL,
		    PATH_RECOVERY_KEY " opens every vault: move it off this machine");
	if (!overview->rows && all_open)
		overview_next(
		    overview, "ravi identity create --name NAME", "there is no identity yet");
}

static int look_as_root(struct status *status, struct reason *why)
{
	int r;

	/* With vaults it was, and a new key would open none of them. */
	if (access(PATH_HOST_KEY, F_OK) < 0 && errno == ENOENT && !machine_has_vaults()) {
		overview_next(
		    &status->overview, "ravi init", "this machine has not been set up yet");
		return 0;
	}
	r = context_open(&status->context, why);
	if (r < 0)
		return r;
	status->progress = progress_begin("reading vaults");
	r = store_directory.list(status->context.machine.store, look_at_one, status, why);
	progress_end(&status->progress);
	advise_machine(&status->overview, status->code == EXIT_DONE);
	return r;
}

/* ---- an agent's ---- */

struct ring_walk {
	struct status *status;
	const struct ring *ring;
	struct reason *why;
};

static int look_at_ring(struct ring_walk *walk, const char *identity)
{
	struct overview *overview = &walk->status->overview;
	inventory_auto inventory = {0};
	struct overview_row row = {.state = "active", .is_active = true, .sessions = -1};
	int r = inventory_take(walk->ring, identity, &inventory, walk->why);

	if (r < 0)
		return r;
	row.identity = inventory.profile.name;
	row.user = walk->ring->user;
	row.secrets = inventory.count;
	row.revision = inventory.profile.revision;
	row.ring = inventory.profile.changing || !inventory_is_whole(&inventory)
		       ? RING_STATE_PARTIAL
		       : RING_STATE_WHOLE;
	overview_add(overview, &row);
	for (size_t i = 0; i < inventory.count; i++)
		overview_expiry(
		    overview, row.identity, inventory.keys[i].name, inventory.keys[i].expires);
	return 0;
}

static int look_at_profile(void *opaque, const struct ring_key *key)
{
	if (strcmp(key->name, RING_PROFILE) != 0)
		return 0;
	return look_at_ring(opaque, *key->identity ? key->identity : NULL);
}

static int look_as_agent(struct status *status, struct reason *why)
{
	struct ring ring;
	struct ring_walk walk = {.status = status, .ring = &ring, .why = why};
	int r = ring_find(&ring, why);

	if (r < 0 && !own_is_agent())
		return reason_set(why, -EPERM,
		    "only root may see all identities, and you are no agent; say: sudo ravi "
		    "status");
	if (r == 0)
		r = ring_each(&ring, look_at_profile, &walk, why);
	overview_next(
	    &status->overview, "ravi-keyctl status", "tells more about this login's ring");
	return r;
}

int run_status(void *opaque, int argc, char **argv)
{
	const struct status_values *values = opaque;
	status_auto status = {.overview = {.json = values->json, .within = WITHIN}};
	struct reason why = {0};
	int r;

	(void)argc;
	(void)argv;
	if (values->within && when_duration(values->within, &status.overview.within) < 0)
		return cli_usage(
		    "--within takes a duration (12h, 30d, 2w), not \"%s\"", values->within);
	overview_begin(&status.overview);
	r = geteuid() == 0 ? look_as_root(&status, &why) : look_as_agent(&status, &why);
	if (r < 0)
		return context_fail(r, &why);
	r = overview_print(&status.overview);
	return r < 0 ? context_fail(r, NULL) : status.code;
}

/* SPDX-License-Identifier: MIT */
/* What root's commands work on: see context.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "config/paths.h"
#include "context.h"
#include "util/cli.h"

#define UPDATE_TRIES        100
#define UPDATE_PAUSE_MAX    20    /* milliseconds between two */
#define LOADER_MILLISECONDS 15000 /* nobody waits for a login here */

int context_need_root(const char *what, struct reason *why)
{
	if (geteuid() == 0)
		return 0;
	return reason_set(why, -EPERM, "only root may %s; say it with sudo", what);
}

static void note_unknown(void *nothing, const char *where, const char *key)
{
	(void)nothing;
	cli_note("%s: unknown key \"%s\" ignored", where, key);
}

int context_conf(struct conf *conf, struct reason *why)
{
	return conf_load(conf, 0, NULL, note_unknown, NULL, why);
}

int context_open(struct context *context, struct reason *why)
{
	int r = context_conf(&context->conf, why);

	if (r < 0)
		return r;
	r = host_load(&context->host, why);
	if (r < 0)
		return r;
	r = store_directory.open(PATH_VAULTS, &context->store, why);
	if (r == -ENOENT)
		return reason_set(why, r, "%s is missing; run: ravi init", PATH_VAULTS);
	return r;
}

void context_close(struct context *context)
{
	store_directory.close(context->store);
	host_wipe(&context->host);
	conf_free(&context->conf);
}

int context_fail(int error, const struct reason *why)
{
	int code = cli_fail(error, why);

	return code == EXIT_USAGE ? EXIT_FAILED : code;
}

/* All living identities of this machine, up to what a message holds. */
struct census {
	size_t count;
	char first[IDENTITY_NAME_MAX + 1];
	char names[240];
};

static int count_agent(void *context, const struct agent *agent)
{
	struct census *census = context;

	for (size_t i = 0; i < agent->count; i++) {
		size_t used = strlen(census->names);

		/* The state is the default identity's; deleted additional ones are dropped. */
		if (i == 0 && agent->state == AGENT_DELETED)
			continue;
		if (!census->count++)
			strcpy(census->first, agent->identities[i]);
		snprintf(census->names + used, sizeof(census->names) - used, "%s%s",
		    used ? ", " : "", agent->identities[i]);
	}
	return 0;
}

int context_identity(const char *named, char identity[IDENTITY_NAME_MAX + 1], struct reason *why)
{
	const char *name = named ? named : getenv("RAVI_IDENTITY");
	struct census census = {0};
	int r;

	if (name && *name) {
		r = identity_name_check(name, why);
		if (r == 0)
			strcpy(identity, name);
		return r;
	}
	r = agent_each(count_agent, &census, why);
	if (r < 0)
		return r == -EINVAL ? -EBADMSG : r;
	if (!census.count)
		return reason_set(why, -ENOSECRET,
		    "there is no identity yet; make one: ravi identity create --name NAME");
	if (census.count > 1)
		return reason_set(why, -EINVAL,
		    "which identity? say --identity NAME or set RAVI_IDENTITY: %s", census.names);
	strcpy(identity, census.first);
	return 0;
}

int context_vault(struct context *context, const char *identity, struct buf *sealed,
    struct vault **vault, struct reason *why)
{
	buf_auto own = {0};
	int r;

	if (!sealed)
		sealed = &own;
	r = store_directory.get(context->store, identity, sealed, why);
	if (r == -ENOENT)
		return reason_set(
		    why, -ENOSECRET, "there is no identity %s; see: ravi identity list", identity);
	if (r < 0)
		return r;
	r = vault_open(&context->host, sealed->data, sealed->len, vault, why);
	/* ENOKEY stands for "no such secret" everywhere else. */
	if (r < 0)
		return reason_prefix(
		    why, r == -ENOKEY ? -EKEYREJECTED : r, "vault of %s: ", identity);
	if (strcmp(vault_name(*vault), identity))
		return reason_set(why, -ENOMSG,
		    "%s/%s.age is the vault of %s; put the right one "
		    "there",
		    PATH_VAULTS, identity, vault_name(*vault));
	return 0;
}

int context_need_living(const struct vault *vault, struct reason *why)
{
	if (vault_state(vault) != AGENT_DELETED)
		return 0;
	return reason_set(why, -ENOSECRET,
	    "identity %s is deleted; start it again: ravi identity create --name %s",
	    vault_name(vault), vault_name(vault));
}

/* A random while, so that writers who collided do not collide again. */
static void pause_a_little(void)
{
	unsigned random = 0;

	if (getrandom(&random, sizeof(random), 0) < 0)
		random = (unsigned)getpid();
	nanosleep(&(struct timespec){.tv_nsec = (1 + random % UPDATE_PAUSE_MAX) * 1000000L}, NULL);
}

static int update_once(struct context *context, const char *identity,
    int (*change)(void *argument, struct vault *vault, struct reason *why), void *argument,
    struct vault **vault, struct reason *why)
{
	buf_auto held = {0};
	buf_auto next = {0};
	int r;

	r = context_vault(context, identity, &held, vault, why);
	if (r < 0)
		return r;
	r = change(argument, *vault, why);
	if (r)
		return r < 0 ? r : 0;
	r = vault_seal(*vault, &context->host, &next, why);
	if (r < 0)
		return r;
	return store_directory.put(context->store, identity, &held, &next, why);
}

int context_update(struct context *context, const char *identity,
    int (*change)(void *argument, struct vault *vault, struct reason *why), void *argument,
    struct vault **vault, struct reason *why)
{
	for (int i = 0; i < UPDATE_TRIES; i++) {
		int r = update_once(context, identity, change, argument, vault, why);

		if (r != -ESTALE)
			return r;
		vault_free(*vault);
		*vault = NULL;
		pause_a_little();
	}
	return reason_set(why, -EBUSY,
	    "the vault of %s changed under each of %d tries; say it again", identity, UPDATE_TRIES);
}

int context_loader(const struct conf *conf, enum loader_task task, const char *user,
    struct loader_record *record, struct reason *why)
{
	const struct loader_request request = {
	    .task = task, .user = user, .reach = conf_reach_word(conf->reach)};
	int r = loader_run(&request, deadline_in(LOADER_MILLISECONDS), record, why);

	/* Exit code 6 is for stores and services. */
	if (r == -ETIMEDOUT)
		return -EIO;
	if (r == 0 && record->error < 0)
		return reason_set(why, record->error, "%s",
		    *record->text ? record->text : strerror(-record->error));
	return r;
}

int context_refresh(const struct context *context, const char *user, struct reason *why)
{
	struct loader_record record;
	struct agent agent;
	int r = agent_load(user, &agent, why);

	if (r == -ENOENT || (r == 0 && agent.state != AGENT_ACTIVE))
		return 0;
	if (r == 0)
		r = context_loader(&context->conf, LOADER_LOAD, user, &record, why);
	/* The user lingers and reach=session: there is nothing to link a ring into before the next login. */
	if (r == -ENOTCONN)
		return 0;
	if (r < 0)
		return reason_prefix(why, -EIO,
		    "stored, but the ring of %s could not be loaded (say: ravi reload %s): ", user,
		    user);
	return 0;
}

int context_release(const struct context *context, const char *user, struct reason *why)
{
	struct loader_record record;
	int r = context_loader(&context->conf, LOADER_RELEASE, user, &record, why);

	if (r < 0)
		return reason_prefix(why, -EIO,
		    "stored, but the ring of %s could not be ended (say: ravi release %s): ", user,
		    user);
	return 0;
}

const char *context_result(int error)
{
	if (error >= 0)
		return "done";
	return error == -EPERM || error == -EACCES || error == -EKEYREJECTED ? "denied" : "failed";
}

struct uid_text context_uid(void)
{
	struct uid_text uid;

	snprintf(uid.text, sizeof(uid.text), "%u", getuid());
	return uid;
}

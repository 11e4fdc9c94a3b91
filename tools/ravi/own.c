/* SPDX-License-Identifier: MIT */
/* What an agent sees of its own secrets, and how it changes them: see own.h. */
#include <config.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/client.h"
#include "choice/choice.h"
#include "own.h"
#include "ring/ring.h"
#include "secret.h"
#include "util/cli.h"

struct own {
	struct ring ring;
	struct ring_profile profile;
	bool json;
	struct jsonout j;
	struct table table;
};

#define own_auto __attribute__((cleanup(own_free))) struct own

static void own_free(struct own *own)
{
	ring_profile_free(&own->profile);
	jsonout_free(&own->j);
	table_free(&own->table);
}

/* Finds the ring and the identity that is meant. */
static int own_open(struct own *own, const char *identity, struct reason *why)
{
	struct choice choice;
	const char *chosen;
	int r = ring_find(&own->ring, why);

	if (r == 0)
		r = choice_vault(&own->ring, identity, &choice, &chosen, why);
	if (r == 0)
		r = ring_read_profile(&own->ring, chosen, &own->profile, why);
	return r;
}

/* How the ring calls the identity. */
static const char *ring_identity(const struct own *own)
{
	return own->profile.is_default ? NULL : own->profile.name;
}

/* What the ring knows of the key beside its value; another version than it holds is the vault's. */
static int fill_version(
    const struct own *own, struct vault_secret *secret, uint64_t wanted, struct reason *why)
{
	secret->expires = ring_profile_expires(&own->profile, secret->name);
	secret->version = ring_profile_version(&own->profile, secret->name, &secret->updated);
	if (!wanted || wanted == secret->version)
		return 0;
	return reason_set(why, -EPERM,
	    "only root may read earlier versions; an administrator can: ravi secrets get %s "
	    "--version %llu --identity %s",
	    secret->name, (unsigned long long)wanted, own->profile.name);
}

int own_get(const char *identity, const char *name, uint64_t version, bool json)
{
	vault_secret_auto secret = {.name = name};
	own_auto own = {0};
	struct reason why = {0};
	int r = own_open(&own, identity, &why);

	if (r < 0)
		return cli_fail(r, &why);
	r = ring_read(&own.ring, ring_identity(&own), name, &secret.value, &why);
	if (r == -ENOSECRET)
		reason_set(&why, r,
		    "identity %s has no secret %s; an administrator stores it with: "
		    "ravi secrets set %s --identity %s",
		    own.profile.name, name, name, own.profile.name);
	if (r == 0)
		r = fill_version(&own, &secret, version, &why);
	if (r < 0)
		return cli_fail(r, &why);
	return secret_print(own.profile.name, &secret, json);
}

static int list_key(void *context, const struct ring_key *key)
{
	struct own *own = context;
	const char *identity = own->profile.is_default ? "" : own->profile.name;
	struct vault_secret secret = {.name = key->name};

	if (strcmp(key->identity, identity) || !strcmp(key->name, RING_PROFILE) ||
	    key->state == RING_KEY_REVOKED)
		return 0;
	fill_version(own, &secret, 0, NULL);
	if (own->json) {
		secret_json(&own->j, own->profile.name, &secret, false);
		return 0;
	}
	table_add(&own->table, key->name);
	secret_add_expiry(&own->table, secret.expires);
	return 0;
}

int own_list(const char *identity, bool json)
{
	own_auto own = {.json = json};
	struct reason why = {0};
	int r = own_open(&own, identity, &why);

	if (r < 0)
		return cli_fail(r, &why);
	own.table = table_make("NAME", "EXPIRES", NULL);
	jsonout_open(&own.j, NULL, '[');
	r = ring_each(&own.ring, list_key, &own, &why);
	jsonout_close(&own.j, ']');
	if (r == 0)
		r = json ? jsonout_print(&own.j) : table_print(&own.table);
	return r < 0 ? cli_fail(r, &why) : EXIT_DONE;
}

/* ---- writing ---- */

static int own_agent(struct agent *agent, struct reason *why)
{
	const struct passwd *pw = getpwuid(geteuid());
	int r = pw ? agent_load(pw->pw_name, agent, why) : -ENOENT;

	return r == -ENOENT ? reason_set(why, -EPERM, "uid %u is no agent", geteuid()) : r;
}

bool own_is_agent(void)
{
	struct agent agent;

	return own_agent(&agent, NULL) == 0;
}

/*
 * Whose secret is written: who is named need not have a ring yet, else it is the one that is read here. The
 * broker says whether it may.
 */
static int own_identity(
    const char *option, char identity[IDENTITY_NAME_MAX + 1], struct reason *why)
{
	const char *named = option ? option : secure_getenv("RAVI_IDENTITY");
	struct choice choice = {0};
	const char *chosen;
	struct ring ring;
	int r;

	if (named && *named) {
		r = identity_name_check(named, why);
		if (r == 0)
			strcpy(identity, named);
		return r;
	}
	r = ring_find(&ring, why);
	if (r == 0)
		r = choice_vault(&ring, NULL, &choice, &chosen, why);
	strcpy(identity, choice.identity);
	return r;
}

int own_set(const char *option, const struct vault_change *change, bool json)
{
	struct broker_write write = {.name = change->name,
	    .value = change->value,
	    .len = change->len,
	    .expires = change->expires,
	    .note = change->note};
	struct vault_secret stored = {.name = change->name, .expires = change->expires};
	char identity[IDENTITY_NAME_MAX + 1];
	struct reason why = {0};
	int r = own_identity(option, identity, &why);

	write.identity = identity;
	if (r == 0)
		r = broker_set(&write, deadline_in(BROKER_MILLISECONDS), &stored.version, &why);
	if (r < 0)
		return cli_fail(r, &why);
	return secret_print_stored(identity, &stored, json);
}

int own_delete(const char *option, const char *name, bool json)
{
	char identity[IDENTITY_NAME_MAX + 1];
	struct reason why = {0};
	int r = own_identity(option, identity, &why);

	if (r == 0)
		r = broker_delete(identity, name, deadline_in(BROKER_MILLISECONDS), &why);
	return r < 0 ? cli_fail(r, &why) : secret_print_deleted(identity, name, json);
}

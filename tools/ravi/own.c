/* SPDX-License-Identifier: MIT */
/* What an agent sees of its own secrets: see own.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

int own_get(const char *identity, const char *name, bool json)
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
	if (r < 0)
		return cli_fail(r, &why);
	secret.expires = ring_profile_expires(&own.profile, name);
	return secret_print(own.profile.name, &secret, json);
}

static int list_key(void *context, const struct ring_key *key)
{
	struct own *own = context;
	const char *identity = own->profile.is_default ? "" : own->profile.name;
	const struct vault_secret secret = {
	    .name = key->name, .expires = ring_profile_expires(&own->profile, key->name)};

	if (strcmp(key->identity, identity) || !strcmp(key->name, RING_PROFILE) ||
	    key->state == RING_KEY_REVOKED)
		return 0;
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

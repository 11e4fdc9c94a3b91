/* SPDX-License-Identifier: MIT */
/* Storing what a program has made of a secret: see grow.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "machine/grow.h"
#include "machine/policy.h"

static bool same(const struct buf *held, const void *value, size_t len)
{
	return held->len == len && !memcmp(held->data, value, len);
}

/*
 * NAME_CONFLICT, with a name that is too long for that cut; shorter by one where that would be the very name:
 * what came would take the place of what is there.
 */
static void conflict_name(const char *name, char conflict[SECRET_NAME_MAX + 1])
{
	int room = SECRET_NAME_MAX - (int)strlen(GROW_CONFLICT);

	snprintf(conflict, SECRET_NAME_MAX + 1, "%.*s" GROW_CONFLICT, room, name);
	if (!strcmp(conflict, name))
		snprintf(conflict, SECRET_NAME_MAX + 1, "%.*s" GROW_CONFLICT, room - 1, name);
}

/* What a reason and a note call that which it grew from. */
static const char *base_words(const struct grow *grow, char words[32])
{
	if (grow->base)
		snprintf(words, 32, "version %llu", (unsigned long long)grow->base);
	else
		strcpy(words, "no version that it has");
	return words;
}

static int keep_conflict(struct vault *vault, const struct grow *grow, uint64_t present, time_t now,
    bool *kept, struct reason *why)
{
	vault_secret_auto before = {0};
	char name[SECRET_NAME_MAX + 1], note[128], now_has[40] = "none", words[32];
	const char *base = base_words(grow, words);
	struct vault_change change = grow->change;
	int r, has;

	conflict_name(grow->change.name, name);
	if (present)
		snprintf(now_has, sizeof(now_has), "version %llu", (unsigned long long)present);
	has = vault_get(vault, name, &before, NULL) == 0;
	if (has && change.by_agent && !before.by_agent)
		return reason_set(why, -ESTALE,
		    "this %s grew from %s, and the vault of %s has %s; it was not kept: "
		    "%s there is an administrator's",
		    grow->change.name, base, vault_name(vault), now_has, name);
	if (!has || !same(&before.value, change.value, change.len)) {
		snprintf(note, sizeof(note), "grew from %s while the vault had %s", base, now_has);
		change.name = name;
		change.note = note;
		r = vault_set(vault, &change, now, why);
		if (r < 0)
			return r;
		*kept = true;
	}
	return reason_set(why, -ESTALE,
	    "this %s grew from %s, and the vault of %s has %s; it is kept as %s there",
	    grow->change.name, base, vault_name(vault), now_has, name);
}

/* Whether it did not grow from what the vault has: `held`, all zero when it has none. */
static bool is_stale(const struct grow *grow, const struct vault_secret *held, time_t now)
{
	bool has = held->version != 0;

	if (has && grow->sent && same(&held->value, grow->sent->data, grow->sent->len))
		return false;
	if (grow->from_none)
		return has && (!held->expires || held->expires > now);
	if (!grow->base)
		return false;
	return held->version != grow->base ||
	       (grow->from && !same(&held->value, grow->from->data, grow->from->len));
}

int grow_vault(struct vault *vault, const struct grow *grow, time_t now, uint64_t *version,
    bool *kept, struct reason *why)
{
	struct vault_change change = grow->change;
	vault_secret_auto held = {0};
	int r = vault_get(vault, grow->change.name, &held, why);

	*kept = false;
	if (r < 0 && r != -ENOKEY)
		return r;
	if (r == 0 && same(&held.value, grow->change.value, grow->change.len)) {
		*version = held.version;
		return 1;
	}
	if (is_stale(grow, &held, now))
		return keep_conflict(vault, grow, held.version, now, kept, why);
	if (grow->keeps_expiry)
		change.expires = held.expires;
	r = vault_set(vault, &change, now, why);
	*version = held.version + 1;
	return r;
}

struct growing {
	const struct grow *grow;
	uint64_t version;
	bool stale;
	struct reason stale_why;
};

/* What an agent made goes only where the broker would let it write. */
static int check_policy(const struct grow *grow, const struct vault *vault, struct reason *why)
{
	const char *name = grow->change.name;
	vault_secret_auto held = {0};
	int r;

	if (!grow->policy)
		return 0;
	r = vault_get(vault, name, &held, NULL);
	if (r < 0 && r != -ENOKEY)
		return r;
	return policy_check(
	    grow->policy, vault_name(vault), "set", name, r < 0 || held.by_agent, why);
}

static int grow_change(void *argument, struct vault *vault, struct reason *why)
{
	struct growing *g = argument;
	bool kept;
	int r;

	if (vault_state(vault) == AGENT_DELETED)
		return reason_set(why, -ENOKEY, "identity %s is deleted", vault_name(vault));
	r = check_policy(g->grow, vault, why);
	if (r < 0)
		return r;
	r = grow_vault(vault, g->grow, time(NULL), &g->version, &kept, why);
	g->stale = r == -ESTALE;
	if (!g->stale)
		return r;
	if (why)
		g->stale_why = *why;
	/* For machine_update -ESTALE is a race that another try wins; this one none wins. */
	return kept ? 0 : 1;
}

int grow_store(struct machine *machine, const char *identity, const struct grow *grow,
    uint64_t *version, struct reason *why)
{
	struct growing growing = {.grow = grow};
	struct reason own = {0};
	vault_auto vault = NULL;
	int r;

	if (!why)
		why = &own;
	r = machine_update(machine, identity, grow_change, &growing, &vault, why);
	if (r < 0)
		return r;
	if (growing.stale)
		return reason_set(why, -ESTALE, "%s", growing.stale_why.text);
	*version = growing.version;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Copies of vaults at a login: see fresh.h. */
#include <config.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>

#include "fresh.h"
#include "sync/base.h"
#include "sync/state.h"
#include "sync/sync.h"
#include "sync/wanted.h"
#include "util/when.h"

#define ANSWER_MARGIN 300 /* ms of the login's time that are left for the rest of it */

/* The login waits: one meeting, in what is left of its time. */
static int meet(struct fresh *fresh, const char *identity, struct reason *why)
{
	sync_auto sync = {0};
	struct synced synced = {0};
	int r = sync_open(fresh->conf, fresh->machine, FETCH_LOGIN, &sync, why);

	if (r < 0)
		return r;
	sync.account.deadline.at = fresh->deadline.at - ANSWER_MARGIN;
	r = sync_identity(&sync, identity, &synced, why);
	if (synced.notes.len)
		syslog(LOG_WARNING, "%s", synced.notes.data);
	buf_free(&synced.notes);
	return r;
}

/* Whether the identity is at home at the service: this machine has a key for it there. */
static bool has_home(const struct fresh *fresh, const struct vault *vault)
{
	char name[SECRET_NAME_MAX + 1];
	buf_auto key = {0};

	wallet_name(WALLET_IDENTITY, vault_uuid(vault), name);
	return wallet_get(fresh->wallet, name, fresh->conf->service_url, &key, NULL) == 0;
}

/* The background looks for news. What kept it from them the last time is worth one warning. */
static void look_later(struct fresh *fresh, const char *identity, int64_t age)
{
	buf_auto trouble = {0};
	struct reason why = {0};
	char text[64];

	when_describe_ago(age, text, sizeof(text));
	if (state_read(identity, STATE_TROUBLE, &trouble) == 0)
		syslog(LOG_WARNING, "%s: the copy of %s serves: %s", identity, text,
		    buf_text(&trouble));
	if (wanted_note(identity, WANTED_SYNC, &why) < 0)
		syslog(LOG_WARNING, "%s", why.text);
	fresh->wants_sync = true;
}

/* 1: the copy was compared, and may be another one now. */
static int look_now(
    struct fresh *fresh, const char *identity, int64_t age, const char *rule, struct reason *why)
{
	char text[64];
	int r = meet(fresh, identity, why);

	if (r >= 0)
		return 1;
	when_describe_ago(age, text, sizeof(text));
	return reason_prefix(why, r,
	    "the copy of the vault of %s was compared with the service %s, %s wants newer: ",
	    identity, text, rule);
}

static int check_age(
    struct fresh *fresh, const char *identity, const struct vault *vault, struct reason *why)
{
	const struct conf *conf = fresh->conf;
	int64_t age = 0;
	int r = base_age(identity, &age, why);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && age <= conf->max_age)
		return 0;
	if (!has_home(fresh, vault))
		return 0;
	if (conf->required_fresh)
		return look_now(fresh, identity, age, "required_fresh", why);
	if (r == 0 && age > conf->offline_max)
		return look_now(fresh, identity, age, "offline_max", why);
	look_later(fresh, identity, age);
	return 0;
}

static int read_again(
    struct fresh *fresh, const char *identity, struct vault **vault, struct reason *why)
{
	vault_free(*vault);
	*vault = NULL;
	return machine_vault(fresh->machine, identity, NULL, vault, why);
}

int fresh_vault(struct fresh *fresh, const char *identity, struct vault **vault, struct reason *why)
{
	int r = machine_vault(fresh->machine, identity, NULL, vault, why);

	if (!conf_has_remote_store(fresh->conf))
		return r;
	if (r == -ENOKEY ||
	    (r == 0 && wallet_is_former(fresh->wallet, fresh->conf->service_url, *vault))) {
		r = meet(fresh, identity, why);
		return r < 0 ? reason_prefix(
				   why, r, "the vault of %s is not on this machine yet: ", identity)
			     : read_again(fresh, identity, vault, why);
	}
	if (r < 0)
		return r;
	r = check_age(fresh, identity, *vault, why);
	return r == 1 ? read_again(fresh, identity, vault, why) : r;
}

/* SPDX-License-Identifier: MIT */
/* Meetings with the store: see sync.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "config/paths.h"
#include "sync/meeting.h"
#include "sync/state.h"
#include "sync/sync.h"
#include "util/cleanup.h"
#include "util/pause.h"

#define MEETING_TRIES 8   /* while others write the same vault */
#define PAUSE_MAX     200 /* milliseconds between two */

int sync_open(const struct conf *conf, struct machine *machine, enum fetch_use use,
    struct sync *sync, struct reason *why)
{
	*sync = (struct sync){.conf = conf, .machine = machine};
	if (!conf_has_remote_store(conf))
		return reason_set(why, -EDESTADDRREQ,
		    "the vaults are at home on this machine alone; to have them at the service, "
		    "put "
		    "store = service into %s",
		    PATH_CONF);
	return account_open(conf, machine, use, &sync->account, why);
}

void sync_close(struct sync *sync)
{
	account_close(&sync->account);
}

/* ---- which identity it is ---- */

int sync_name(struct sync *sync, const char *identity, const char *uuid, struct reason *why)
{
	char name[SECRET_NAME_MAX + 1];

	wallet_name_in_hex(WALLET_NAMED, identity, name);
	return account_keep(&sync->account, name, uuid, why);
}

int sync_uuid(
    const struct sync *sync, const char *identity, char uuid[VAULT_UUID_TEXT], struct reason *why)
{
	const struct account *account = &sync->account;
	char name[SECRET_NAME_MAX + 1];
	buf_auto value = {0};
	int r;

	wallet_name_in_hex(WALLET_NAMED, identity, name);
	r = wallet_get(&account->wallet, name, account_url(account), &value, why);
	if (r == -ENOKEY || (r == 0 && !shape_is_uuid(value.data)))
		return reason_set(why, -ENOKEY,
		    "there is no copy of the vault of %s here; bring it here with: ravi identity adopt "
		    "%s",
		    identity, identity);
	if (r == 0)
		snprintf(uuid, VAULT_UUID_TEXT, "%s", value.data);
	return r;
}

/* 1: this machine has no key for it. */
static int find_key(struct meeting *m, struct reason *why)
{
	const struct account *account = &m->sync->account;
	char name[SECRET_NAME_MAX + 1];
	int r = 0;

	m->is_former = m->ours && wallet_is_former(&account->wallet, account_url(account), m->ours);
	if (!m->ours || m->is_former)
		r = sync_uuid(m->sync, m->identity, m->uuid, why);
	else
		snprintf(m->uuid, sizeof(m->uuid), "%s", vault_uuid(m->ours));
	if (r < 0)
		return r;
	wallet_name(WALLET_IDENTITY, m->uuid, name);
	r = account_has(account, name, why);
	return r == -ENOKEY ? 1 : r;
}

/* ---- the meeting ---- */

static int meet_once(struct meeting *m, struct reason *why)
{
	int r = meeting_read_here(m, why);

	if (r == 0)
		r = find_key(m, why);
	if (r)
		return r;
	if (m->ours) {
		m->synced->revision = vault_revision(m->ours);
		m->synced->state = vault_state(m->ours);
	}
	return m->sync->conf->seal == SEAL_ON ? meeting_sealed(m, why) : meeting_singles(m, why);
}

static int meet(struct meeting *m, struct reason *why)
{
	for (int i = 0; i < MEETING_TRIES; i++) {
		int r = meet_once(m, why);

		if (r != -EAGAIN)
			return r;
		meeting_reset(m);
		pause_at_random(PAUSE_MAX);
	}
	return reason_set(why, -EBUSY,
	    "the vault of %s changed under each of %d tries; say it again", m->identity,
	    MEETING_TRIES);
}

/* The copy says it from now on: the wallet has room for the keys of some hundred identities, and for little else. */
static void forget_name(const struct meeting *m)
{
	struct wallet *wallet = &m->sync->account.wallet;
	char name[SECRET_NAME_MAX + 1];
	struct reason ignored = {0};
	buf_auto value = {0};

	wallet_name_in_hex(WALLET_NAMED, m->identity, name);
	if (wallet_get(wallet, name, NULL, &value, NULL) != -ENOKEY)
		wallet_delete(wallet, name, &ignored);
}

/* What was looked at and found as it was is nobody's news. */
static void audit_meeting(const struct meeting *m, int error, const struct reason *why)
{
	const struct synced *s = m->synced;
	char revision[24];

	if (error == 1 || fetch_is_down(error) || (error == 0 && !s->is_taken && !s->is_pushed))
		return;
	snprintf(revision, sizeof(revision), "%llu", (unsigned long long)s->revision);
	audit("sync",
	    error == 0               ? "done"
	    : error == -EKEYREJECTED ? "denied"
				     : "failed",
	    "identity", m->identity, "revision", s->revision ? revision : NULL, "taken",
	    s->is_taken ? "yes" : NULL, "pushed", s->is_pushed ? "yes" : NULL, "fork",
	    s->is_fork ? "yes" : NULL, "restored", s->is_restored ? "yes" : NULL, "cause",
	    error < 0 ? why->text : NULL, NULL);
}

int sync_identity(
    struct sync *sync, const char *identity, struct synced *synced, struct reason *why)
{
	fd_auto lock = state_lock(identity, sync->account.deadline, why);
	struct meeting m = {.sync = sync, .identity = identity, .synced = synced};
	int r;

	*synced = (struct synced){0};
	if (lock < 0)
		return lock;
	r = meet(&m, why);
	if (r == 0)
		forget_name(&m);
	if (r < 0)
		state_note(identity, STATE_TROUBLE, why->text);
	else
		state_forget(identity, STATE_TROUBLE);
	audit_meeting(&m, r, why);
	meeting_reset(&m);
	return r;
}

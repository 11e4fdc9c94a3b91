/* SPDX-License-Identifier: MIT */
/* Vaults that are at home elsewhere: see home.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "carrier.h"
#include "home.h"
#include "identity.h"
#include "sync/base.h"
#include "sync/state.h"
#include "util/cleanup.h"
#include "util/cli.h"

int context_account(const struct context *context, struct account *account, struct reason *why)
{
	return account_open(&context->conf, &context->machine, FETCH_COMMAND, account, why);
}

int home_show(const struct context *context, const struct agent *agent, const char *identity,
    enum agent_state state, struct reason *why)
{
	if (!agent->count)
		return 0;
	if (state != AGENT_ACTIVE && carrier_is_default(agent, identity))
		return context_release(context, agent->user, why);
	return context_refresh(context, agent->user, why);
}

/* Who carries it follows the document that came. */
static int follow(
    const char *identity, enum agent_state state, struct agent *agent, struct reason *why)
{
	fd_auto lock = agent_lock(why);
	int r = lock < 0 ? lock : identity_carrier(identity, agent, why);

	return r < 0 ? r : carrier_follow(agent, identity, state, why);
}

/* The notes, one line each, as everything that a command says beside its result. */
static void say_notes(const struct buf *notes)
{
	const char *line = buf_text(notes);

	for (size_t len; *line; line += len + 1) {
		len = strcspn(line, "\n");
		cli_note("%.*s", (int)len, line);
		if (!line[len])
			break;
	}
}

int home_meet(struct context *context, struct sync *sync, const char *identity,
    struct synced *synced, struct reason *why)
{
	struct reason ignored = {0};
	buf_auto unshown = {0};
	struct agent agent;
	int r = sync_identity(sync, identity, synced, why), followed;

	say_notes(&synced->notes);
	buf_free(&synced->notes);
	/* Also what an earlier meeting has taken, at a login, or by a program that died before this. */
	if (!synced->is_taken && (r != 0 || state_read(identity, STATE_UNSHOWN, &unshown) < 0))
		return r;
	followed = follow(identity, synced->state, &agent, r < 0 ? &ignored : why);
	if (followed == 0)
		followed =
		    home_show(context, &agent, identity, synced->state, r < 0 ? &ignored : why);
	if (followed == 0)
		state_forget(identity, STATE_UNSHOWN);
	return r < 0 ? r : followed;
}

void home_note_keyless(struct context *context, const char *identity)
{
	vault_auto vault = NULL;
	int64_t age;

	/* Never compared: it is at home here, and was nowhere else. */
	if (base_age(identity, &age, NULL) < 0 ||
	    machine_vault(&context->machine, identity, NULL, &vault, NULL) < 0)
		return;
	cli_note("this machine has no key for %s at the service any more: nothing comes from "
		 "there, and what is changed here stays here; say: ravi identity adopt %s",
	    identity, vault_uuid(vault));
}

static int forget(struct wallet *wallet, const char *identity, const char *uuid, struct reason *why)
{
	char name[SECRET_NAME_MAX + 1];
	int r;

	wallet_name(WALLET_IDENTITY, uuid, name);
	r = wallet_delete(wallet, name, why);
	wallet_name(WALLET_REFRESH, uuid, name);
	if (r == 0)
		r = wallet_delete(wallet, name, why);
	wallet_name_in_hex(WALLET_NAMED, identity, name);
	return r < 0 ? r : wallet_delete(wallet, name, why);
}

int home_forget(const struct context *context, const char *identity, const char *uuid, bool *had,
    struct reason *why)
{
	wallet_auto wallet = {0};
	buf_auto key = {0};
	buf_auto known = {0};
	char name[SECRET_NAME_MAX + 1];
	int r = wallet_open(&context->machine, &wallet, why);

	if (r < 0)
		return r;
	wallet_name_in_hex(WALLET_NAMED, identity, name);
	if (!uuid && wallet_get(&wallet, name, context->conf.service_url, &known, NULL) == 0)
		uuid = known.data;
	if (!uuid)
		return 0;
	wallet_name(WALLET_IDENTITY, uuid, name);
	*had = wallet_get(&wallet, name, NULL, &key, NULL) != -ENOKEY;
	r = forget(&wallet, identity, uuid, why);
	return r < 0 ? r : base_drop(identity, why);
}

static int bring(struct context *context, const char *identity, struct reason *why)
{
	sync_auto sync = {0};
	struct synced synced;
	int r = sync_open(&context->conf, &context->machine, FETCH_COMMAND, &sync, why);

	if (r == 0)
		r = home_meet(context, &sync, identity, &synced, why);
	if (r == 1)
		home_note_keyless(context, identity);
	return r;
}

int home_bring(struct context *context, const char *identity, int code)
{
	struct reason why = {0};
	int r;

	if (code != EXIT_DONE || !conf_has_remote_store(&context->conf))
		return code;
	r = bring(context, identity, &why);
	if (r >= 0)
		return code;
	reason_prefix(&why, r,
	    "stored here, and not yet at the service (say: ravi sync --identity %s): ", identity);
	return context_fail(r, &why);
}

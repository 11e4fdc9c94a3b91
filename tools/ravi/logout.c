/* SPDX-License-Identifier: MIT */
/*
 * ravi auth logout: revokes what can be revoked, forgets the rest, and says which. Nothing public says how a
 * key is revoked; where the service lists this host's key of an identity, deleting that row is tried.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "auth.h"
#include "commands.h"
#include "home.h"
#include "util/jsonout.h"

#define NAMES_MAX 1200 /* values in a wallet: a vault has no more than 512 */

struct leaving {
	struct context context;
	struct account account;
	bool has_service; /* it can be asked */
	char names[NAMES_MAX][SECRET_NAME_MAX + 1];
	size_t count;
	struct jsonout j;
	bool json;
};

static void leaving_free(struct leaving *leaving)
{
	jsonout_free(&leaving->j);
	account_close(&leaving->account);
	context_close(&leaving->context);
}

static int note_name(void *opaque, const char *name, const struct buf *value)
{
	struct leaving *leaving = opaque;

	(void)value;
	/* An identity on its way is not ours to forget: it would be made twice. */
	if (!strncmp(name, WALLET_PENDING, strlen(WALLET_PENDING)))
		return 0;
	if (leaving->count < NAMES_MAX)
		strcpy(leaving->names[leaving->count++], name);
	return 0;
}

/* The one row that is this host's key; two that could be it are left alone. */
static const char *find_row(const json_t *rows, const char *uuid)
{
	const char *found = NULL;
	char label[65];

	account_label(label);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const char *of = fetch_text(row, "identity_uuid"), *its = fetch_text(row, "label");

		if (!its || strcmp(its, label) || (of && strcmp(of, uuid)))
			continue;
		if (found || !fetch_text(row, "uuid"))
			return NULL;
		found = fetch_text(row, "uuid");
	}
	return found;
}

/* 0: it is revoked; what else: it was not. */
static int revoke_key(struct account *account, const char *uuid)
{
	fetch_json_auto rows = NULL;
	struct reason why = {0};
	const char *row;
	int r = account_ask_as(account, uuid, "key.list", NULL, &rows, &why);

	if (r < 0)
		return r;
	row = find_row(rows, uuid);
	if (!row)
		return -ENOKEY;
	return account_ask_as(
	    account, uuid, "key.revoke", json_pack("{s:s}", "uuid", row), NULL, &why);
}

/* Contract A ends a pair of tokens. `uuid` NULL: the account's. */
static int revoke_tokens(struct account *account, const char *uuid)
{
	char name[SECRET_NAME_MAX + 1] = WALLET_ACCOUNT_REFRESH;
	buf_auto refresh = {0};
	struct reason why = {0};
	json_t *arguments;
	int r;

	if (uuid)
		wallet_name(WALLET_REFRESH, uuid, name);
	r = wallet_get(&account->wallet, name, account_url(account), &refresh, &why);
	if (r < 0)
		return r;
	arguments = json_pack("{s:s}", "refresh", refresh.data);
	return uuid ? account_ask_as(account, uuid, "token.logout", arguments, NULL, &why)
		    : account_ask(account, "token.logout", arguments, NULL, &why);
}

/* Each key has a deadline of its own. */
static int revoke_one(struct leaving *leaving, const char *name)
{
	struct account *account = &leaving->account;
	char uuid[VAULT_UUID_TEXT];
	buf_auto key = {0};
	struct reason why = {0};

	if (!leaving->has_service)
		return -EHOSTUNREACH;
	account->deadline = deadline_in(leaving->context.conf.service_timeout * 1000);
	if (!strcmp(name, WALLET_ACCOUNT))
		return revoke_tokens(account, NULL);
	if (wallet_get(&account->wallet, name, account_url(account), &key, &why) < 0)
		return -EKEYREJECTED;
	wallet_uuid(name, uuid);
	return fetch_credential_kind(key.data) == BY_EITHER ? revoke_tokens(account, uuid)
							    : revoke_key(account, uuid);
}

static bool revoke(struct leaving *leaving, const char *name)
{
	int r = revoke_one(leaving, name);

	/* Whoever is not there is not asked once for every key. */
	if (r == -EHOSTUNREACH || r == -ECONNREFUSED || r == -ETIMEDOUT)
		leaving->has_service = false;
	return r == 0;
}

static void say(struct leaving *leaving, const char *name, bool revoked)
{
	bool account = !strcmp(name, WALLET_ACCOUNT);
	char uuid[VAULT_UUID_TEXT] = "";

	if (!account)
		wallet_uuid(name, uuid);
	if (leaving->json) {
		jsonout_open(&leaving->j, NULL, '{');
		jsonout_text(&leaving->j, "key", account ? "account" : "identity");
		jsonout_text(&leaving->j, "identity_uuid", account ? NULL : uuid);
		jsonout_text(&leaving->j, "done", revoked ? "revoked" : "forgotten");
		jsonout_close(&leaving->j, '}');
		return;
	}
	printf("%s the key of %s%s\n", revoked ? "revoked  " : "forgotten", account ? "the account" : "the identity ",
	    uuid);
}

/* Only a key is worth a line; the rest goes with it. */
static bool is_key(const char *name)
{
	return !strcmp(name, WALLET_ACCOUNT) ||
	       !strncmp(name, WALLET_IDENTITY, strlen(WALLET_IDENTITY));
}

static int leave(struct leaving *leaving, size_t *forgotten, struct reason *why)
{
	struct reason ignored = {0};
	int r = context_open(&leaving->context, why);

	if (r < 0)
		return r;
	leaving->has_service = context_account(&leaving->context, &leaving->account, &ignored) == 0;
	/* Where no service is configured any more, there still is something to forget. */
	if (!leaving->has_service && !leaving->account.wallet.own.store)
		r = wallet_open(&leaving->context.machine, &leaving->account.wallet, why);
	if (r < 0)
		return r;
	wallet_each(&leaving->account.wallet, NULL, note_name, leaving);
	/* Identities' keys, the account's, and then what belongs to them. */
	for (int turn = 0; turn < 3 && r == 0; turn++)
		for (size_t i = 0; i < leaving->count && r == 0; i++) {
			const char *name = leaving->names[i];
			bool revoked;

			if (turn != (!is_key(name) ? 2 : !strcmp(name, WALLET_ACCOUNT)))
				continue;
			revoked = is_key(name) && revoke(leaving, name);
			r = wallet_delete(&leaving->account.wallet, name, why);
			if (r == 0 && is_key(name))
				say(leaving, name, revoked);
			*forgotten += is_key(name) && !revoked;
		}
	return r;
}

static int refresh_one(void *opaque, const struct agent *agent)
{
	const struct context *context = opaque;
	struct reason why = {0};

	if (context_refresh(context, agent->user, &why) < 0)
		cli_note("%s", why.text);
	return 0;
}

void auth_refresh_all(const struct context *context)
{
	struct reason why = {0};

	if (agent_each(refresh_one, (void *)(uintptr_t)context, &why) < 0)
		cli_note("%s", why.text);
}

int run_auth_logout(void *opaque, int argc, char **argv)
{
	const struct auth_values *values = opaque;
	__attribute__((cleanup(leaving_free))) struct leaving leaving = {0};
	struct reason why = {0};
	size_t forgotten = 0;
	int r = context_need_root("log this machine out", &why);

	(void)argc, (void)argv;
	if (r < 0)
		return cli_fail(r, &why);
	leaving.json = values->json;
	jsonout_open(&leaving.j, NULL, '[');
	r = leave(&leaving, &forgotten, &why);
	jsonout_close(&leaving.j, ']');
	if (r == 0 && values->json)
		r = jsonout_print(&leaving.j);
	if (r == 0 && !leaving.count)
		cli_note("this machine was not logged in");
	else if (forgotten)
		cli_note("what is only forgotten is still good at the service; take it away in the "
			 "account's settings there");
	audit("auth-logout", context_result(r), "by", context_uid().text, NULL);
	auth_refresh_all(&leaving.context);
	return r < 0 ? context_fail(r, &why) : EXIT_DONE;
}

/* SPDX-License-Identifier: MIT */
/* The Ravi service for root: see account.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "util/cleanup.h"
#include "util/jsonout.h"

int account_open(const struct conf *conf, const struct machine *machine, enum fetch_use use,
    struct account *account, struct reason *why)
{
	int r;

	*account =
	    (struct account){.conf = conf, .deadline = deadline_in(conf->service_timeout * 1000)};
	r = fetch_check_conf(conf, why);
	if (r == 0)
		r = wallet_open(machine, &account->wallet, why);
	return r < 0 ? r : fetch_open(conf, use, &account->fetch, why);
}

void account_close(struct account *account)
{
	fetch_close(account->fetch);
	account->fetch = NULL;
	wallet_close(&account->wallet);
}

const char *account_url(const struct account *account)
{
	return account->conf->service_url;
}

int account_has(const struct account *account, const char *name, struct reason *why)
{
	buf_auto value = {0};

	return wallet_get(&account->wallet, name, account_url(account), &value, why);
}

int account_keep(struct account *account, const char *name, const char *value, struct reason *why)
{
	return wallet_set(&account->wallet, name, account_url(account), value, strlen(value), why);
}

int account_ask_with(struct account *account, const char *key, const char *operation,
    json_t *arguments, json_t **result, struct reason *why)
{
	fetch_json_auto owned = arguments;
	const struct fetch_request request = {.operation = operation,
	    .credential = key,
	    .arguments = owned,
	    .deadline = account->deadline};

	return fetch_call(account->fetch, &request, result, why);
}

/* ---- contract A: tokens run out ---- */

#define RENEW_LOCK ".renew"

/* Where the pair lies: of the account, or of one identity. */
struct token_names {
	char access[SECRET_NAME_MAX + 1], refresh[SECRET_NAME_MAX + 1];
};

/* The new refresh token is the only way on, so it is stored before anything is done with the other. */
static int renew_now(struct account *account, const struct token_names *names, struct reason *why)
{
	fetch_json_auto tokens = NULL;
	buf_auto refresh = {0};
	int r = wallet_get(&account->wallet, names->refresh, account_url(account), &refresh, why);

	if (r == -ENOKEY)
		return reason_set(why, -EKEYREJECTED,
		    "the login at the service has run out, and came with nothing to renew it by; "
		    "log in "
		    "again: ravi auth logout, then ravi auth login");
	if (r < 0)
		return r;
	r = account_ask_with(account, NULL, "token.refresh",
	    json_pack("{s:s}", "refresh", refresh.data), &tokens, why);
	if (r < 0)
		return r == -EKEYREJECTED
			   ? reason_set(why, r,
				 "the login at the service has run out; log in again: "
				 "ravi auth login")
			   : r;
	if (fetch_text(tokens, "refresh"))
		r = account_keep(account, names->refresh, fetch_text(tokens, "refresh"), why);
	if (r == 0)
		r = account_keep(account, names->access, fetch_text(tokens, "access"), why);
	return r;
}

/*
 * A refresh token is good for one use: of two processes that find the access token run out the second takes what
 * the first got.
 */
static int renew(
    struct account *account, const struct token_names *names, const char *stale, struct reason *why)
{
	fd_auto lock = wallet_lock(RENEW_LOCK, account->deadline, why);
	buf_auto key = {0};
	int r = lock < 0 ? lock : wallet_reload(&account->wallet, why);

	if (r == 0)
		r = wallet_get(&account->wallet, names->access, account_url(account), &key, why);
	if (r < 0)
		return r;
	return strcmp(key.data, stale) ? 0 : renew_now(account, names, why);
}

static int ask_once(struct account *account, const struct token_names *names, const char *operation,
    json_t *arguments, json_t **result, struct buf *key, bool *may_renew, struct reason *why)
{
	int r;

	buf_reset(key);
	*may_renew = false;
	r = wallet_get(&account->wallet, names->access, account_url(account), key, why);
	if (r < 0)
		return r;
	r = account_ask_with(account, key->data, operation, json_incref(arguments), result, why);
	*may_renew = r == -EKEYREJECTED && fetch_status(account->fetch) == 401 &&
		     fetch_credential_kind(key->data) == BY_EITHER;
	return r;
}

static int ask(struct account *account, const struct token_names *names, const char *operation,
    json_t *arguments, json_t **result, struct reason *why)
{
	fetch_json_auto owned = arguments;
	buf_auto key = {0};
	bool may_renew;
	int r = ask_once(account, names, operation, owned, result, &key, &may_renew, why);

	if (!may_renew)
		return r;
	r = renew(account, names, key.data, why);
	return r < 0 ? r
		     : ask_once(account, names, operation, owned, result, &key, &may_renew, why);
}

int account_ask(struct account *account, const char *operation, json_t *arguments, json_t **result,
    struct reason *why)
{
	static const struct token_names names = {WALLET_ACCOUNT, WALLET_ACCOUNT_REFRESH};
	int r = ask(account, &names, operation, arguments, result, why);

	if (r == -ENOKEY && account_has(account, WALLET_ACCOUNT, NULL) == -ENOKEY)
		return reason_set(why, -EKEYREJECTED,
		    "this machine is not logged in to %s; say: ravi auth login",
		    account_url(account));
	return r;
}

/* A key that was revoked is no end: another one can be made. */
static int say_way_on(
    const struct account *account, const char *uuid, int error, struct reason *why)
{
	struct reason said = *why;

	if (error != -EKEYREJECTED || fetch_status(account->fetch) != 401)
		return error;
	return reason_set(why, error,
	    "%.400s; to have another key made for this machine, say: ravi identity adopt %s",
	    said.text, uuid);
}

int account_ask_as(struct account *account, const char *uuid, const char *operation,
    json_t *arguments, json_t **result, struct reason *why)
{
	struct token_names names;
	int r;

	wallet_name(WALLET_IDENTITY, uuid, names.access);
	wallet_name(WALLET_REFRESH, uuid, names.refresh);
	r = ask(account, &names, operation, arguments, result, why);
	if (r == -ENOKEY && account_has(account, names.access, NULL) == -ENOKEY)
		return reason_set(why, -EKEYREJECTED,
		    "this machine has no key for the identity %s; say: ravi identity adopt %s",
		    uuid, uuid);
	return why ? say_way_on(account, uuid, r, why) : r;
}

void account_label(char label[65])
{
	if (gethostname(label, 65) < 0)
		*label = '\0';
	label[64] = '\0';
	/* A name is bytes to the kernel, and text to the service. */
	if (!*label || !jsonout_is_text(label, strlen(label)))
		strcpy(label, "localhost");
}

/* Contract A has no keys: a pair of tokens that is bound to the identity does their work. */
static int bind(struct account *account, const char *uuid, struct reason *why)
{
	fetch_json_auto tokens = NULL;
	char access[SECRET_NAME_MAX + 1], refresh[SECRET_NAME_MAX + 1];
	int r =
	    account_ask(account, "token.bind", json_pack("{s:s}", "identity", uuid), &tokens, why);

	if (r < 0)
		return r;
	if (fetch_credential_kind(fetch_text(tokens, "access")) != BY_EITHER)
		return reason_set(why, -EBADE,
		    "what the service gave as the token of the identity %s is none; it is not used",
		    uuid);
	wallet_name(WALLET_IDENTITY, uuid, access);
	wallet_name(WALLET_REFRESH, uuid, refresh);
	if (fetch_text(tokens, "refresh"))
		r = account_keep(account, refresh, fetch_text(tokens, "refresh"), why);
	return r < 0 ? r : account_keep(account, access, fetch_text(tokens, "access"), why);
}

static bool is_legacy(const struct account *account)
{
	buf_auto key = {0};

	return wallet_get(&account->wallet, WALLET_ACCOUNT, account_url(account), &key, NULL) ==
		   0 &&
	       fetch_credential_kind(key.data) == BY_EITHER;
}

/* What is kept as an identity's key is one: another kind would lie in the agent's ring. */
static int keep_own(struct account *account, const char *uuid, const char *key, struct reason *why)
{
	char name[SECRET_NAME_MAX + 1];

	if (!key || fetch_credential_kind(key) != BY_IDENTITY)
		return reason_set(why, -EBADE,
		    "what the service gave as the key of the identity %s is none (they begin with "
		    "ravi_id_); it "
		    "is not used",
		    uuid);
	wallet_name(WALLET_IDENTITY, uuid, name);
	return account_keep(account, name, key, why);
}

int account_mint(struct account *account, const char *uuid, const char *spare, struct reason *why)
{
	fetch_json_auto key = NULL;
	char label[65];
	int r;

	if (is_legacy(account))
		return bind(account, uuid, why);
	account_label(label);
	r = account_ask(account, "key.mint",
	    json_pack("{s:s, s:s}", "identity_uuid", uuid, "label", label), &key, why);
	if (r < 0 && spare && !fetch_is_down(r))
		return keep_own(account, uuid, spare, why);
	if (r < 0)
		return r;
	if (fetch_text(key, "identity_uuid") && strcmp(fetch_text(key, "identity_uuid"), uuid))
		return reason_set(why, -EBADE,
		    "the service made a key for another identity than %s; it is not used", uuid);
	return keep_own(account, uuid, fetch_text(key, "key"), why);
}

/* SPDX-License-Identifier: MIT */
/*
 * ravi auth import: the login of the service's official client, read once from its config.json or auth.json;
 * ravi auth unlock: the PIN of an account of contract A, asked once.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "account/account.h"
#include "audit/audit.h"
#include "auth.h"
#include "commands.h"
#include "home.h"
#include "identity.h"
#include "legacy/legacy.h"
#include "prompt.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/report.h"

#define FILE_MAX (256u << 10) /* bytes of the client's file */
#define PIN_MAX  64

struct taking {
	struct context context;
	struct account account;
};

#define taking_auto __attribute__((cleanup(taking_free))) struct taking

static void taking_free(struct taking *taking)
{
	account_close(&taking->account);
	context_close(&taking->context);
}

static int taking_open(struct taking *taking, struct reason *why)
{
	int r = context_open(&taking->context, why);

	return r < 0 ? r : context_account(&taking->context, &taking->account, why);
}

/* ---- import ---- */

static int read_json(const char *path, json_t **json, struct reason *why)
{
	fd_auto fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	buf_auto text = {0};
	int r;

	if (fd < 0)
		return reason_errno(why, -errno, "%s", path);
	r = file_read_fd(fd, FILE_MAX, &text);
	if (r < 0)
		return reason_errno(why, r, "reading %s", path);
	*json = json_loadb(buf_text(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(*json))
		return reason_set(why, -EBADMSG, "%s is no file of the official client (no JSON object)",
		    path);
	return 0;
}

/* A value that is there and not empty. */
static const char *member(const json_t *json, const char *name)
{
	const char *text = fetch_text(json, name);

	return text && *text ? text : NULL;
}

/* Whether the wallet has this value under the name. */
static bool has_value(const struct account *account, const char *name, const char *value)
{
	buf_auto has = {0};

	return value && wallet_get(&account->wallet, name, account_url(account), &has, NULL) == 0 &&
	       !strcmp(buf_text(&has), value);
}

/*
 * A login that works is not overwritten by another account's: its key would be lost, and still be good. One that
 * the service does not accept any more is none.
 */
static int check_free(struct account *account, const json_t *json, struct reason *why)
{
	const char *key = member(json, "management_key"), *email = member(json, "user_email");
	struct reason ignored = {0};
	int r;

	if (!key)
		key = member(json, "access_token");
	if (!key || account_has(account, WALLET_ACCOUNT, &ignored) < 0 ||
	    has_value(account, WALLET_ACCOUNT, key) ||
	    has_value(account, WALLET_ACCOUNT_EMAIL, email))
		return 0;
	r = account_ask(account, "owner.get", NULL, NULL, &ignored);
	if (r == -EKEYREJECTED)
		return 0;
	if (r < 0)
		return reason_set(why, r, "%s", ignored.text);
	return reason_set(why, -EEXIST,
	    "this machine is logged in to %s already; to change that: ravi auth logout, or say "
	    "--replace",
	    account_url(account));
}

/* One key that was taken over, by its name in the file. */
static void say_imported(
    struct report *out, const char *key, const char *identity, const char *words)
{
	report_say(out, "imported  %s%s", words, identity ? identity : "");
	jsonout_open(&out->j, NULL, '{');
	jsonout_text(&out->j, "key", key);
	jsonout_text(&out->j, "identity_uuid", identity);
	jsonout_close(&out->j, '}');
}

/* What belongs to the login that `key` takes the place of would be taken for its own. */
static int forget_former(
    struct account *account, const json_t *json, const char *key, struct reason *why)
{
	static const char *const names[] = {
	    WALLET_ACCOUNT_EMAIL, WALLET_ACCOUNT_REFRESH, WALLET_ACCOUNT_SECRET};
	int r = 0;

	if (has_value(account, WALLET_ACCOUNT, key) ||
	    has_value(account, WALLET_ACCOUNT_EMAIL, member(json, "user_email")))
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && r == 0; i++)
		r = wallet_delete(&account->wallet, names[i], why);
	return r;
}

/* Nothing is kept that the service does not accept. */
static int take_account(struct account *account, const json_t *json, const char *key,
    struct report *out, struct reason *why)
{
	int r = account_ask_with(account, key, "owner.get", NULL, NULL, why);

	if (r == 0)
		r = forget_former(account, json, key, why);
	if (r == 0)
		r = account_keep(account, WALLET_ACCOUNT, key, why);
	if (r == 0)
		say_imported(out, "management_key", NULL, "the account's management key");
	return r;
}

static int take_identity(struct account *account, const char *key, const char *uuid,
    struct report *out, struct reason *why)
{
	fetch_json_auto identity = NULL;
	char name[SECRET_NAME_MAX + 1];
	int r;

	if (!uuid || !shape_is_uuid(uuid))
		return reason_set(why, -EBADMSG, "the identity_key comes without an identity_uuid");
	r = account_ask_with(
	    account, key, "identity.get", json_pack("{s:s}", "uuid", uuid), &identity, why);
	if (r < 0)
		return r;
	wallet_name(WALLET_IDENTITY, fetch_text(identity, "uuid"), name);
	r = account_keep(account, name, key, why);
	if (r == 0)
		say_imported(
		    out, "identity_key", fetch_text(identity, "uuid"), "the key of the identity ");
	return r;
}

/* A token may have run out: then what it is renewed by has to do. */
static int take_tokens(
    struct account *account, const json_t *json, struct report *out, struct reason *why)
{
	const char *refresh = member(json, "refresh_token"), *secret = member(json, "private_key");
	char text[LEGACY_SECRET_TEXT];
	struct legacy_pair pair;
	int r = 0;

	if (fetch_credential_kind(member(json, "access_token")) != BY_EITHER)
		return reason_set(why, -EBADMSG, "the access_token is none");
	r = account_ask_with(account, member(json, "access_token"), "owner.get", NULL, NULL, why);
	if (r < 0 && (r != -EKEYREJECTED || !refresh))
		return r;
	r = forget_former(account, json, member(json, "access_token"), why);
	if (r == 0 && refresh)
		r = account_keep(account, WALLET_ACCOUNT_REFRESH, refresh, why);
	if (r == 0)
		r = account_keep(account, WALLET_ACCOUNT, member(json, "access_token"), why);
	if (r == 0)
		r = account_ask(account, "owner.get", NULL, NULL, why);
	if (r == 0)
		say_imported(out, "access_token", NULL, "the account's tokens");
	if (r < 0 || !secret)
		return r;
	if (legacy_pair_parse(secret, &pair) < 0)
		return reason_set(why, -EBADMSG, "the private_key is none");
	legacy_pair_format(&pair, text);
	r = account_keep(account, WALLET_ACCOUNT_SECRET, text, why);
	wipe(text, sizeof(text));
	wipe(&pair, sizeof(pair));
	if (r == 0)
		say_imported(out, "private_key", NULL, "the key that opens sealed values");
	return r;
}

static int take_file(
    struct account *account, const json_t *json, struct report *out, struct reason *why)
{
	const char *management = member(json, "management_key"), *own = member(json, "identity_key");
	const char *email = member(json, "user_email");
	int r = 0;

	if (!management && !own && !member(json, "access_token"))
		return reason_set(why, -ENODATA, "it holds no key");
	if (management && fetch_credential_kind(management) != BY_ACCOUNT)
		return reason_set(why, -EBADMSG, "the management_key is none");
	if (own && fetch_credential_kind(own) != BY_IDENTITY)
		return reason_set(why, -EBADMSG, "the identity_key is none");
	if (management)
		r = take_account(account, json, management, out, why);
	if (r == 0 && own)
		r = take_identity(account, own, member(json, "identity_uuid"), out, why);
	if (r == 0 && member(json, "access_token"))
		r = take_tokens(account, json, out, why);
	if (r == 0 && email && email_check(email, NULL) == 0)
		r = account_keep(account, WALLET_ACCOUNT_EMAIL, email, why);
	return r;
}

const struct option_row auth_import_options[] = {
    {.name = "replace",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct auth_values, replace),
	.help = "take the place of another account's login on this machine"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct auth_values, json),
	.help = "print JSON"},
    {0},
};

int run_auth_import(void *opaque, int argc, char **argv)
{
	const struct auth_values *values = opaque;
	report_auto out = report_begin(values->json, 0);
	taking_auto taking = {0};
	fetch_json_auto json = NULL;
	struct reason why = {0};
	int r = context_need_root("import a login", &why), printed = 0;

	(void)argc;
	if (r == 0)
		r = taking_open(&taking, &why);
	if (r == 0)
		r = read_json(argv[0], &json, &why);
	if (r == 0 && !values->replace)
		r = check_free(&taking.account, json, &why);
	if (r == 0) {
		jsonout_open(&out.j, "imported", '[');
		r = take_file(&taking.account, json, &out, &why);
		jsonout_close(&out.j, ']');
		if (r < 0)
			reason_prefix(&why, r, "%s: ", argv[0]);
		/* What was taken before it failed is told, too. */
		printed = report_print(&out);
	}
	audit("auth-import", context_result(r), "by", context_uid().text, NULL);
	if (r < 0)
		return context_fail(r, &why);
	auth_refresh_all(&taking.context);
	cli_note("%s still holds them in clear; where the official client is not used any more, "
		 "remove it", argv[0]);
	return printed < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- unlock ---- */

static int read_pin(struct buf *pin, struct reason *why)
{
	if (isatty(STDIN_FILENO))
		return prompt_secret("PIN of the account: ", PIN_MAX, pin, why);
	return file_read_fd(STDIN_FILENO, PIN_MAX, pin) < 0
		   ? reason_set(why, -EINVAL, "a PIN is six digits")
		   : 0;
}

static int unlock(struct account *account, struct reason *why)
{
	fetch_json_auto told = NULL;
	struct legacy_account legacy;
	struct legacy_pair pair;
	char text[LEGACY_SECRET_TEXT];
	buf_auto pin = {0};
	int r = account_ask(account, "encryption.get", NULL, &told, why);

	if (r == -ENOKEY)
		return reason_set(why, -EOPNOTSUPP,
		    "the account seals no values itself; there is nothing to unlock");
	if (r < 0)
		return r;
	legacy = (struct legacy_account){.salt = fetch_text(told, "salt"),
	    .verifier = fetch_text(told, "verifier"),
	    .public_key = fetch_text(told, "public_key")};
	if (!legacy.salt || !legacy.verifier || !legacy.public_key || !*legacy.public_key)
		return reason_set(why, -EOPNOTSUPP,
		    "the account has never set up a PIN; there is nothing to unlock");
	r = read_pin(&pin, why);
	if (r == 0)
		r = legacy_unlock(buf_text(&pin), &legacy, &pair, why);
	if (r < 0)
		return r;
	legacy_pair_format(&pair, text);
	r = account_keep(account, WALLET_ACCOUNT_SECRET, text, why);
	wipe(text, sizeof(text));
	wipe(&pair, sizeof(pair));
	return r;
}

int run_auth_unlock(void *opaque, int argc, char **argv)
{
	const struct identity_values *values = opaque;
	report_auto out = report_begin(values->json, 0);
	taking_auto taking = {0};
	struct reason why = {0};
	int r = context_need_root("unlock the account's values", &why);

	(void)argc, (void)argv;
	if (r == 0)
		r = taking_open(&taking, &why);
	if (r == 0)
		r = unlock(&taking.account, &why);
	audit("auth-unlock", context_result(r), "by", context_uid().text, NULL);
	if (r < 0)
		return context_fail(r, &why);
	report_say(&out, "unlocked: values that older clients sealed can be opened on this machine");
	jsonout_text(&out.j, "status", "unlocked");
	return report_print(&out) < 0 ? EXIT_FAILED : EXIT_DONE;
}

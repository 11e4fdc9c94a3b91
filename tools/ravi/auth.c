/* SPDX-License-Identifier: MIT */
/*
 * ravi auth login, logout, status: this machine's login at the Ravi service. What a person has to do goes to
 * stderr, what came of it to stdout.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "account/account.h"
#include "audit/audit.h"
#include "auth.h"
#include "commands.h"
#include "home.h"
#include "util/cleanup.h"
#include "util/jsonout.h"
#include "util/table.h"
#include "util/text.h"
#include "util/when.h"

#define LOGIN_SECONDS_MAX 3600
#define POLL_MILLISECONDS 90000 /* the service may hold a poll; for how long is not known */
#define SLOW_DOWN_SECONDS 5     /* RFC 8628, 3.5 */

const struct option_row auth_options[] = {
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct auth_values, json),
	.help = "print JSON"},
    {0},
};

const struct option_row auth_status_options[] = {
    {.name = "offline",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct auth_values, offline),
	.help = "say what this machine knows, without asking the service"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct auth_values, json),
	.help = "print JSON"},
    {0},
};

/* ---- login ---- */

struct login {
	struct context context;
	struct account account;
	const struct auth_values *values;
	struct deadline until; /* when the code has expired */
	long interval;         /* s between two polls */
	char email[EMAIL_MAX + 1];
	size_t identities;
};

#define login_auto __attribute__((cleanup(login_free))) struct login

static void login_free(struct login *login)
{
	account_close(&login->account);
	context_close(&login->context);
}

static void rest(long milliseconds)
{
	struct timespec time = {
	    .tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

/*
 * A second login would make a second key, which nothing takes back. One that the service does not know any
 * more is no login.
 */
static int check_not_logged_in(struct login *login, struct reason *why)
{
	struct reason ignored = {0};
	int r = account_has(&login->account, WALLET_ACCOUNT, &ignored);

	/* A key of another service does not count. */
	if (r < 0)
		return 0;
	r = account_ask(&login->account, "owner.get", NULL, NULL, &ignored);
	if (r == -EKEYREJECTED)
		return 0;
	if (r < 0)
		return reason_set(why, r, "%s", ignored.text);
	return reason_set(why, -EEXIST,
	    "this machine is logged in to %s already; to change that: ravi auth logout",
	    account_url(&login->account));
}

/* The page that people know, for hosts that name a path of their API. */
static void show_page(const char *uri, struct buf *out)
{
	static const char path[] = "/api/auth/device/verify/";
	static const char *const known[] = {"https://api.ravi.app", "https://api.ravi.id",
	    "https://ravi.app", "https://www.ravi.app", "https://ravi.id", "https://www.ravi.id"};
	const char *at = strstr(uri, path);
	size_t origin = at ? (size_t)(at - uri) : 0;

	if (!at || at[sizeof(path) - 1]) {
		buf_add_text(out, uri);
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i]) == origin && !strncmp(known[i], uri, origin)) {
			buf_add_text(out, "https://ravi.id/device");
			return;
		}
	buf_add(out, uri, origin);
	buf_add_text(out, "/device");
}

/* This machine itself; not a name that begins so. */
static bool is_localhost(const char *uri)
{
	static const char origin[] = "http://localhost";
	size_t len = sizeof(origin) - 1;

	return !strncmp(uri, origin, len) && (!uri[len] || strchr(":/", uri[len])) &&
	       !memchr(uri, '@', strlen("http://") + strcspn(uri + strlen("http://"), "/?#"));
}

/* A person opens it and types it: an https address and a short code, and nothing that moves a terminal. */
static int check_shown(const char *uri, const char *code, struct reason *why)
{
	bool good = !strncmp(uri, "https://", 8) || is_localhost(uri);

	for (const char *c = uri; *c; c++)
		good &= *c > ' ' && *c < 0x7f;
	for (const char *c = code; *c; c++)
		good &= *c > ' ' && *c < 0x7f;
	if (good && strlen(code) <= 64 && strlen(uri) <= 512)
		return 0;
	return reason_set(why, -EBADE, "the service named no page and code that can be shown");
}

static int begin(struct login *login, char **device_code, struct reason *why)
{
	fetch_json_auto device = NULL;
	buf_auto page = {0};
	const char *code;
	json_int_t life;
	char words[32];
	int r = account_ask_with(&login->account, NULL, "device.begin", NULL, &device, why);

	if (r < 0)
		return r;
	code = fetch_text(device, "user_code");
	show_page(fetch_text(device, "verification_uri"), &page);
	r = page.error ? page.error : check_shown(buf_text(&page), code, why);
	if (r < 0)
		return r;
	life = json_integer_value(json_object_get(device, "expires_in"));
	life = life < 1 || life > LOGIN_SECONDS_MAX ? LOGIN_SECONDS_MAX : life;
	login->until = deadline_in(life * 1000);
	login->interval = (long)json_integer_value(json_object_get(device, "interval"));
	login->interval = login->interval < 1 ? 1 : login->interval > 60 ? 60 : login->interval;
	*device_code = strdup(fetch_text(device, "device_code"));
	when_describe((int64_t)life, words, sizeof(words));
	fprintf(stderr, "Open %s and enter the code %s. It is good for %s.\n", buf_text(&page), code,
	    words);
	return *device_code ? 0 : -ENOMEM;
}

/* Whether a failed poll says nothing about the login itself. */
static bool is_passing(int error)
{
	return fetch_is_down(error) || error == -EINPROGRESS || error == -EPROTO;
}

/* One poll: 1 with the grant, 0 to go on, or the end of it. */
static int poll_once(struct login *login, const char *code, json_t **grant, struct reason *why)
{
	struct account *account = &login->account;
	int left = deadline_left(login->until);
	const char *error;
	int r;

	account->deadline = deadline_in(left < POLL_MILLISECONDS ? left : POLL_MILLISECONDS);
	r = account_ask_with(account, NULL, "device.poll",
	    json_pack("{s:s, s:b}", "device_code", code, "wait", 1), grant, why);
	if (r == 0 && !fetch_text(*grant, "error"))
		return 1;
	if (r < 0 && !is_passing(r))
		return r;
	if (r < 0) {
		long wait = fetch_wait(account->fetch);

		/* No longer than the code is good. */
		left = deadline_left(login->until);
		if (wait > login->interval)
			rest((wait - login->interval) * 1000 < left
				 ? (wait - login->interval) * 1000
				 : left);
		/* What has broken off does not come back. */
		fetch_close(account->fetch);
		account->fetch = NULL;
		return fetch_open(&login->context.conf, FETCH_COMMAND, &account->fetch, why);
	}
	error = fetch_text(*grant, "error");
	if (!strcmp(error, "authorization_pending"))
		return 0;
	if (!strcmp(error, "slow_down")) {
		login->interval += SLOW_DOWN_SECONDS;
		return 0;
	}
	if (!strcmp(error, "access_denied"))
		return reason_set(why, -EACCES, "the login was denied on the page");
	if (!strcmp(error, "expired_token"))
		return reason_set(why, -ETIME, "the code has expired; begin again: ravi auth login");
	reason_set(why, 0,
	    "the service does not know this login (%.60s); begin again: ravi auth login", error);
	text_tame(why->text);
	return -EBADRQC;
}

static int wait_for_grant(
    struct login *login, const char *code, json_t **grant, struct reason *why)
{
	for (;;) {
		int r;

		rest(login->interval * 1000);
		if (!deadline_left(login->until))
			return reason_set(
			    why, -ETIME, "the code has expired; begin again: ravi auth login");
		r = poll_once(login, code, grant, why);
		if (r)
			return r < 0 ? r : 0;
		json_decref(*grant);
		*grant = NULL;
	}
}

/* The account's key first: nobody gives it out a second time. */
static int keep_grant(struct login *login, const json_t *grant, struct reason *why)
{
	struct account *account = &login->account;
	const char *key = fetch_text(grant, "management_key"), *access = fetch_text(grant, "access");
	const char *email = fetch_text(json_object_get(grant, "user"), "email");
	const char *own = fetch_text(grant, "identity_key");
	const char *uuid = fetch_text(json_object_get(grant, "identity"), "uuid");
	char name[SECRET_NAME_MAX + 1];
	int r = 0;

	if (key ? fetch_credential_kind(key) != BY_ACCOUNT
		: !access || fetch_credential_kind(access) != BY_EITHER)
		return reason_set(why, -EBADE, "the service granted the login and gave no key for it");
	if (!key && fetch_text(grant, "refresh"))
		r = account_keep(account, WALLET_ACCOUNT_REFRESH, fetch_text(grant, "refresh"), why);
	if (r == 0)
		r = account_keep(account, WALLET_ACCOUNT, key ? key : access, why);
	if (r < 0)
		return reason_prefix(why, r, "logged in, but the key could not be kept: ");
	if (email && email_check(email, NULL) == 0) {
		snprintf(login->email, sizeof(login->email), "%s", email);
		r = account_keep(account, WALLET_ACCOUNT_EMAIL, email, why);
	}
	/* A signup of contract B brings an identity with it. */
	if (r == 0 && own && uuid && fetch_credential_kind(own) == BY_IDENTITY) {
		wallet_name(WALLET_IDENTITY, uuid, name);
		r = account_keep(account, name, own, why);
	}
	login->identities = json_array_size(json_object_get(grant, "identities")) + (uuid ? 1 : 0);
	return r;
}

static int log_in(struct login *login, struct reason *why)
{
	fetch_json_auto grant = NULL;
	free_auto char *code = NULL;
	int r = context_open(&login->context, why);

	if (r == 0)
		r = context_account(&login->context, &login->account, why);
	if (r == 0)
		r = check_not_logged_in(login, why);
	if (r == 0)
		r = begin(login, &code, why);
	if (r == 0)
		r = wait_for_grant(login, code, &grant, why);
	return r < 0 ? r : keep_grant(login, grant, why);
}

static int report_login(const struct login *login)
{
	jsonout_auto j = {0};

	if (login->values->json) {
		jsonout_open(&j, NULL, '{');
		jsonout_bool(&j, "authenticated", true);
		jsonout_text(&j, "email", *login->email ? login->email : NULL);
		jsonout_text(&j, "service", account_url(&login->account));
		jsonout_close(&j, '}');
		return jsonout_print(&j) < 0 ? EXIT_FAILED : EXIT_DONE;
	}
	printf("Logged in to %s%s%s.\n", account_url(&login->account), *login->email ? " as " : "",
	    login->email);
	if (login->identities)
		printf("The account has %zu identit%s; see: ravi identity list\n", login->identities,
		    login->identities == 1 ? "y" : "ies");
	else
		puts("Next: ravi identity create --name NAME --email NAME");
	return EXIT_DONE;
}

int run_auth_login(void *opaque, int argc, char **argv)
{
	login_auto login = {.values = opaque};
	struct reason why = {0};
	int r = context_need_root("log this machine in", &why);

	(void)argc, (void)argv;
	if (r < 0)
		return cli_fail(r, &why);
	r = log_in(&login, &why);
	audit("auth-login", context_result(r), "service", login.context.conf.service_url, "by",
	    context_uid().text, NULL);
	return r < 0 ? context_fail(r, &why) : report_login(&login);
}

/* ---- status ---- */

struct standing {
	const char *url;
	struct buf email;
	size_t identities; /* with a key on this host */
	bool has_key;
	int asked; /* 1: the service was; 0: not */
	int verdict;
	struct reason why;
};

#define standing_auto __attribute__((cleanup(standing_free))) struct standing

static void standing_free(struct standing *standing)
{
	buf_free(&standing->email);
}

static int count_one(void *context, const char *name, const struct buf *value)
{
	size_t *count = context;

	(void)name, (void)value;
	++*count;
	return 0;
}

/* 0 also when there is nothing to be found out. */
static int look(struct context *context, bool offline, struct standing *s, struct reason *why)
{
	wallet_auto wallet = {0};
	account_auto account = {0};
	buf_auto key = {0};
	int r = fetch_check_conf(&context->conf, why);

	if (r == 0)
		r = wallet_open(&context->machine, &wallet, why);
	if (r < 0)
		return r;
	s->url = context->conf.service_url;
	r = wallet_get(&wallet, WALLET_ACCOUNT, s->url, &key, why);
	if (r < 0)
		return r == -ENOKEY ? 0 : r;
	s->has_key = true;
	wallet_get(&wallet, WALLET_ACCOUNT_EMAIL, s->url, &s->email, NULL);
	wallet_each(&wallet, WALLET_IDENTITY, count_one, &s->identities);
	if (offline)
		return 0;
	r = context_account(context, &account, why);
	if (r < 0)
		return r;
	s->asked = 1;
	s->verdict = account_ask(&account, "owner.get", NULL, NULL, &s->why);
	return 0;
}

static int print_status(const struct standing *s, bool json)
{
	const char *verified = !s->asked ? NULL : s->verdict == 0 ? "yes" : "no";
	jsonout_auto j = {0};
	buf_auto out = {0};
	char number[24];

	if (json) {
		jsonout_open(&j, NULL, '{');
		jsonout_bool(&j, "authenticated", s->has_key && s->verdict != -EKEYREJECTED);
		jsonout_text(&j, "service", s->url);
		jsonout_text(&j, "email", s->email.len ? s->email.data : NULL);
		if (verified && (s->verdict == 0 || s->verdict == -EKEYREJECTED))
			jsonout_bool(&j, "verified", s->verdict == 0);
		else
			jsonout_text(&j, "verified", NULL);
		jsonout_number(&j, "identities", (int64_t)s->identities);
		jsonout_close(&j, '}');
		return jsonout_print(&j) < 0 ? EXIT_FAILED : EXIT_DONE;
	}
	snprintf(number, sizeof(number), "%zu", s->identities);
	table_line(&out, 10, "service", s->url);
	table_line(&out, 10, "account", s->email.len ? s->email.data : NULL);
	table_line(&out, 10, "keys for", number);
	table_line(&out, 10, "accepted", verified ? verified : "not asked");
	fputs(buf_text(&out), stdout);
	return EXIT_DONE;
}

int run_auth_status(void *opaque, int argc, char **argv)
{
	const struct auth_values *values = opaque;
	standing_auto s = {0};
	context_auto context = {0};
	struct reason why = {0};
	int r = context_need_root("see this machine's login", &why), code;

	(void)argc, (void)argv;
	if (r == 0)
		r = context_open(&context, &why);
	if (r == 0)
		r = look(&context, values->offline, &s, &why);
	if (r < 0)
		return context_fail(r, &why);
	if (values->json || s.has_key) {
		code = print_status(&s, values->json);
		if (code != EXIT_DONE)
			return code;
	}
	if (!s.has_key) {
		cli_note("this machine is not logged in to %s; say: ravi auth login", s.url);
		return EXIT_NOT_FOUND;
	}
	return s.verdict < 0 ? context_fail(s.verdict, &s.why) : EXIT_DONE;
}

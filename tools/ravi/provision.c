/* SPDX-License-Identifier: MIT */
/* An identity at the Ravi service: see provision.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "pending.h"
#include "provision.h"
#include "util/cli.h"
#include "util/text.h"

#define LOOK_AGAIN_MILLISECONDS 500

/* ---- looking ---- */

/* Whether the address is LOCAL, or LOCAL@DOMAIN where a domain is wanted. */
static bool is_address(const char *address, const char *local, const char *domain)
{
	size_t len = strlen(local);

	return address && !strncasecmp(address, local, len) && address[len] == '@' &&
	       (!domain || !strcasecmp(address + len + 1, domain));
}

/* The one that the command is about, were it made; never one that was there before it was asked for. */
static const json_t *find_wanted(
    const struct provision *p, const struct pending *pending, const json_t *identities)
{
	const char *uuid = pending_uuid(pending);

	for (size_t i = 0; i < json_array_size(identities); i++) {
		const json_t *one = json_array_get(identities, i);
		const char *its = fetch_text(one, "uuid"), *name = fetch_text(one, "name");

		if (uuid && !strcmp(uuid, its))
			return one;
		if (uuid || pending_is_known(pending, its))
			continue;
		if (p->local ? is_address(fetch_text(one, "inbox"), p->local, p->domain)
			     : name && !strcmp(name, p->name))
			return one;
	}
	return NULL;
}

static int take(struct provision *p, const json_t *identity, struct reason *why)
{
	const char *name = fetch_text(identity, "name"), *email = fetch_text(identity, "inbox");
	const char *number = fetch_text(identity, "phone");

	snprintf(p->uuid, sizeof(p->uuid), "%s", fetch_text(identity, "uuid"));
	snprintf(p->shown, sizeof(p->shown), "%s", name ? name : "");
	/* These go into the vault: what is no address there is none at all. */
	if (!email || strlen(email) > EMAIL_MAX || email_check(email, why) < 0)
		return reason_set(why, -EBADE,
		    "the service says of the identity %s no mail address that can be one", p->uuid);
	strcpy(p->email, email);
	if (number && (strlen(number) > PHONE_MAX || phone_check(number, why) < 0))
		return reason_set(why, -EBADE,
		    "the service says of the identity %s no phone number that can be one", p->uuid);
	strcpy(p->number, number ? number : "");
	return 0;
}

static int list(struct account *account, json_t **identities, struct reason *why)
{
	return account_ask(account, "identity.list", NULL, identities, why);
}

static int look(struct account *account, struct provision *p, struct reason *why)
{
	fetch_json_auto identity = NULL;
	int r = account_ask(
	    account, "identity.get", json_pack("{s:s}", "uuid", p->uuid), &identity, why);

	return r < 0 ? r : take(p, identity, why);
}

/* ---- making ---- */

static json_t *wanted(const struct provision *p)
{
	json_t *arguments = json_pack("{s:s}", "name", p->name);
	char address[EMAIL_MAX + 1];

	if (!p->local)
		return arguments;
	if (p->old_contract) {
		snprintf(address, sizeof(address), "%s%s%s", p->local, p->domain ? "@" : "",
		    p->domain ? p->domain : "");
		json_object_set_new(arguments, "email", json_string(address));
		return arguments;
	}
	json_object_set_new(arguments, "email_identifier", json_string(p->local));
	if (p->domain)
		json_object_set_new(arguments, "domain", json_string(p->domain));
	return arguments;
}

static void rest(void)
{
	nanosleep(&(struct timespec){.tv_nsec = LOOK_AGAIN_MILLISECONDS * 1000000L}, NULL);
}

static int copy(const json_t *found, json_t **identity)
{
	*identity = json_deep_copy(found);
	return *identity ? 0 : -ENOMEM;
}

/* 0 with the wanted one, 1: it is not there, or an error. */
static int find(struct account *account, const struct provision *p, const struct pending *pending,
    json_t **identity, struct reason *why)
{
	fetch_json_auto identities = NULL;
	const json_t *found;
	int r = list(account, &identities, why);

	if (r < 0)
		return r;
	found = find_wanted(p, pending, identities);
	return found ? copy(found, identity) : 1;
}

/*
 * It was asked for, and whether it was made nobody said. To ask again could make a second one, so it is only
 * looked for, until the request cannot be on its way any more: 0 with the identity, 1: it was not made.
 */
static int settle(struct account *account, const struct provision *p, const struct pending *pending,
    json_t **identity, struct reason *why)
{
	int r;

	account->deadline = deadline_in(account->conf->service_timeout * 1000);
	while ((r = find(account, p, pending, identity, why)) == 1 && pending_left(pending) &&
	       !p->again && deadline_left(account->deadline))
		rest();
	if (r == -ETIMEDOUT)
		r = 1;
	if (r < 0)
		return reason_prefix(why, r, "say the same command again, it goes on from here: ");
	if (r == 0 || p->again || !pending_left(pending))
		return r;
	return reason_set(why, -EINPROGRESS,
	    "the service was asked for the identity %s, did not say whether it made it, and does "
	    "not list "
	    "it; say the same command again, it goes on from here, and asks anew after %ld s; or "
	    "at once "
	    "with --ask-again, where you know that it was not made",
	    p->name, pending_left(pending));
}

/* The service says no. That may be to the second of two requests, of which the first came late. */
static int refused(struct account *account, struct provision *p, struct pending *pending,
    bool resumed, int error, json_t **identity, struct reason *why)
{
	struct reason ignored = {0};
	int r = error == -EEXIST && resumed ? find(account, p, pending, identity, &ignored) : 1;

	if (r == 0)
		return 0;
	if (r < 0)
		return reason_prefix(
		    why, error, "say the same command again, it goes on from here: ");
	pending_forget(account, p->name);
	return error == -EEXIST ? reason_prefix(why, error,
				      "the address %s is somebody's already; say another --email: ",
				      p->local ? p->local : "")
				: error;
}

static int make(struct account *account, struct provision *p, struct pending *pending, bool resumed,
    json_t **identity, struct reason *why)
{
	int r;

	account->deadline = deadline_in(account->conf->service_timeout * 1000);
	r = account_ask(account, "identity.create", wanted(p), identity, why);
	if (r == 0)
		return 0;
	if (r != -EINPROGRESS)
		return refused(account, p, pending, resumed, r, identity, why);
	p->again = false;
	return settle(account, p, pending, identity, why);
}

static int say_there(const struct provision *p, const json_t *found, struct reason *why)
{
	reason_set(why, 0,
	    "the account has an identity %s (%s) already; bring it to this machine: ravi identity "
	    "adopt %s",
	    p->name, fetch_text(found, "inbox") ? fetch_text(found, "inbox") : "no address",
	    fetch_text(found, "uuid"));
	text_tame(why->text);
	return -EEXIST;
}

/* The identity, made now or before. */
static int make_or_resume(struct account *account, struct provision *p, struct pending *pending,
    json_t **identity, struct reason *why)
{
	fetch_json_auto identities = NULL;
	bool resumed = pending->noted;
	const json_t *found;
	int r = resumed ? settle(account, p, pending, identity, why) : 1;

	if (r != 1)
		return r;
	r = list(account, &identities, why);
	if (r < 0)
		return r;
	found = find_wanted(p, pending, identities);
	if (found)
		return resumed ? copy(found, identity) : say_there(p, found, why);
	r = pending_note(account, pending, identities, why);
	return r < 0 ? r : make(account, p, pending, resumed, identity, why);
}

/* It takes seconds, and a second request could buy a second number: never said twice, looked at instead. */
static int give_phone(struct account *account, struct provision *p, struct reason *why)
{
	fetch_json_auto identity = NULL;
	int r;

	if (*p->number)
		return 0;
	account->deadline = deadline_in(account->conf->service_timeout * 1000);
	r = account_ask(
	    account, "identity.phone", json_pack("{s:s}", "uuid", p->uuid), &identity, why);
	if (r == 0)
		return take(p, identity, why);
	if (r == -EEXIST)
		return look(account, p, why);
	if (r == -EINPROGRESS) {
		struct reason ignored = {0};

		account->deadline = deadline_in(account->conf->service_timeout * 1000);
		while (deadline_left(account->deadline) && look(account, p, &ignored) == 0 &&
		       !*p->number)
			rest();
		if (*p->number)
			return 0;
	}
	return reason_prefix(why, r,
	    "identity %s has no phone number yet; say the same command again to go on, or without "
	    "--provision-phone to leave it at that: ",
	    p->name);
}

/* It was taken away at the service. Whoever did not answer has not said so. */
static bool is_revoked(struct account *account, const struct provision *p)
{
	int r = account_ask_as(
	    account, p->uuid, "identity.get", json_pack("{s:s}", "uuid", p->uuid), NULL, NULL);

	return r == -EKEYREJECTED && fetch_status(account->fetch) == 401;
}

static int have_key(
    struct account *account, const struct provision *p, const char *spare, struct reason *why)
{
	char name[SECRET_NAME_MAX + 1];

	wallet_name(WALLET_IDENTITY, p->uuid, name);
	return account_has(account, name, NULL) == 0 && !is_revoked(account, p)
		   ? 0
		   : account_mint(account, p->uuid, spare, why);
}

int provision_create(struct account *account, struct provision *p, struct reason *why)
{
	fetch_json_auto identity = NULL;
	pending_auto pending = {.lock = -1};
	int r = pending_open(account, p->name, &pending, why);

	if (r == 0)
		r = make_or_resume(account, p, &pending, &identity, why);
	if (r == 0)
		r = take(p, identity, why);
	if (r == 0)
		r = pending_found(account, &pending, p->uuid, why);
	if (r == 0 && p->local && !is_address(p->email, p->local, p->domain))
		cli_note("the service gave the identity the address %s", p->email);
	if (r == 0)
		r = have_key(account, p, fetch_text(identity, "api_key"), why);
	if (r == 0 && p->phone)
		r = give_phone(account, p, why);
	return r;
}

void provision_done(struct account *account, const struct provision *p)
{
	pending_forget(account, p->name);
}

/* ---- finding ---- */

static bool is_named(const json_t *identity, const char *which)
{
	const char *name = fetch_text(identity, "name"), *email = fetch_text(identity, "inbox");

	return !strcasecmp(fetch_text(identity, "uuid"), which) || (name && !strcmp(name, which)) ||
	       (email && !strcasecmp(email, which));
}

int provision_find(struct account *account, struct provision *p, struct reason *why)
{
	fetch_json_auto identities = NULL;
	const json_t *found = NULL;
	int r = list(account, &identities, why);

	for (size_t i = 0; r == 0 && i < json_array_size(identities); i++) {
		const json_t *one = json_array_get(identities, i);

		if (!is_named(one, p->name))
			continue;
		if (found)
			return reason_set(why, -EINVAL,
			    "several identities of the account are called %s; say the UUID of one: ravi "
			    "identity list",
			    p->name);
		found = one;
	}
	if (r == 0 && !found)
		return reason_set(why, -ENOKEY,
		    "the account has no identity %s; see: ravi identity list", p->name);
	if (r == 0)
		r = take(p, found, why);
	return r < 0 ? r : have_key(account, p, NULL, why);
}

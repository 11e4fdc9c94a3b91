/* SPDX-License-Identifier: MIT */
/* What was asked of the Ravi service: see pending.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "config/paths.h"
#include "pending.h"
#include "util/cleanup.h"
#include "util/cli.h"

#define LOCK_NAME    ".create"
#define LOCK_SECONDS 300 /* an identity with a phone number takes its time */

/* Of a known identity a hash is noted, 8 hex digits: a value holds 4,000 of them. */
#define HASH_TEXT 8
#define KNOWN_MAX 3500

/*
 * The note, as JSON: {"uuid": "..." | null, "at": SECONDS, "known": "HASH..."}: the identity, once it is known;
 * when it was asked for; those that were there before.
 */

static void hash_uuid(const char *uuid, char hash[HASH_TEXT + 1])
{
	unsigned char digest[crypto_generichash_BYTES];

	crypto_generichash(
	    digest, sizeof(digest), (const unsigned char *)uuid, strlen(uuid), NULL, 0);
	sodium_bin2hex(hash, HASH_TEXT + 1, digest, HASH_TEXT / 2);
}

static int lock(struct reason *why)
{
	int fd = wallet_lock(LOCK_NAME, deadline_in(LOCK_SECONDS * 1000), why);

	if (fd != -ETIMEDOUT)
		return fd;
	return reason_set(why, -EBUSY,
	    "another ravi identity create has not ended for %d seconds; find it with: fuser %s/%s",
	    LOCK_SECONDS, PATH_HOST_VAULT, LOCK_NAME);
}

int pending_open(
    struct account *account, const char *name, struct pending *pending, struct reason *why)
{
	buf_auto text = {0};
	int r;

	*pending = (struct pending){.lock = lock(why)};
	if (pending->lock < 0)
		return pending->lock;
	account->deadline = deadline_in(account->conf->service_timeout * 1000);
	wallet_name_in_hex(WALLET_PENDING, name, pending->name);
	/* Who had the lock before may have noted something. */
	r = wallet_reload(&account->wallet, why);
	if (r == 0)
		r = wallet_get(&account->wallet, pending->name, account_url(account), &text, why);
	/* Begun at another service: that is nothing to go on with here. */
	if (r == -ENOKEY || r == -EKEYREJECTED)
		return 0;
	if (r == 0)
		pending->noted = json_loadb(text.data, text.len, 0, NULL);
	return r;
}

void pending_close(struct pending *pending)
{
	json_decref(pending->noted);
	pending->noted = NULL;
	cleanup_fd(&pending->lock);
	pending->lock = -1;
}

const char *pending_uuid(const struct pending *pending)
{
	return fetch_text(pending->noted, "uuid");
}

bool pending_is_known(const struct pending *pending, const char *uuid)
{
	const char *known = fetch_text(pending->noted, "known");
	char hash[HASH_TEXT + 1];

	hash_uuid(uuid, hash);
	for (; known && strlen(known) >= HASH_TEXT; known += HASH_TEXT)
		if (!strncmp(known, hash, HASH_TEXT))
			return true;
	return false;
}

long pending_left(const struct pending *pending)
{
	json_int_t at = json_integer_value(json_object_get(pending->noted, "at"));
	long gone = (long)(time(NULL) - at);

	if (!pending->noted || gone >= PENDING_SETTLED)
		return 0;
	/* A clock that was set back says nothing. */
	return gone < 0 ? PENDING_SETTLED : PENDING_SETTLED - gone;
}

static int note(struct account *account, struct pending *pending, json_t *noted, struct reason *why)
{
	buf_auto text = {0};
	int r = noted ? fetch_dump(noted, &text) : -ENOMEM;

	json_decref(pending->noted);
	pending->noted = noted;
	return r < 0 ? r : account_keep(account, pending->name, text.data, why);
}

int pending_note(
    struct account *account, struct pending *pending, const json_t *identities, struct reason *why)
{
	size_t count = json_array_size(identities);
	char hash[HASH_TEXT + 1];
	buf_auto known = {0};

	if (count > KNOWN_MAX)
		return reason_set(why, -E2BIG,
		    "the account has %zu identities, and %d are the most that this machine makes "
		    "one "
		    "beside; make it at the service, then say: ravi identity adopt",
		    count, KNOWN_MAX);
	for (size_t i = 0; i < count; i++) {
		hash_uuid(fetch_text(json_array_get(identities, i), "uuid"), hash);
		buf_add_text(&known, hash);
	}
	if (known.error)
		return known.error;
	return note(account, pending,
	    json_pack(
		"{s:n, s:I, s:s}", "uuid", "at", (json_int_t)time(NULL), "known", buf_text(&known)),
	    why);
}

int pending_found(
    struct account *account, struct pending *pending, const char *uuid, struct reason *why)
{
	if (pending_uuid(pending))
		return 0;
	return note(account, pending, json_pack("{s:s}", "uuid", uuid), why);
}

void pending_forget(struct account *account, const char *name)
{
	char noted[SECRET_NAME_MAX + 1];
	struct reason why = {0};

	wallet_name_in_hex(WALLET_PENDING, name, noted);
	if (wallet_delete(&account->wallet, noted, &why) < 0)
		cli_note("%s", why.text);
}

/* SPDX-License-Identifier: MIT */
/*
 * A meeting with `seal = off`: each secret by itself, in clear, for accounts that share values with other programs of
 * Ravi's. There are no revisions to go by, so each value is compared with the one that both had last:
 *
 *	changed there alone	it becomes the next version here, marked as plain
 *	changed here alone	it goes there
 *	changed on both		theirs becomes a version here, ours the next one, and goes there
 *	deleted here		goes there, too, unless it was changed there
 *	gone there		stays here: that something is not found deletes nothing
 */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "legacy/legacy.h"
#include "sync/base.h"
#include "sync/meeting.h"
#include "sync/state.h"
#include "util/jsonout.h"
#include "util/when.h"

#define SEALED_NAME "RAVI_VAULT"
#define SERVICE     "the service" /* who wrote what came from there */

/* One name, on all sides; a secret without `name` is not there. */
struct single {
	const char *name;
	struct vault_secret ours, base;
	struct buf theirs;
	const json_t *row; /* at the service; NULL: none */
	bool is_sealed;    /* the row's value, by an older client */
};

struct singles {
	struct meeting *m;
	const json_t *rows;
	struct legacy_pair pair;
	bool has_pair;
	struct vault *vault; /* what is being changed */
	struct reason *why;
	bool is_quiet; /* what is left alone is said on the second walk */
	/* Names that were left alone, each ended by a NUL: nothing is agreed on about them. */
	struct buf left;
	int taken;
};

/* ---- the three sides ---- */

static void free_single(struct single *s)
{
	vault_secret_free(&s->ours);
	vault_secret_free(&s->base);
	buf_free(&s->theirs);
}

#define single_auto __attribute__((cleanup(free_single))) struct single

/* Names that mean something else there or here. */
static bool is_eligible(const char *name)
{
	char folded[SECRET_NAME_MAX + 1];

	return secret_name_fold(name, folded, NULL) == 0 && !strcmp(name, folded) &&
	       strncmp(name, SEALED_NAME, strlen(SEALED_NAME)) != 0 &&
	       strcmp(name, "RAVI_IDENTITY_KEY") != 0;
}

static void skip(struct singles *s, const char *name, const char *reason)
{
	if (s->is_quiet)
		return;
	s->m->synced->skipped++;
	buf_add(&s->left, name, strlen(name) + 1);
	buf_addf(&s->m->synced->notes, "%s: %s %s\n", s->m->identity, name, reason);
}

static const json_t *find_row(const struct singles *s, const char *name)
{
	for (size_t i = 0; i < json_array_size(s->rows); i++)
		if (!strcmp(fetch_text(json_array_get(s->rows, i), "key"), name))
			return json_array_get(s->rows, i);
	return NULL;
}

/* Their value as it is meant: 0, or 1: it is left alone, which is said. */
static int read_theirs(struct singles *s, struct single *one)
{
	const char *value = fetch_text(one->row, "value");
	size_t len = json_string_length(json_object_get(one->row, "value"));
	int r;

	one->is_sealed = legacy_is_sealed(value);
	if (one->is_sealed && !s->has_pair) {
		skip(s, one->name,
		    "is sealed there by an older client; to open it, say: ravi auth unlock");
		return 1;
	}
	r = one->is_sealed ? legacy_open(&s->pair, value, &one->theirs)
			   : buf_add(&one->theirs, value, len);
	if (r == -EBADMSG) {
		skip(s, one->name, "is sealed there, and not for this account's PIN");
		return 1;
	}
	if (r < 0)
		return r;
	if (!one->theirs.len || one->theirs.len > VAULT_VALUE_MAX) {
		skip(s, one->name, "is empty or too large there, and is not taken");
		return 1;
	}
	return 0;
}

static int look(struct singles *s, const char *name, struct single *one)
{
	*one = (struct single){.name = name, .row = find_row(s, name)};
	if (vault_get(s->m->ours, name, &one->ours, NULL) < 0)
		one->ours.name = NULL;
	if (!s->m->base || vault_get(s->m->base, name, &one->base, NULL) < 0)
		one->base.name = NULL;
	return one->row ? read_theirs(s, one) : 0;
}

/* ---- what becomes of it ---- */

enum single_fate {
	SINGLE_STAYS,
	SINGLE_TAKE,      /* theirs becomes the next version */
	SINGLE_TAKE_UNDER, /* theirs becomes a version, ours the next one */
	SINGLE_PUSH,
	SINGLE_REMOVE, /* there */
	SINGLE_GONE,   /* there; ours stays */
};

static enum single_fate without_row(const struct single *one)
{
	if (!one->ours.name)
		return SINGLE_STAYS;
	if (!one->base.name || !buf_equal(&one->ours.value, &one->base.value))
		return SINGLE_PUSH;
	return SINGLE_GONE;
}

/* With nothing to compare both with, the later word counts; the service's where it does not say when. */
static bool is_newer(const struct single *one)
{
	const char *text = fetch_text(one->row, "updated_dt");
	time_t when;

	return !text || when_parse(text, &when) < 0 || when >= one->ours.updated;
}

static struct buf without_blanks(const struct buf *value)
{
	static const char blanks[] = {' ', '\t', '\r', '\n'};
	struct buf part = *value;

	for (; part.len && memchr(blanks, *part.data, sizeof(blanks)); part.data++)
		part.len--;
	while (part.len && memchr(blanks, part.data[part.len - 1], sizeof(blanks)))
		part.len--;
	return part;
}

/* Whether theirs is the value as the service has it: some cut blanks off both ends, which is nobody's change. */
static bool is_kept(const struct buf *theirs, const struct buf *value)
{
	const struct buf part = without_blanks(value);

	return buf_equal(theirs, value) || buf_equal(theirs, &part);
}

static enum single_fate decide(const struct single *one)
{
	bool theirs_is_base = one->base.name && is_kept(&one->theirs, &one->base.value);

	if (!one->row)
		return without_row(one);
	if (!one->ours.name)
		return theirs_is_base ? SINGLE_REMOVE : SINGLE_TAKE;
	if (buf_equal(&one->ours.value, &one->theirs))
		return SINGLE_STAYS;
	if (theirs_is_base)
		return buf_equal(&one->ours.value, &one->base.value) ? SINGLE_STAYS : SINGLE_PUSH;
	if (one->base.name ? buf_equal(&one->ours.value, &one->base.value) : is_newer(one))
		return SINGLE_TAKE;
	return SINGLE_TAKE_UNDER;
}

/*
 * Calls `each` for every eligible name of any side: the service's first, then ours, then those that are at the base
 * alone. Stops at the first result that is not 0.
 */
struct walk {
	struct singles *s;
	int (*each)(struct singles *s, struct single *one);
	bool base_alone;
};

static int walk_name(struct walk *w, const char *name)
{
	single_auto one = {0};
	int r;

	if (!is_eligible(name))
		return 0;
	r = look(w->s, name, &one);
	return r ? (r < 0 ? r : 0) : w->each(w->s, &one);
}

static int walk_secret(void *context, struct vault_secret *secret)
{
	struct walk *w = context;
	vault_secret_auto ours = {0};

	if (find_row(w->s, secret->name))
		return 0;
	if (w->base_alone && vault_get(w->s->m->ours, secret->name, &ours, NULL) == 0)
		return 0;
	return walk_name(w, secret->name);
}

static int walk_all(struct singles *s, int (*each)(struct singles *s, struct single *one))
{
	struct walk w = {.s = s, .each = each};
	int r = 0;

	for (size_t i = 0; i < json_array_size(s->rows) && r == 0; i++)
		r = walk_name(&w, fetch_text(json_array_get(s->rows, i), "key"));
	if (r == 0)
		r = vault_each(s->m->ours, walk_secret, &w);
	w.base_alone = true;
	return r == 0 && s->m->base ? vault_each(s->m->base, walk_secret, &w) : r;
}

/* ---- into the copy ---- */

static int set(
    struct singles *s, const char *name, const struct buf *value, time_t expires, const char *by)
{
	const struct vault_change change = {.name = name,
	    .value = value->data,
	    .len = value->len,
	    .expires = expires,
	    .keep = (unsigned)s->m->sync->conf->keep,
	    .by = by};

	s->taken++;
	return vault_set(s->vault, &change, time(NULL), s->why);
}

static int take_one(struct singles *s, struct single *one)
{
	enum single_fate fate = decide(one);
	int r = 0;

	if (fate == SINGLE_TAKE || fate == SINGLE_TAKE_UNDER)
		r = set(s, one->name, &one->theirs, 0, SERVICE);
	if (r == 0 && fate == SINGLE_TAKE_UNDER)
		r = set(s, one->name, &one->ours.value, one->ours.expires, one->ours.by);
	if (r == 0 && one->row && !one->is_sealed &&
	    (fate == SINGLE_TAKE || fate == SINGLE_STAYS)) {
		r = vault_mark_plain(s->vault, one->name, s->why);
		s->taken += r == 0;
	}
	return r < 0 ? r : 0;
}

/* On the revision that was compared, or not at all: 0, or 1 when nothing was changed. */
static int change_each(struct singles *s, struct vault *vault,
    int (*each)(struct singles *s, struct single *one), struct reason *why)
{
	int r;

	if (vault_revision(vault) != vault_revision(s->m->ours))
		return -EAGAIN;
	s->vault = vault;
	s->why = why;
	s->taken = 0;
	r = walk_all(s, each);
	s->vault = NULL;
	return r < 0 ? r : !s->taken;
}

static int take_all(void *argument, struct vault *vault, struct reason *why)
{
	return change_each(argument, vault, take_one, why);
}

/* ---- to the service ---- */

static int say(struct singles *s, const char *operation, json_t *arguments)
{
	struct meeting *m = s->m;

	return account_ask_as(&m->sync->account, m->uuid, operation, arguments, NULL, s->why);
}

static int push_value(struct singles *s, const struct single *one)
{
	if (one->row)
		return say(s, "secret.update",
		    json_pack("{s:O, s:s%}", "uuid", json_object_get(one->row, "uuid"), "value",
			one->ours.value.data, one->ours.value.len));
	return say(s, "secret.create",
	    json_pack("{s:s, s:s%, s:s}", "key", one->name, "value", one->ours.value.data,
		one->ours.value.len, "notes", one->ours.note ? one->ours.note : ""));
}

static bool is_sendable(const struct buf *value)
{
	return jsonout_is_text(value->data, value->len) && !memchr(value->data, '\0', value->len);
}

static int push_one(struct singles *s, const struct single *one)
{
	int r;

	if (one->is_sealed) {
		skip(s, one->name,
		    "is sealed there by an older client, and is not overwritten in clear; delete it "
		    "there first");
		return 0;
	}
	if (!is_sendable(&one->ours.value)) {
		skip(s, one->name, "is no text, and stays on this machine");
		return 0;
	}
	r = push_value(s, one);
	if (r == -EBADRQC) {
		skip(s, one->name, "is refused by the service, and stays on this machine");
		return 0;
	}
	/* Somebody took it away, or made it, at this moment. */
	if (r == -ENOKEY || r == -EEXIST)
		return -EAGAIN;
	s->m->synced->is_pushed |= r == 0;
	if (r < 0)
		return r;
	r = vault_mark_plain(s->vault, one->name, s->why);
	s->taken += r == 0;
	return r < 0 ? r : 0;
}

static int give_one(struct singles *s, struct single *one)
{
	int r;

	switch (decide(one)) {
	case SINGLE_PUSH:
	case SINGLE_TAKE_UNDER:
		return push_one(s, one);
	case SINGLE_REMOVE:
		r = say(s, "secret.delete",
		    json_pack("{s:O}", "uuid", json_object_get(one->row, "uuid")));
		s->m->synced->is_pushed |= r == 0;
		return r == -ENOKEY ? 0 : r;
	case SINGLE_GONE:
		skip(s, one->name,
		    "is gone at the service, and stays here; to have it gone here, too: ravi secrets "
		    "delete");
		return 0; /* and is agreed on as before */
	default:
		return 0;
	}
}

/* What has got there is marked, in the same revision that is agreed on. */
static int give_all(void *argument, struct vault *vault, struct reason *why)
{
	return change_each(argument, vault, give_one, why);
}

/* ---- all of it ---- */

static int read_rows(struct singles *s, json_t **rows, struct reason *why)
{
	struct meeting *m = s->m;
	int r = account_ask_as(&m->sync->account, m->uuid, "secret.list", NULL, rows, why);

	s->rows = *rows;
	if (r == 0 && find_row(s, SEALED_NAME))
		return reason_set(why, -EKEYREJECTED,
		    "%s: the service has its sealed vault, and seal = off would put the secrets there "
		    "in clear; set seal = on, or take " SEALED_NAME " away at the service first",
		    m->identity);
	return r;
}

static void find_pair(struct singles *s)
{
	const struct account *account = &s->m->sync->account;
	buf_auto text = {0};

	s->has_pair = wallet_get(&account->wallet, WALLET_ACCOUNT_SECRET, account_url(account),
			  &text, NULL) == 0 &&
		      legacy_pair_parse(text.data, &s->pair) == 0;
}

/* The copy changed; what is compared next is what it is now, with what the service said before. */
static int change_copy(struct singles *s, machine_change *change, struct reason *why)
{
	struct meeting *m = s->m;
	vault_auto changed = NULL;
	uint64_t before = vault_revision(m->ours);
	int r = machine_update(m->sync->machine, m->identity, change, s, &changed, why);

	if (r < 0)
		return r;
	m->synced->revision = vault_revision(changed);
	if (vault_revision(changed) == before)
		return 0;
	vault_free(m->ours);
	m->ours = NULL;
	buf_reset(&m->ours_sealed);
	r = machine_vault(m->sync->machine, m->identity, &m->ours_sealed, &m->ours, why);
	if (r < 0)
		return r;
	/* Somebody else's change on top of it was not compared with anything. */
	return vault_revision(m->ours) == m->synced->revision ? 1 : -EAGAIN;
}

/* What was agreed on about `name` before stays so in `next`. */
static int keep_former(struct singles *s, struct vault *next, const char *name, struct reason *why)
{
	vault_secret_auto base = {0};
	struct vault_change change = {.name = name};
	int r = s->m->base ? vault_get(s->m->base, name, &base, NULL) : -ENOKEY;

	if (r < 0) {
		r = vault_delete(next, name, why);
		return r == -ENOKEY ? 0 : r;
	}
	change.value = base.value.data;
	change.len = base.value.len;
	return vault_set(next, &change, time(NULL), why);
}

/* All but what was left alone. */
static int agree_on_rest(struct singles *s, struct reason *why)
{
	struct meeting *m = s->m;
	const struct host *host = &m->sync->machine->host;
	vault_auto next = NULL;
	buf_auto sealed = {0};
	int r = s->left.error;

	if (r == 0)
		r = vault_open(host, m->ours_sealed.data, m->ours_sealed.len, &next, why);
	for (const char *name = s->left.data; r == 0 && name < s->left.data + s->left.len;
	     name += strlen(name) + 1)
		r = keep_former(s, next, name, why);
	if (r == 0)
		r = vault_seal(next, host, &sealed, why);
	return r < 0 ? r : base_write(m->identity, &sealed, true, why);
}

static int meet(struct singles *s, struct reason *why)
{
	struct meeting *m = s->m;
	fetch_json_auto rows = NULL;
	int r = read_rows(s, &rows, why);

	s->is_quiet = true;
	if (r == 0)
		r = change_copy(s, take_all, why);
	if (r < 0)
		return r;
	m->synced->is_taken |= r == 1;
	if (r == 1)
		state_note(m->identity, STATE_UNSHOWN, "");
	s->is_quiet = false;
	r = change_copy(s, give_all, why);
	if (r < 0)
		return r;
	if (s->left.len)
		return agree_on_rest(s, why);
	return m->base && buf_equal(&m->base_sealed, &m->ours_sealed)
		   ? base_touch(m->identity, why)
		   : base_write(m->identity, &m->ours_sealed, true, why);
}

int meeting_singles(struct meeting *m, struct reason *why)
{
	struct singles s = {.m = m};
	int r;

	if (!m->ours)
		return reason_set(why, -ENOKEY,
		    "there is no copy of the vault of %s here, and with seal = off the service has "
		    "none",
		    m->identity);
	/* What other programs share stays theirs. */
	if (vault_state(m->ours) == AGENT_DELETED)
		return 0;
	find_pair(&s);
	r = meet(&s, why);
	wipe(&s.pair, sizeof(s.pair));
	buf_free(&s.left);
	return r;
}

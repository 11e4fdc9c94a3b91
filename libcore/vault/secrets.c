/* SPDX-License-Identifier: MIT */
/* The secrets of a vault: get, each, set, delete. The versions before the current one: history.c. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "identity/name.h"
#include "util/text.h"
#include "util/when.h"
#include "vault/document.h"

#define MADE_BY_AGENT "agent"

static json_t *secrets_of(const struct vault *vault)
{
	return json_object_get(vault->root, "secrets");
}

void vault_secret_free(struct vault_secret *secret)
{
	buf_free(&secret->value);
}

size_t vault_secret_count(const struct vault *vault)
{
	return json_object_size(secrets_of(vault));
}

void vault_clear(struct vault *vault)
{
	json_object_clear(secrets_of(vault));
}

static bool is_by_agent(const json_t *entry)
{
	const char *maker = json_string_value(json_object_get(entry, "created_by"));

	return maker && !strcmp(maker, MADE_BY_AGENT);
}

static int fill(struct vault_secret *secret, const char *name, const json_t *entry)
{
	int r = vault_version_fill(secret, name, entry);

	secret->note = json_string_value(json_object_get(entry, "note"));
	secret->by_agent = is_by_agent(entry);
	secret->plain = json_is_true(json_object_get(entry, "plain"));
	secret->previous = json_array_size(json_object_get(entry, "previous"));
	vault_model_time(json_object_get(entry, "created"), &secret->created);
	return r;
}

static int no_such_secret(const struct vault *vault, const char *name, struct reason *why)
{
	return reason_set(why, -ENOKEY,
	    "%s has no secret %s; ravi secrets list --identity %s shows what it has",
	    vault_name(vault), name, vault_name(vault));
}

json_t *vault_entry(const struct vault *vault, const char *name, char folded[SECRET_NAME_MAX + 1],
    int *r, struct reason *why)
{
	json_t *entry;

	*r = secret_name_fold(name, folded, why);
	if (*r < 0)
		return NULL;
	entry = json_object_get(secrets_of(vault), folded);
	if (!entry)
		*r = no_such_secret(vault, folded, why);
	return entry;
}

int vault_get(
    const struct vault *vault, const char *name, struct vault_secret *secret, struct reason *why)
{
	char folded[SECRET_NAME_MAX + 1];
	const json_t *entry;
	int r;

	*secret = (struct vault_secret){0};
	entry = vault_entry(vault, name, folded, &r, why);
	if (!entry)
		return r;
	/* The name as the tree has it lives as long as the tree. */
	r = fill(
	    secret, json_object_iter_key(json_object_iter_at(secrets_of(vault), folded)), entry);
	if (r < 0)
		return reason_errno(why, r, "reading %s", folded);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int vault_each(const struct vault *vault, int (*each)(void *context, struct vault_secret *secret),
    void *context)
{
	const char *names[VAULT_SECRETS_MAX], *name;
	json_t *secrets = secrets_of(vault), *entry;
	size_t count = 0;
	int r = 0;

	json_object_foreach(secrets, name, entry)
	{
		if (count < VAULT_SECRETS_MAX)
			names[count++] = name;
	}
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count && r == 0; i++) {
		vault_secret_auto secret = {0};

		r = fill(&secret, names[i], json_object_get(secrets, names[i]));
		if (r == 0)
			r = each(context, &secret);
	}
	return r;
}

/* The bytes of all current values but that of `name`. */
static int total_without(const struct vault *vault, const char *name, size_t *total)
{
	json_t *secrets = secrets_of(vault), *entry;
	const char *other;
	int r;

	*total = 0;
	json_object_foreach(secrets, other, entry)
	{
		buf_auto value = {0};

		if (!strcmp(other, name))
			continue;
		r = vault_value_get(entry, &value);
		if (r < 0)
			return r;
		*total += value.len;
	}
	return 0;
}

static int check_change(const struct vault *vault, const struct vault_change *change,
    const char *folded, time_t now, struct reason *why)
{
	time_t last = 253402300799; /* 9999-12-31T23:59:59Z: four digits of a year */
	size_t total;
	int r;

	if (!change->len || change->len > VAULT_VALUE_MAX)
		return reason_set(why, -EINVAL,
		    "the value of %s has %zu bytes; it must have 1 to %u", folded, change->len,
		    VAULT_VALUE_MAX);
	if (change->note && !vault_model_words(change->note, VAULT_NOTE_MAX))
		return reason_set(why, -EINVAL,
		    "the note on %s must be one line of UTF-8, of at most %u bytes and without "
		    "control "
		    "characters",
		    folded, VAULT_NOTE_MAX);
	if (now < 0 || now > last || change->expires < 0 || change->expires > last)
		return reason_set(
		    why, -EINVAL, "%s: a time must lie before the year 10000", folded);
	if (!json_object_get(secrets_of(vault), folded) &&
	    vault_secret_count(vault) >= VAULT_SECRETS_MAX)
		return reason_set(why, -E2BIG, "%s has %u secrets, which is the most; delete one",
		    vault_name(vault), VAULT_SECRETS_MAX);
	r = total_without(vault, folded, &total);
	if (r < 0)
		return reason_errno(why, r, "setting %s", folded);
	if (total + change->len > VAULT_VALUES_MAX)
		return reason_set(why, -E2BIG,
		    "with %s the values of %s would have %zu bytes together, %u are the most",
		    folded, vault_name(vault), total + change->len, VAULT_VALUES_MAX);
	return 0;
}

static json_t *time_or_null(time_t when)
{
	char text[WHEN_TEXT];

	if (!when)
		return json_null();
	when_format(when, text);
	return json_string(text);
}

/* Sets the member, or takes it away where nothing is known: never does the writer before stay. */
static int set_writer(json_t *entry, const char *member, const char *name)
{
	json_object_del(entry, member);
	if (!name || !*name || !vault_model_words(name, VAULT_WRITER_MAX))
		return 0;
	return json_object_set_new(entry, member, json_string(name));
}

/* Who and where. A name that is no UTF-8 is not known. */
static int set_writers(json_t *entry, const char *by)
{
	struct utsname here;

	if (uname(&here) < 0)
		here.nodename[0] = '\0';
	return set_writer(entry, "by", by) == 0 ? set_writer(entry, "host", here.nodename) : -1;
}

/* Whether the version has the value of the change. */
static bool has_value(const json_t *version, const struct vault_change *change)
{
	buf_auto value = {0};

	return vault_value_get(version, &value) == 0 &&
	       text_equal_secret(value.data, value.len, change->value, change->len);
}

/*
 * The first revision with the value of the change: `next`, unless it is one that comes back. Whoever was
 * taken off in the meantime knows that. 0 there: not on record, so it may be any.
 */
static json_t *since(json_t *entry, const struct vault_change *change, uint64_t next)
{
	json_t *history = json_object_get(entry, "previous"), *version;
	json_int_t least = has_value(entry, change)
			       ? json_integer_value(json_object_get(entry, "since"))
			       : (json_int_t)next;
	size_t i;

	json_array_foreach(history, i, version)
	{
		json_int_t first = json_integer_value(json_object_get(version, "since"));

		if (has_value(version, change) && first < least)
			least = first;
	}
	return json_integer(least ? least : 1);
}

/*
 * What there is of `entry` (an empty object: nothing), with the change made for `revision`. NULL: no
 * memory.
 */
static json_t *changed(
    json_t *entry, const struct vault_change *change, uint64_t revision, time_t now)
{
	bool is_new = !json_object_size(entry);
	json_int_t version = json_integer_value(json_object_get(entry, "version"));
	json_t *next = json_copy(entry); /* unknown members with it */

	/* It is said of a value, and this is another one. */
	json_object_del(next, "plain");
	if (next && vault_value_set(next, change->value, change->len) == 0 &&
	    json_object_set_new(next, "version", json_integer(version + 1)) == 0 &&
	    json_object_set_new(next, "since", since(entry, change, revision)) == 0 &&
	    (!is_new || json_object_set_new(next, "created", time_or_null(now)) == 0) &&
	    (!is_new || !change->by_agent ||
		json_object_set_new(next, "created_by", json_string(MADE_BY_AGENT)) == 0) &&
	    json_object_set_new(next, "updated", time_or_null(now)) == 0 &&
	    json_object_set_new(next, "expires", time_or_null(change->expires)) == 0 &&
	    ((!is_new && !change->note) ||
		json_object_set_new(next, "note",
		    change->note && *change->note ? json_string(change->note) : json_null()) ==
		    0) &&
	    set_writers(next, change->by) == 0 &&
	    json_object_set_new(next, "previous",
		is_new ? json_array() : vault_history_after(entry, change->keep)) == 0)
		return next;
	json_decref(next);
	return NULL;
}

int vault_set(
    struct vault *vault, const struct vault_change *change, time_t now, struct reason *why)
{
	char folded[SECRET_NAME_MAX + 1];
	json_auto_t *entry = NULL;
	json_t *next;
	int r = secret_name_fold(change->name, folded, why);

	if (r == 0)
		r = check_change(vault, change, folded, now, why);
	if (r < 0)
		return r;
	entry = json_incref(json_object_get(secrets_of(vault), folded));
	if (!entry)
		entry = json_object();
	next = entry ? changed(entry, change, vault->revision + 1, now) : NULL;
	/* A NULL is refused there. */
	if (json_object_set_new(secrets_of(vault), folded, next) < 0)
		return reason_errno(why, -ENOMEM, "setting %s", folded);
	return 0;
}

int vault_mark_plain(struct vault *vault, const char *name, struct reason *why)
{
	char folded[SECRET_NAME_MAX + 1];
	int r;
	json_t *entry = vault_entry(vault, name, folded, &r, why);

	if (!entry)
		return r;
	if (json_is_true(json_object_get(entry, "plain")))
		return 1;
	return json_object_set_new(entry, "plain", json_true()) < 0
		   ? reason_errno(why, -ENOMEM, "marking %s", folded)
		   : 0;
}

int vault_delete(struct vault *vault, const char *name, struct reason *why)
{
	char folded[SECRET_NAME_MAX + 1];
	int r = secret_name_fold(name, folded, why);

	if (r < 0)
		return r;
	if (json_object_del(secrets_of(vault), folded) < 0)
		return no_such_secret(vault, folded, why);
	return 0;
}

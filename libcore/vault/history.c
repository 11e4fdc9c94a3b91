/* SPDX-License-Identifier: MIT */
/* The versions of a secret: kept, shown, and one of them brought back. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/when.h"
#include "vault/document.h"

/* The current version of an entry as it goes into the list of previous ones. */
static json_t *demoted(const json_t *entry)
{
	static const char *const members[] = {
	    "text", "base64", "version", "updated", "expires", "since", "by", "host"};
	json_t *version = json_object();

	for (size_t i = 0; version && i < sizeof(members) / sizeof(*members); i++) {
		json_t *member = json_object_get(entry, members[i]);

		if (member && json_object_set(version, members[i], member) < 0) {
			json_decref(version);
			return NULL;
		}
	}
	return version;
}

/* The previous versions that the entry after `entry` has: newest first, at most `keep`. */
json_t *vault_history_after(const json_t *entry, unsigned keep)
{
	const json_t *old = json_object_get(entry, "previous");
	json_t *history = json_array();
	int r = history ? 0 : -1;

	if (r == 0 && keep)
		r = json_array_append_new(history, demoted(entry));
	for (size_t i = 0; r == 0 && i + 1 < keep && i < json_array_size(old); i++)
		r = json_array_append(history, json_array_get(old, i));
	if (r == 0)
		return history;
	json_decref(history);
	return NULL;
}

int vault_version_fill(struct vault_secret *secret, const char *name, const json_t *version)
{
	*secret = (struct vault_secret){
	    .name = name,
	    .version = (uint64_t)json_integer_value(json_object_get(version, "version")),
	    .since = (uint64_t)json_integer_value(json_object_get(version, "since")),
	    .by = json_string_value(json_object_get(version, "by")),
	    .host = json_string_value(json_object_get(version, "host")),
	};
	vault_model_time(json_object_get(version, "updated"), &secret->updated);
	if (!vault_model_time(json_object_get(version, "expires"), &secret->expires))
		secret->expires = 0;
	return vault_value_get(version, &secret->value);
}

int vault_each_version(const struct vault *vault, const char *name,
    int (*each)(void *context, struct vault_secret *version), void *context, struct reason *why)
{
	char folded[SECRET_NAME_MAX + 1];
	vault_secret_auto current = {0};
	const json_t *history, *version;
	size_t i;
	int r = vault_get(vault, name, &current, why);

	if (r == 0)
		r = each(context, &current);
	if (r)
		return r;
	history = json_object_get(vault_entry(vault, name, folded, &r, why), "previous");
	json_array_foreach(history, i, version)
	{
		vault_secret_auto former = {0};

		r = vault_version_fill(&former, current.name, version);
		if (r < 0)
			return reason_errno(why, r, "reading %s", folded);
		r = each(context, &former);
		if (r)
			return r;
	}
	return 0;
}

static json_int_t number_of(const json_t *version)
{
	return json_integer_value(json_object_get(version, "version"));
}

static int not_kept(const char *name, uint64_t wanted, const json_t *entry, struct reason *why)
{
	const json_t *history = json_object_get(entry, "previous"), *version;
	buf_auto kept = {0};
	size_t i;

	json_array_foreach(history, i, version)
	{
		buf_addf(&kept, ", %lld", (long long)number_of(version));
	}
	if (wanted)
		return reason_set(why, -ENOKEY,
		    "%s has no version %llu any more, or never had; there are: %lld%s", name,
		    (unsigned long long)wanted, (long long)number_of(entry), buf_text(&kept));
	return reason_set(why, -ENOKEY,
	    "%s has no version before version %lld; ravi.conf says how many are kept (keep)", name,
	    (long long)number_of(entry));
}

/* The previous version of that number, 0: the newest; NULL: it is not kept. */
static const json_t *find_previous(const json_t *entry, uint64_t wanted)
{
	const json_t *history = json_object_get(entry, "previous"), *version;
	size_t i;

	if (!wanted)
		return json_array_get(history, 0);
	json_array_foreach(history, i, version)
	{
		if (number_of(version) == (json_int_t)wanted)
			return version;
	}
	return NULL;
}

int vault_get_version(const struct vault *vault, const char *name, uint64_t wanted,
    struct vault_secret *secret, struct reason *why)
{
	char folded[SECRET_NAME_MAX + 1];
	const json_t *version;
	int r = vault_get(vault, name, secret, why);

	if (r < 0 || secret->version == wanted)
		return r;
	version = find_previous(vault_entry(vault, name, folded, &r, why), wanted);
	if (!version)
		return not_kept(
		    secret->name, wanted, vault_entry(vault, name, folded, &r, NULL), why);
	name = secret->name;
	vault_secret_free(secret);
	r = vault_version_fill(secret, name, version);
	return r < 0 ? reason_errno(why, r, "reading %s", name) : 0;
}

/* The version that is to come back. */
static int find_former(const struct vault *vault, const char *name, uint64_t wanted,
    struct vault_secret *former, struct reason *why)
{
	char folded[SECRET_NAME_MAX + 1];
	int r;
	const json_t *entry = vault_entry(vault, name, folded, &r, why), *version;

	if (!entry)
		return r;
	if (wanted && number_of(entry) == (json_int_t)wanted)
		return reason_set(
		    why, -EALREADY, "%s has version %llu now", folded, (unsigned long long)wanted);
	version = find_previous(entry, wanted);
	if (!version)
		return not_kept(folded, wanted, entry, why);
	r = vault_version_fill(former, name, version);
	return r < 0 ? reason_errno(why, r, "reading %s", folded) : 0;
}

int vault_rollback(struct vault *vault, const struct vault_change *change, uint64_t *version,
    time_t now, struct reason *why)
{
	struct vault_change next = *change;
	vault_secret_auto former = {0};
	char expired[WHEN_TEXT];
	int r = find_former(vault, change->name, *version, &former, why);

	if (r < 0)
		return r;
	when_format(former.expires, expired);
	if (!change->expires && former.expires && former.expires <= now)
		return reason_set(why, -EKEYEXPIRED,
		    "version %llu of %s expired at %s; if it is good still, say until when: "
		    "--expires",
		    (unsigned long long)former.version, change->name, expired);
	next.value = former.value.data;
	next.len = former.value.len;
	next.expires = change->expires ? change->expires : former.expires;
	next.note = NULL;
	/* What is replaced is kept, also where no versions are. */
	next.keep = change->keep ? change->keep : 1;
	r = vault_set(vault, &next, now, why);
	if (r < 0)
		return r;
	*version = former.version;
	return secret_name_fold(change->name, vault->rolled_back, why);
}

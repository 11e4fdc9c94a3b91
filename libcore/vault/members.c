/* SPDX-License-Identifier: MIT */
/*
 * Who may open a vault and who may write it: the recipients and signers that the document lists. Who is
 * taken off keeps what it was given, so the document remembers up to which revision that was: a secret
 * whose value is older than that has been seen.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "util/when.h"
#include "vault/document.h"

/* Where `text` stands in the list of texts; its size when it is not there. */
static size_t place_of(const json_t *list, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (!strcmp(json_string_value(one), text))
			break;
	}
	return i;
}

static int add_text(
    struct vault *vault, const char *member, size_t most, const char *text, struct reason *why)
{
	json_t *list = json_object_get(vault->root, member);

	if (place_of(list, text) < json_array_size(list))
		return 1;
	if (json_array_size(list) >= most)
		return reason_set(why, -E2BIG, "%s has %zu %s, which is the most; remove one first",
		    vault_name(vault), most, member);
	if (json_array_append_new(list, json_string(text)) < 0)
		return reason_errno(
		    why, -ENOMEM, "changing the %s of %s", member, vault_name(vault));
	return 0;
}

static int remove_text(
    struct vault *vault, const char *member, const char *text, struct reason *why)
{
	json_t *list = json_object_get(vault->root, member);
	size_t at = place_of(list, text);

	if (at == json_array_size(list))
		return reason_set(why, -ENOKEY,
		    "%s is not among the %s of %s; see: ravi vault %s list --identity %s", text,
		    member, vault_name(vault), member, vault_name(vault));
	if (json_array_size(list) == 1)
		return reason_set(why, -EPERM,
		    "%s is the only one of the %s of %s; add another first", text, member,
		    vault_name(vault));
	if (json_array_remove(list, at) < 0)
		return reason_errno(
		    why, -ENOMEM, "changing the %s of %s", member, vault_name(vault));
	return 0;
}

void vault_members(const struct vault *vault, struct vault_members *members)
{
	const json_t *one;
	size_t i;

	*members = (struct vault_members){0};
	/* The model has seen to it that they fit and parse. */
	json_array_foreach(json_object_get(vault->root, "recipients"), i, one)
	{
		age_recipient_parse(json_string_value(one), &members->recipients[i], NULL);
		members->recipient_count++;
	}
	json_array_foreach(json_object_get(vault->root, "signers"), i, one)
	{
		signer_parse(json_string_value(one), &members->signers[i], NULL);
		members->signer_count++;
	}
}

bool vault_has_signer(const struct vault *vault, const struct signer *signer)
{
	return vault_model_has_signer(vault->root, signer);
}

/* ---- who was taken off ---- */

static void fill_removed(const json_t *entry, struct vault_removed *removed)
{
	age_recipient_parse(
	    json_string_value(json_object_get(entry, "recipient")), &removed->recipient, NULL);
	removed->revision = (uint64_t)json_integer_value(json_object_get(entry, "revision"));
	vault_model_time(json_object_get(entry, "removed"), &removed->when);
}

int vault_each_removed(const struct vault *vault,
    int (*each)(void *context, const struct vault_removed *removed), void *context)
{
	const json_t *entry;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(vault->root, "removed"), i, entry)
	{
		struct vault_removed removed;

		fill_removed(entry, &removed);
		r = each(context, &removed);
		if (r)
			break;
	}
	return r;
}

/* Forgets that it was taken off, as when it comes back. */
static void forget_removed(struct vault *vault, const char *text)
{
	json_t *list = json_object_get(vault->root, "removed");

	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *entry = json_array_get(list, i);

		if (!strcmp(json_string_value(json_object_get(entry, "recipient")), text))
			json_array_remove(list, i);
	}
}

/* Newest last; the oldest go when there are too many. */
static int remember_removed(struct vault *vault, const char *text, time_t now)
{
	json_t *list = json_object_get(vault->root, "removed");
	char when[WHEN_TEXT];

	if (!list && json_object_set_new(vault->root, "removed", json_array()) < 0)
		return -ENOMEM;
	list = json_object_get(vault->root, "removed");
	forget_removed(vault, text);
	while (json_array_size(list) >= VAULT_REMOVED_MAX)
		json_array_remove(list, 0);
	when_format(now, when);
	return json_array_append_new(
		   list, json_pack("{s:s, s:I, s:s}", "recipient", text, "revision",
			     (json_int_t)vault->revision, "removed", when)) < 0
		   ? -ENOMEM
		   : 0;
}

bool vault_secret_was_seen(const struct vault_secret *secret, uint64_t revision)
{
	return secret->since <= revision;
}

/* ---- changes ---- */

int vault_add_recipient(
    struct vault *vault, const struct age_recipient *recipient, struct reason *why)
{
	char text[AGE_RECIPIENT_TEXT];
	int r;

	age_recipient_format(recipient, text);
	r = add_text(vault, "recipients", AGE_RECIPIENTS_MAX, text, why);
	if (r == 0)
		forget_removed(vault, text);
	return r;
}

int vault_remove_recipient(
    struct vault *vault, const struct age_recipient *recipient, time_t now, struct reason *why)
{
	char text[AGE_RECIPIENT_TEXT];
	int r;

	age_recipient_format(recipient, text);
	r = remove_text(vault, "recipients", text, why);
	if (r == 0 && remember_removed(vault, text, now) < 0)
		r = reason_errno(why, -ENOMEM, "changing the recipients of %s", vault_name(vault));
	return r;
}

int vault_add_signer(struct vault *vault, const struct signer *signer, struct reason *why)
{
	char text[SIGNER_TEXT];

	signer_format(signer, text);
	return add_text(vault, "signers", VAULT_SIGNERS_MAX, text, why);
}

int vault_remove_signer(struct vault *vault, const struct signer *signer, struct reason *why)
{
	char text[SIGNER_TEXT];

	signer_format(signer, text);
	return remove_text(vault, "signers", text, why);
}

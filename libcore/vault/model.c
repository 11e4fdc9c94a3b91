/* SPDX-License-Identifier: MIT */
/*
 * What a vault document must look like: tables of members, each with the rule it fits and the words for
 * it. Everything is checked once, when a document is opened and before one is sealed. Members that no
 * table names are let through: a later version may have put them there.
 */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "identity/name.h"
#include "util/jsonout.h"
#include "util/when.h"
#include "vault/document.h"
#include "vault/hex.h"

struct member {
	const char *name;
	bool (*fits)(const json_t *value);
	const char *what; /* "it must be ..." */
};

bool vault_model_time(const json_t *text, time_t *when)
{
	const char *t = json_string_value(text);

	return t && json_string_length(text) == WHEN_TEXT - 1 && t[10] == 'T' &&
	       t[WHEN_TEXT - 2] == 'Z' && when_parse(t, when) == 0;
}

bool vault_model_words(const char *words, size_t max)
{
	size_t len = strlen(words);

	if (len > max || !jsonout_is_text(words, len))
		return false;
	for (; *words; words++)
		if ((unsigned char)*words < ' ' || *words == 0x7f)
			return false;
	return true;
}

static bool is_object(const json_t *value)
{
	return json_is_object(value);
}

static bool is_array(const json_t *value)
{
	return json_is_array(value);
}

static bool is_time(const json_t *value)
{
	time_t when;

	return vault_model_time(value, &when);
}

static bool is_expiry(const json_t *value)
{
	return json_is_null(value) || is_time(value);
}

static bool is_note(const json_t *value)
{
	return json_is_null(value) ||
	       (json_is_string(value) &&
		   vault_model_words(json_string_value(value), VAULT_NOTE_MAX));
}

static bool is_writer(const json_t *value)
{
	return json_is_string(value) &&
	       vault_model_words(json_string_value(value), VAULT_WRITER_MAX);
}

static bool is_counter(const json_t *value)
{
	json_int_t n = json_integer_value(value);

	return json_is_integer(value) && n >= 1 && n <= (json_int_t)VAULT_REVISION_MAX;
}

static bool is_state(const json_t *value)
{
	enum agent_state state;

	return json_is_string(value) && agent_state_parse(json_string_value(value), &state) == 0;
}

static bool is_hash(const json_t *value)
{
	uint8_t hash[VAULT_HASH_SIZE];

	return json_is_null(value) ||
	       (json_string_length(value) == 2 * sizeof(hash) &&
		   hex_parse(json_string_value(value), 2 * sizeof(hash), hash, sizeof(hash)) == 0);
}

static bool is_name(const json_t *value)
{
	return json_is_string(value) && identity_name_check(json_string_value(value), NULL) == 0;
}

static bool is_uuid(const json_t *value)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	const char *text = json_string_value(value);

	if (json_string_length(value) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
			return false;
	return true;
}

static bool is_email(const json_t *value)
{
	return json_is_null(value) ||
	       (json_is_string(value) && email_check(json_string_value(value), NULL) == 0);
}

static bool is_phone(const json_t *value)
{
	return json_is_null(value) ||
	       (json_is_string(value) && phone_check(json_string_value(value), NULL) == 0);
}

static bool is_recipients(const json_t *value)
{
	size_t count = json_array_size(value);
	struct age_recipient recipient;

	for (size_t i = 0; i < count && count <= AGE_RECIPIENTS_MAX; i++) {
		const char *text = json_string_value(json_array_get(value, i));

		if (!text || age_recipient_parse(text, &recipient, NULL) < 0)
			return false;
	}
	return count >= 1 && count <= AGE_RECIPIENTS_MAX;
}

static bool is_signers(const json_t *value)
{
	size_t count = json_array_size(value);
	struct signer signer;

	for (size_t i = 0; i < count && count <= VAULT_SIGNERS_MAX; i++) {
		const char *text = json_string_value(json_array_get(value, i));

		if (!text || signer_parse(text, &signer, NULL) < 0)
			return false;
	}
	return count >= 1 && count <= VAULT_SIGNERS_MAX;
}

static bool is_removed(const json_t *value)
{
	const json_t *one;
	size_t i;

	json_array_foreach(value, i, one)
	{
		const char *text = json_string_value(json_object_get(one, "recipient"));
		struct age_recipient recipient;

		if (!text || age_recipient_parse(text, &recipient, NULL) < 0 ||
		    !is_counter(json_object_get(one, "revision")) ||
		    !is_time(json_object_get(one, "removed")))
			return false;
	}
	return json_is_array(value) && json_array_size(value) <= VAULT_REMOVED_MAX;
}

static bool is_lease(const json_t *value)
{
	const char *holder = json_string_value(json_object_get(value, "holder"));
	struct signer signer;

	return holder && signer_parse(holder, &signer, NULL) == 0 &&
	       is_writer(json_object_get(value, "host")) &&
	       is_time(json_object_get(value, "since"));
}

static bool is_hashes(const json_t *value)
{
	size_t i, count = json_array_size(value);

	for (i = 0; i < count; i++)
		if (json_is_null(json_array_get(value, i)) || !is_hash(json_array_get(value, i)))
			return false;
	return json_is_array(value) && count <= VAULT_ANCESTORS_MAX;
}

#define TIME_WORDS  "a time like 2026-11-27T02:18:00Z"
#define COUNT_WORDS "a whole number from 1 to 2^53 - 1"

static const struct member document_members[] = {
    {"identity", is_object, "an object"},
    {"state", is_state, "active, disabled or deleted"},
    {"revision", is_counter, COUNT_WORDS},
    {"previous", is_hash, "null or 64 lowercase hex digits"},
    {"created", is_time, TIME_WORDS},
    {"updated", is_time, TIME_WORDS},
    {"recipients", is_recipients, "a list of 1 to 64 age recipients"},
    {"signers", is_signers, "a list of 1 to 16 signers"},
    {"secrets", is_object, "an object"},
    {0},
};

/* What a document may have: former releases wrote none of it. */
static const struct member document_extras[] = {
    {"ancestors", is_hashes, "a list of at most 128 hashes"},
    {"lease", is_lease, "an object with a signer, a host and a time"},
    {"removed", is_removed, "a list of at most 64 recipients, each with revision and time"},
    {0},
};

static const struct member identity_members[] = {
    {"name", is_name, "an identity name"},
    {"uuid", is_uuid, "a UUID in lowercase"},
    {"email", is_email, "null or a mail address"},
    {"phone", is_phone, "null or a phone number as E.164 has it"},
    {0},
};

static const struct member version_members[] = {
    {"version", is_counter, COUNT_WORDS},
    {"updated", is_time, TIME_WORDS},
    {"expires", is_expiry, "null or " TIME_WORDS},
    {0},
};

/* What a version may have; former releases wrote none of it. */
static const struct member version_extras[] = {
    {"since", is_counter, COUNT_WORDS},
    {"by", is_writer, "at most 64 bytes of text without control characters"},
    {"host", is_writer, "at most 64 bytes of text without control characters"},
    {0},
};

static bool is_bool(const json_t *value)
{
	return json_is_boolean(value);
}

/* What a secret may have. */
static const struct member secret_extras[] = {
    {"plain", is_bool, "true or false"},
    {0},
};

/* What a secret has beside what each of its versions has. */
static const struct member secret_members[] = {
    {"created", is_time, TIME_WORDS},
    {"note", is_note, "null or at most 1024 bytes of text without control characters"},
    {"previous", is_array, "a list"},
    {0},
};

static int check_member(
    const json_t *value, const struct member *member, const char *where, struct reason *why)
{
	if (value && member->fits(value))
		return 0;
	return reason_set(why, -EBADMSG, "the document is malformed: %s%s must be %s", where,
	    member->name, member->what);
}

static int check_members(
    const json_t *object, const struct member *table, const char *where, struct reason *why)
{
	int r = 0;

	for (const struct member *member = table; member->name && r == 0; member++)
		r = check_member(json_object_get(object, member->name), member, where, why);
	return r;
}

/* The same for members that may be left out. */
static int check_optional(
    const json_t *object, const struct member *table, const char *where, struct reason *why)
{
	int r = 0;

	for (const struct member *member = table; member->name && r == 0; member++)
		if (json_object_get(object, member->name))
			r = check_member(json_object_get(object, member->name), member, where, why);
	return r;
}

/* One version of a secret, the current one or a previous one; adds the size of its value to `total`. */
static int check_version(
    const json_t *version, const char *where, size_t *total, struct reason *why)
{
	buf_auto value = {0};
	int r = vault_value_get(version, &value);

	if (r == -EBADMSG || (r == 0 && !value.len))
		return reason_set(why, -EBADMSG,
		    "the document is malformed: %s must have one value, text or base64", where);
	if (r < 0)
		return reason_errno(why, r, "reading the document");
	if (value.len > VAULT_VALUE_MAX)
		return reason_set(why, -EFBIG,
		    "the document is over-large: %s has %zu bytes, %u are the most", where,
		    value.len, VAULT_VALUE_MAX);
	*total += value.len;
	r = check_members(version, version_members, where, why);
	return r < 0 ? r : check_optional(version, version_extras, where, why);
}

static int check_secret(const char *name, const json_t *secret, size_t *total, struct reason *why)
{
	char folded[SECRET_NAME_MAX + 1], where[SECRET_NAME_MAX + 32];
	const json_t *version;
	size_t i, history = 0;
	int r;

	if (secret_name_fold(name, folded, NULL) < 0 || strcmp(name, folded) != 0)
		return reason_set(why, -EBADMSG,
		    "the document is malformed: a secret's name is not [A-Z][A-Z0-9_]*");
	snprintf(where, sizeof(where), "secrets.%s.", name);
	r = check_version(secret, where, total, why);
	if (r == 0)
		r = check_members(secret, secret_members, where, why);
	if (r == 0)
		r = check_optional(secret, secret_extras, where, why);
	if (r < 0)
		return r;
	snprintf(where, sizeof(where), "secrets.%s.previous.", name);
	json_array_foreach(json_object_get(secret, "previous"), i, version)
	{
		r = check_version(version, where, &history, why);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_secrets(const json_t *secrets, struct reason *why)
{
	json_t *all = json_object_get(secrets, "secrets");
	const json_t *secret;
	const char *name;
	size_t total = 0;
	int r;

	if (json_object_size(all) > VAULT_SECRETS_MAX)
		return reason_set(why, -EFBIG,
		    "the document is over-large: it has %zu secrets, %u are the most",
		    json_object_size(all), VAULT_SECRETS_MAX);
	json_object_foreach(all, name, secret)
	{
		r = check_secret(name, secret, &total, why);
		if (r < 0)
			return r;
	}
	if (total > VAULT_VALUES_MAX)
		return reason_set(why, -EFBIG,
		    "the document is over-large: its values have %zu bytes together, %u are the "
		    "most",
		    total, VAULT_VALUES_MAX);
	return 0;
}

int vault_model_check(const json_t *root, struct reason *why)
{
	bool first;
	int r;

	if (!json_is_object(root))
		return reason_set(why, -EBADMSG, "the document is malformed: it is no JSON object");
	r = check_members(root, document_members, "", why);
	if (r == 0)
		r = check_optional(root, document_extras, "", why);
	if (r == 0)
		r = check_members(
		    json_object_get(root, "identity"), identity_members, "identity.", why);
	if (r < 0)
		return r;
	first = json_integer_value(json_object_get(root, "revision")) == 1;
	if (first != json_is_null(json_object_get(root, "previous")))
		return reason_set(why, -EBADMSG,
		    "the document is malformed: the first revision, and no other, has none before "
		    "it");
	return check_secrets(root, why);
}

bool vault_model_has_signer(const json_t *root, const struct signer *signer)
{
	char text[SIGNER_TEXT];
	const json_t *one;
	size_t i;

	signer_format(signer, text);
	json_array_foreach(json_object_get(root, "signers"), i, one)
	{
		if (!strcmp(json_string_value(one), text))
			return true;
	}
	return false;
}

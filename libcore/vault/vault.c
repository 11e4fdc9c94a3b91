/* SPDX-License-Identifier: MIT */
/* The vault in memory: made, continued, asked, freed. See vault.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "util/when.h"
#include "vault/document.h"
#include "vault/hex.h"

void vault_free(struct vault *vault)
{
	if (!vault)
		return;
	json_decref(vault->root);
	free(vault);
}

void vault_cleanup(struct vault **vault)
{
	vault_free(*vault);
}

/* RFC 9562, version 4. */
static void uuid_make(char text[VAULT_UUID_TEXT])
{
	uint8_t b[16];

	randombytes_buf(b, sizeof(b));
	b[6] = (uint8_t)(0x40 | (b[6] & 0x0f));
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	snprintf(text, VAULT_UUID_TEXT,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
	    b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
	    b[15]);
}

static int check_profile(const struct vault_profile *profile, struct reason *why)
{
	int r = identity_name_check(profile->name, why);

	if (r == 0 && profile->email)
		r = email_check(profile->email, why);
	if (r == 0 && profile->phone)
		r = phone_check(profile->phone, why);
	return r;
}

static json_t *make_recipients(const struct host *host, const struct age_recipient *recovery)
{
	char text[AGE_RECIPIENT_TEXT];
	json_t *list;

	age_recipient_format(&host->age.recipient, text);
	list = json_pack("[s]", text);
	if (!list || !recovery || !memcmp(recovery, &host->age.recipient, sizeof(*recovery)))
		return list;
	age_recipient_format(recovery, text);
	if (json_array_append_new(list, json_string(text)) < 0) {
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *make_root(const struct vault_profile *profile, const struct host *host,
    const struct age_recipient *recovery)
{
	char now[WHEN_TEXT], uuid[VAULT_UUID_TEXT], signer[SIGNER_TEXT];
	json_t *recipients = make_recipients(host, recovery);

	if (!recipients)
		return NULL;
	when_format(time(NULL), now);
	if (profile->uuid)
		snprintf(uuid, sizeof(uuid), "%s", profile->uuid);
	else
		uuid_make(uuid);
	signer_format(&host->signer, signer);
	return json_pack("{s:{s:s, s:s, s:s?, s:s?}, s:s, s:i, s:n, s:s, s:s, s:o, s:[s], s:{}}",
	    "identity", "name", profile->name, "uuid", uuid, "email", profile->email, "phone",
	    profile->phone, "state", agent_state_word(AGENT_ACTIVE), "revision", 0, "previous",
	    "created", now, "updated", now, "recipients", recipients, "signers", signer, "secrets");
}

int vault_create(const struct vault_profile *profile, const struct host *host,
    const struct age_recipient *recovery, struct vault **out, struct reason *why)
{
	vault_auto vault = NULL;
	int r = check_profile(profile, why);

	*out = NULL;
	if (r < 0)
		return r;
	vault = calloc(1, sizeof(*vault));
	if (vault)
		vault->root = make_root(profile, host, recovery);
	if (!vault || !vault->root)
		return reason_errno(why, -ENOMEM, "making the vault of %s", profile->name);
	*out = vault;
	vault = NULL;
	return 0;
}

void vault_continue(struct vault *vault, const struct vault *tombstone)
{
	vault->revision = tombstone->revision;
	memcpy(vault->hash, tombstone->hash, sizeof(vault->hash));
}

static const char *identity_text(const struct vault *vault, const char *member)
{
	return json_string_value(json_object_get(json_object_get(vault->root, "identity"), member));
}

static time_t root_time(const struct vault *vault, const char *member)
{
	time_t when = 0;

	vault_model_time(json_object_get(vault->root, member), &when);
	return when;
}

const char *vault_name(const struct vault *vault)
{
	return identity_text(vault, "name");
}

const char *vault_uuid(const struct vault *vault)
{
	return identity_text(vault, "uuid");
}

const char *vault_email(const struct vault *vault)
{
	return identity_text(vault, "email");
}

const char *vault_phone(const struct vault *vault)
{
	return identity_text(vault, "phone");
}

enum agent_state vault_state(const struct vault *vault)
{
	return vault->state;
}

uint64_t vault_revision(const struct vault *vault)
{
	return vault->revision;
}

time_t vault_created(const struct vault *vault)
{
	return root_time(vault, "created");
}

time_t vault_updated(const struct vault *vault)
{
	return root_time(vault, "updated");
}

void vault_hash(const struct vault *vault, char text[VAULT_HASH_TEXT])
{
	hex_format(vault->hash, VAULT_HASH_SIZE, text);
}

const struct signer *vault_signer(const struct vault *vault)
{
	return &vault->signer;
}

void vault_set_state(struct vault *vault, enum agent_state state)
{
	vault->state = state;
}

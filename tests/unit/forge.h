/* SPDX-License-Identifier: MIT */
/*
 * Vault documents for tests: honest ones, and ones that nothing of ours would write, signed and sealed
 * all the same, so that what refuses them is the check under test and not the signature.
 */
#ifndef RAVI_FORGE_H
#define RAVI_FORGE_H

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "vault/vault.h"

#define FORGE_NAME  "payments-agent"
#define FORGE_VALUE "ghp_neverinareason"

static inline struct host forge_host(void)
{
	struct host host;

	assert_int_equal(host_generate(&host), 0);
	return host;
}

static inline struct vault *forge_vault(const struct host *host, const char *name)
{
	const struct vault_profile profile = {
	    .name = name, .email = "payments-agent@agents.example.org", .phone = "+15551234567"};
	struct vault *vault;

	assert_int_equal(vault_create(&profile, host, NULL, &vault, NULL), 0);
	return vault;
}

static inline void forge_set(
    struct vault *vault, const char *name, const char *value, time_t now, unsigned keep)
{
	const struct vault_change change = {
	    .name = name, .value = value, .len = strlen(value), .keep = keep};
	struct reason why = {0};

	if (vault_set(vault, &change, now, &why) < 0)
		fail_msg("%s", why.text);
}

static inline void forge_seal(struct vault *vault, const struct host *host, struct buf *sealed)
{
	struct reason why = {0};

	if (vault_seal(vault, host, sealed, &why) < 0)
		fail_msg("%s", why.text);
}

static inline struct vault *forge_open(const struct host *host, const struct buf *sealed)
{
	struct reason why = {0};
	struct vault *vault;

	if (vault_open(host, sealed->data, sealed->len, &vault, &why) < 0)
		fail_msg("%s", why.text);
	return vault;
}

/* The plaintext of a sealed document; `*json` is where its JSON starts. */
static inline void forge_plaintext(
    const struct host *host, const struct buf *sealed, struct buf *plain, const char **json)
{
	assert_int_equal(
	    age_decrypt(&host->age, 1, sealed->data, sealed->len, plain, NULL, NULL), 0);
	*json = memchr(plain->data, '\n', plain->len);
	assert_non_null(*json);
	++*json;
}

/* Seals any bytes for the host. */
static inline void forge_sealed(
    const struct host *host, const struct buf *plain, struct buf *sealed)
{
	buf_reset(sealed);
	assert_int_equal(
	    age_encrypt(&host->age.recipient, 1, plain->data, plain->len, false, sealed), 0);
}

/* Signs any bytes as the host signs JSON. */
static inline void forge_signed(
    const struct host *host, const char *json, size_t len, struct buf *plain)
{
	unsigned char signature[crypto_sign_BYTES];
	char signer[SIGNER_TEXT], hex[2 * sizeof(signature) + 1];
	buf_auto bytes = {0};

	buf_add_text(&bytes, "ravi-vault/1\n");
	buf_add(&bytes, json, len);
	crypto_sign_detached(
	    signature, NULL, (const unsigned char *)bytes.data, bytes.len, host->secret);
	signer_format(&host->signer, signer);
	sodium_bin2hex(hex, sizeof(hex), signature, sizeof(signature));
	buf_reset(plain);
	buf_addf(plain, "ravi-vault/1 ed25519 %s %s\n", signer, hex);
	buf_add(plain, json, len);
}

/* Signs and seals any bytes in the place of the JSON. */
static inline void forge_text(
    const struct host *host, const char *json, size_t len, struct buf *sealed)
{
	buf_auto plain = {0};

	forge_signed(host, json, len, &plain);
	forge_sealed(host, &plain, sealed);
}

static inline int forge_dump(const char *data, size_t len, void *out)
{
	return buf_add(out, data, len);
}

static inline void forge_tree(const struct host *host, const json_t *root, struct buf *sealed)
{
	buf_auto json = {0};

	assert_int_equal(json_dump_callback(root, forge_dump, &json, JSON_COMPACT), 0);
	forge_text(host, json.data, json.len, sealed);
}

/* The tree of an honest document (revision 2, GH_TOKEN with one previous version, SESSION) to change. */
static inline json_t *forge_honest(const struct host *host)
{
	vault_auto vault = forge_vault(host, FORGE_NAME);
	buf_auto sealed = {0}, plain = {0};
	const char *json;
	json_t *root;

	forge_set(vault, "GH_TOKEN", FORGE_VALUE, 1800000000, 5);
	forge_seal(vault, host, &sealed);
	forge_set(vault, "GH_TOKEN", FORGE_VALUE "2", 1800000060, 5);
	forge_set(vault, "SESSION", "\xff\x01", 1800000060, 5);
	forge_seal(vault, host, &sealed);
	forge_plaintext(host, &sealed, &plain, &json);
	root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	return root;
}

#endif

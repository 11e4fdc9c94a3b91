/* SPDX-License-Identifier: MIT */
/*
 * From the vault in memory to the sealed document and back. Plaintext: one line with the signer and the
 * signature, then the JSON. vault_open lies on the login path: one X25519, one signature, one parse.
 */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "util/when.h"
#include "vault/document.h"
#include "vault/hex.h"
#include "vault/value.h"

#define MAGIC          "ravi-vault/1"
#define OPENING        MAGIC " ed25519 "
#define SIGNATURE_SIZE crypto_sign_BYTES
#define HEADER_SIZE    (sizeof(OPENING) - 1 + 2 * SIGNER_SIZE + 1 + 2 * SIGNATURE_SIZE + 1)

static int signed_bytes(struct buf *bytes, const char *json, size_t len)
{
	buf_add_text(bytes, MAGIC "\n");
	return buf_add(bytes, json, len);
}

static void hash_plaintext(const struct buf *plain, uint8_t hash[VAULT_HASH_SIZE])
{
	crypto_generichash(
	    hash, VAULT_HASH_SIZE, (const uint8_t *)plain->data, plain->len, NULL, 0);
}

static int parse_header(const struct buf *plain, struct signer *signer,
    uint8_t signature[SIGNATURE_SIZE], struct reason *why)
{
	const size_t signer_at = sizeof(OPENING) - 1;
	const size_t signature_at = signer_at + 2 * SIGNER_SIZE + 1;
	const char *text = buf_text(plain);

	if (!strncmp(text, "ravi-vault/", 11) && strncmp(text, MAGIC " ", sizeof(MAGIC)) != 0)
		return reason_set(why, -EBADMSG,
		    "the document has a form this version does not know; it reads " MAGIC
		    ", install a newer pam-ravi");
	if (plain->len < HEADER_SIZE || memcmp(text, OPENING, signer_at) != 0 ||
	    hex_parse(text + signer_at, 2 * SIGNER_SIZE, signer->key, SIGNER_SIZE) < 0 ||
	    text[signature_at - 1] != ' ' ||
	    hex_parse(text + signature_at, 2 * SIGNATURE_SIZE, signature, SIGNATURE_SIZE) < 0 ||
	    text[HEADER_SIZE - 1] != '\n')
		return reason_set(why, -EBADMSG,
		    "the document is malformed: its first line is not \"" OPENING
		    "SIGNER SIGNATURE\"");
	return 0;
}

static int verify(const struct buf *plain, struct signer *signer, struct reason *why)
{
	uint8_t signature[SIGNATURE_SIZE];
	buf_auto bytes = {0};
	int r = parse_header(plain, signer, signature, why);

	if (r < 0)
		return r;
	r = signed_bytes(&bytes, plain->data + HEADER_SIZE, plain->len - HEADER_SIZE);
	if (r < 0)
		return reason_errno(why, r, "verifying the document");
	if (crypto_sign_verify_detached(
		signature, (const uint8_t *)bytes.data, bytes.len, signer->key) < 0)
		return reason_set(why, -EKEYREJECTED,
		    "the document's signature is wrong: it was changed after it was signed");
	return 0;
}

/* jansson's own words quote what is around the error, which may be a secret: only the place is told. */
static json_t *parse_json(const char *text, size_t len, int *r, struct reason *why)
{
	json_error_t error;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (root)
		return root;
	if (json_error_code(&error) == json_error_out_of_memory)
		*r = reason_errno(why, -ENOMEM, "reading the document");
	else if (json_error_code(&error) == json_error_duplicate_key)
		*r = reason_set(why, -EBADMSG,
		    "the document is malformed: an object names a member twice (JSON line %d)",
		    error.line);
	else
		*r = reason_set(why, -EBADMSG,
		    "the document is malformed: no valid JSON at line %d, column %d", error.line,
		    error.column);
	return NULL;
}

/* From the plaintext, decrypted, to the checked tree. */
static int read_plaintext(const struct buf *plain, struct vault *vault, struct reason *why)
{
	int r;

	if (plain->len > HEADER_SIZE + VAULT_DOCUMENT_MAX)
		return reason_set(why, -EFBIG,
		    "the document is over-large: it has %zu bytes, %zu are the most", plain->len,
		    HEADER_SIZE + VAULT_DOCUMENT_MAX);
	r = verify(plain, &vault->signer, why);
	if (r < 0)
		return r;
	vault->root = parse_json(plain->data + HEADER_SIZE, plain->len - HEADER_SIZE, &r, why);
	if (r == 0)
		r = vault_model_check(vault->root, why);
	if (r < 0)
		return r;
	if (!vault_model_has_signer(vault->root, &vault->signer))
		return reason_set(why, -EKEYREJECTED,
		    "the document's signer is not among the signers it names itself");
	agent_state_parse(json_string_value(json_object_get(vault->root, "state")), &vault->state);
	vault->revision = (uint64_t)json_integer_value(json_object_get(vault->root, "revision"));
	hash_plaintext(plain, vault->hash);
	return 0;
}

static int decrypt(
    const struct host *host, const void *sealed, size_t len, struct buf *plain, struct reason *why)
{
	char recipient[AGE_RECIPIENT_TEXT];
	int r = age_decrypt(&host->age, 1, sealed, len, plain, NULL, why);

	if (r != -ENOKEY)
		return r;
	age_recipient_format(&host->age.recipient, recipient);
	return reason_set(why, r,
	    "the document is not sealed for this host; its recipients must include %s", recipient);
}

int vault_open(
    const struct host *host, const void *sealed, size_t len, struct vault **out, struct reason *why)
{
	vault_auto vault = NULL;
	buf_auto plain = {0};
	int r = decrypt(host, sealed, len, &plain, why);

	*out = NULL;
	if (r < 0)
		return r;
	vault = calloc(1, sizeof(*vault));
	if (!vault)
		return reason_errno(why, -ENOMEM, "opening the document");
	r = read_plaintext(&plain, vault, why);
	if (r < 0)
		return r;
	*out = vault;
	vault = NULL;
	return 0;
}

/* ---- and back ---- */

/* Indented: `age -d` and the recovery key are meant for people. */
static int render(const json_t *root, struct buf *json)
{
	buf_reset(json);
	return vault_value_dump(root, JSON_INDENT(1), json);
}

/*
 * The list whose last version is the oldest of all that may go; NULL when none is left. What a rollback has
 * just replaced may not: it would be lost.
 */
static json_t *oldest_history(const struct vault *vault, json_t *root)
{
	json_t *secret, *found = NULL;
	const char *name, *least = NULL;

	json_object_foreach(json_object_get(root, "secrets"), name, secret)
	{
		json_t *history = json_object_get(secret, "previous");
		const json_t *last = json_array_get(history, json_array_size(history) - 1);
		const char *updated = json_string_value(json_object_get(last, "updated"));

		if (json_array_size(history) == 1 && !strcmp(name, vault->rolled_back))
			continue;
		if (updated && (!least || strcmp(updated, least) < 0)) {
			least = updated;
			found = history;
		}
	}
	return found;
}

/* Drops the oldest versions, together at least `excess` bytes of JSON; false when none is left. */
static bool drop_versions(const struct vault *vault, json_t *root, size_t excess)
{
	for (;;) {
		json_t *history = oldest_history(vault, root);
		size_t last, size;

		if (!history)
			return false;
		last = json_array_size(history) - 1;
		size = json_dumpb(json_array_get(history, last), NULL, 0, JSON_COMPACT);
		json_array_remove(history, last);
		if (size >= excess)
			return true;
		excess -= size;
	}
}

static int render_bounded(
    const struct vault *vault, json_t *root, struct buf *json, struct reason *why)
{
	const char *name = vault_name(vault);

	for (;;) {
		int r = render(root, json);

		if (r < 0)
			return reason_errno(why, r, "writing the vault of %s", name);
		if (json->len <= VAULT_DOCUMENT_MAX)
			return 0;
		if (!drop_versions(vault, root, json->len - VAULT_DOCUMENT_MAX))
			return reason_set(why, -EFBIG,
			    "the vault of %s would have %zu bytes, %u are the most; delete secrets",
			    name, json->len, VAULT_DOCUMENT_MAX);
	}
}

/* The hashes before the next document's `previous`: a machine that missed some changes finds its own among them. */
static json_t *next_ancestors(const struct vault *vault)
{
	json_t *previous = json_object_get(vault->root, "previous"), *list = json_array();
	const json_t *before = json_object_get(vault->root, "ancestors");
	int r = 0;

	if (vault->revision && json_is_string(previous))
		r = json_array_append(list, previous);
	for (size_t i = 0; i < json_array_size(before) && i + 1 < VAULT_ANCESTORS_MAX; i++)
		r |= json_array_append(list, json_array_get(before, i));
	if (r == 0)
		return list;
	json_decref(list);
	return NULL;
}

/* The tree of the next revision. It shares the secrets with the one in the vault. */
static json_t *next_root(const struct vault *vault)
{
	char now[WHEN_TEXT], hash[2 * VAULT_HASH_SIZE + 1];
	json_t *root = json_copy(vault->root);

	when_format(time(NULL), now);
	hex_format(vault->hash, VAULT_HASH_SIZE, hash);
	if (root &&
	    json_object_set_new(root, "state", json_string(agent_state_word(vault->state))) == 0 &&
	    json_object_set_new(root, "revision", json_integer((json_int_t)vault->revision + 1)) ==
		0 &&
	    json_object_set_new(root, "ancestors", next_ancestors(vault)) == 0 &&
	    json_object_set_new(
		root, "previous", vault->revision ? json_string(hash) : json_null()) == 0 &&
	    json_object_set_new(root, "updated", json_string(now)) == 0)
		return root;
	json_decref(root);
	return NULL;
}

static int sign(
    const struct host *host, const struct buf *json, struct buf *plain, struct reason *why)
{
	char signer[SIGNER_TEXT], signature_text[2 * SIGNATURE_SIZE + 1];
	uint8_t signature[SIGNATURE_SIZE];
	buf_auto bytes = {0};
	int r = signed_bytes(&bytes, json->data, json->len);

	if (r < 0)
		return reason_errno(why, r, "signing the document");
	if (crypto_sign_detached(
		signature, NULL, (const uint8_t *)bytes.data, bytes.len, host->secret) < 0)
		return reason_set(why, -EIO, "signing the document failed");
	signer_format(&host->signer, signer);
	hex_format(signature, sizeof(signature), signature_text);
	buf_addf(plain, OPENING "%s %s\n", signer, signature_text);
	r = buf_add(plain, json->data, json->len);
	if (r < 0)
		return reason_errno(why, r, "signing the document");
	return 0;
}

static int encrypt(
    const json_t *root, const struct buf *plain, struct buf *sealed, struct reason *why)
{
	const json_t *list = json_object_get(root, "recipients");
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];
	size_t count = json_array_size(list);
	int r = 0;

	/* The model has seen to it that they fit and parse. */
	for (size_t i = 0; i < count && r == 0; i++)
		r = age_recipient_parse(
		    json_string_value(json_array_get(list, i)), &recipients[i], why);
	if (r < 0)
		return r;
	buf_reset(sealed);
	r = age_encrypt(recipients, count, plain->data, plain->len, false, sealed);
	if (r < 0)
		return reason_errno(why, r, "sealing the document");
	return 0;
}

int vault_seal(struct vault *vault, const struct host *host, struct buf *sealed, struct reason *why)
{
	json_auto_t *root = NULL;
	buf_auto json = {0}, plain = {0};
	int r;

	if (!vault_model_has_signer(vault->root, &host->signer))
		return reason_set(why, -EKEYREJECTED,
		    "this host may not write the vault of %s: its signer is not in the vault's "
		    "list",
		    vault_name(vault));
	if (vault->revision >= VAULT_REVISION_MAX)
		return reason_set(
		    why, -ERANGE, "the vault of %s has the last revision", vault_name(vault));
	root = next_root(vault);
	if (!root)
		return reason_errno(why, -ENOMEM, "writing the vault of %s", vault_name(vault));
	r = render_bounded(vault, root, &json, why);
	/* What no host would read, this one does not write. */
	if (r == 0)
		r = vault_model_check(root, why);
	if (r == 0)
		r = sign(host, &json, &plain, why);
	if (r == 0)
		r = encrypt(root, &plain, sealed, why);
	if (r < 0)
		return r;
	json_decref(vault->root);
	vault->root = json_incref(root);
	vault->revision++;
	vault->rolled_back[0] = '\0';
	vault->signer = host->signer;
	hash_plaintext(&plain, vault->hash);
	return 0;
}

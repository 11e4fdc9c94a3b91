/* SPDX-License-Identifier: MIT */
/*
 * The vault document. Bytes that begin with "ravi-vault/" are a plaintext, whose first line is under test;
 * all others are the JSON, which is signed as a signer of that identity would sign it. A document that
 * opens can be written again, and is then the same.
 */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "fuzz.h"
#include "fixed-host.h"
#include "vault/hex.h"
#include "vault/vault.h"

#define MAGIC "ravi-vault/"

static void sign(const uint8_t *json, size_t len, struct buf *plain)
{
	const struct host *host = fuzz_host();
	unsigned char signature[crypto_sign_BYTES];
	char signer[SIGNER_TEXT], hex[2 * sizeof(signature) + 1];
	buf_auto bytes = {0};

	buf_add_text(&bytes, MAGIC "1\n");
	buf_add(&bytes, json, len);
	MUST(bytes.error == 0);
	crypto_sign_detached(
	    signature, NULL, (const unsigned char *)bytes.data, bytes.len, host->secret);
	signer_format(&host->signer, signer);
	hex_format(signature, sizeof(signature), hex);
	buf_addf(plain, MAGIC "1 ed25519 %s %s\n", signer, hex);
	buf_add(plain, json, len);
}

/* One after the other, with their values. */
static int collect(void *context, struct vault_secret *secret)
{
	struct buf *all = context;

	MUST(secret->value.len >= 1 && secret->value.len <= VAULT_VALUE_MAX);
	MUST(secret->version > 0 && secret->updated >= 0);
	buf_addf(all, "%s %zu %lld %s ", secret->name, secret->value.len,
	    (long long)secret->expires, secret->note ? secret->note : "");
	buf_add(all, secret->value.data, secret->value.len);
	return 0;
}

static void describe(const struct vault *vault, struct buf *all)
{
	buf_addf(all, "%s %s %s %s %d\n", vault_name(vault), vault_uuid(vault),
	    vault_email(vault) ? vault_email(vault) : "",
	    vault_phone(vault) ? vault_phone(vault) : "", (int)vault_state(vault));
	MUST(vault_secret_count(vault) <= VAULT_SECRETS_MAX);
	MUST(vault_each(vault, collect, all) == 0);
	MUST(all->error == 0);
}

static void write_again(struct vault *vault)
{
	buf_auto before = {0}, after = {0}, sealed = {0};
	uint64_t revision = vault_revision(vault);
	vault_auto again = NULL;
	vault_auto held = NULL;
	struct reason why = {0};
	int r;

	describe(vault, &before);
	r = vault_seal(vault, fuzz_host(), &sealed, &why);
	/* There is no revision after the last one; and what is at the limit may not fit any more. */
	if (r == -ERANGE || r == -EFBIG || r == -E2BIG || revision == VAULT_REVISION_MAX)
		return;
	if (r < 0)
		fprintf(stderr, "%s\n", why.text);
	MUST(r == 0);
	r = vault_open(fuzz_host(), sealed.data, sealed.len, &again, &why);
	/* It may name other machines alone: then it is not for this one. */
	if (r == -ENOKEY)
		return;
	MUST(r == 0);
	MUST(vault_revision(again) == revision + 1);
	describe(again, &after);
	MUST(before.len == after.len && !memcmp(before.data, after.data, before.len));
	MUST(vault_open(fuzz_host(), sealed.data, sealed.len, &held, &why) == 0);
	MUST(vault_accept(again, held, vault_name(held), NULL, &why) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	buf_auto plain = {0}, sealed = {0};
	vault_auto vault = NULL;
	struct reason why = {0};
	static bool ready;
	int r;

	if (!ready)
		vault_memory_init();
	ready = true;
	if (size >= sizeof(MAGIC) - 1 && !memcmp(data, MAGIC, sizeof(MAGIC) - 1))
		buf_add(&plain, data, size);
	else
		sign(data, size, &plain);
	MUST(plain.error == 0);
	MUST(age_encrypt(&fuzz_host()->age.recipient, 1, plain.data, plain.len, false, &sealed) ==
	     0);
	r = vault_open(fuzz_host(), sealed.data, sealed.len, &vault, &why);
	MUST(r == -EBADMSG || r == -EKEYREJECTED || r == -EFBIG || r == 0);
	MUST((r == 0) == (vault != NULL));
	MUST(r == 0 || *why.text);
	if (r == 0)
		write_again(vault);
	return 0;
}

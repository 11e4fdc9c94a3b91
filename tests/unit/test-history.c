/* SPDX-License-Identifier: MIT */
/* libcore/vault: the versions of a secret, who wrote them, and one that comes back. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "forge.h"
#include "unit.h"
#include "vault/vault.h"

#define NOW 1800000000 /* 2027-01-15T08:00:00Z */

static void set_by(
    struct vault *vault, const char *value, time_t expires, const char *by, time_t now)
{
	const struct vault_change change = {.name = "A",
	    .value = value,
	    .len = strlen(value),
	    .expires = expires,
	    .keep = 5,
	    .by = by};

	assert_int_equal(vault_set(vault, &change, now, NULL), 0);
}

/* "3=three by alice, ..." of all versions of A. */
static int describe(void *opaque, struct vault_secret *version)
{
	struct buf *out = opaque;

	buf_addf(out, "%s%llu=%.*s by %s", out->len ? ", " : "",
	    (unsigned long long)version->version, (int)version->value.len, version->value.data,
	    version->by ? version->by : "?");
	return 0;
}

static void assert_versions(const struct vault *vault, const char *expected)
{
	buf_auto out = {0};

	assert_int_equal(vault_each_version(vault, "a", describe, &out, NULL), 0);
	assert_string_equal(buf_text(&out), expected);
}

static int roll_back(struct vault *vault, uint64_t to, time_t expires, unsigned keep)
{
	const struct vault_change change = {
	    .name = "A", .expires = expires, .keep = keep, .by = "carol"};
	struct reason why = {0};
	uint64_t version = to;
	int r = vault_rollback(vault, &change, &version, NOW, &why);

	if (r < 0)
		assert_string_not_equal(why.text, "");
	else if (to)
		assert_int_equal(version, to);
	return r;
}

static void test_versions_say_who_wrote_them(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	vault_auto again = NULL;
	vault_secret_auto secret = {0};
	buf_auto sealed = {0};

	(void)state;
	set_by(vault, "one", 0, "alice", NOW - 3);
	set_by(vault, "two", 0, NULL, NOW - 2);
	set_by(vault, "three", NOW + 60, "bob\n", NOW - 1);
	set_by(vault, "four", 0, "bob", NOW);
	forge_seal(vault, &host, &sealed);
	again = forge_open(&host, &sealed);
	assert_versions(again, "4=four by bob, 3=three by ?, 2=two by ?, 1=one by alice");
	assert_int_equal(vault_get_version(again, "a", 3, &secret, NULL), 0);
	assert_int_equal(secret.expires, NOW + 60);
	assert_int_equal(secret.updated, NOW - 1);
	assert_non_null(secret.host);
}

/* Names and notes come from outside, and a document is UTF-8. */
static void test_words_that_are_no_utf_8(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	const struct vault_change change = {
	    .name = "A", .value = "two", .len = 3, .note = "caf\xe9"};
	struct vault_lease lease = {.holder = host.signer, .host = "caf\xe9", .since = NOW};
	struct reason why = {0};

	(void)state;
	set_by(vault, "one", 0, "ren\xe9", NOW);
	assert_versions(vault, "1=one by ?");
	assert_int_equal(vault_set(vault, &change, NOW, &why), -EINVAL);
	assert_non_null(strstr(why.text, "UTF-8"));
	assert_int_equal(vault_set_lease(vault, &lease, NULL), 0);
	assert_true(vault_lease(vault, &lease));
	assert_string_equal(lease.host, "?");
}

static void test_versions_that_are_not_there(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	struct reason why = {0};
	struct vault_secret secret;

	(void)state;
	assert_int_equal(roll_back(vault, 0, 0, 5), -ENOKEY);
	assert_int_equal(vault_each_version(vault, "A", describe, NULL, NULL), -ENOKEY);
	set_by(vault, "one", 0, NULL, NOW);
	assert_int_equal(roll_back(vault, 0, 0, 5), -ENOKEY);
	assert_int_equal(roll_back(vault, 1, 0, 5), -EALREADY);
	set_by(vault, "two", 0, NULL, NOW);
	assert_int_equal(roll_back(vault, 7, 0, 5), -ENOKEY);
	assert_int_equal(vault_get_version(vault, "A", 7, &secret, &why), -ENOKEY);
	vault_secret_free(&secret);
	assert_non_null(strstr(why.text, "there are: 2, 1"));
}

static void test_a_rollback_is_a_version_of_its_own(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);

	(void)state;
	set_by(vault, "one", 0, "alice", NOW);
	set_by(vault, "two", 0, "bob", NOW);
	assert_int_equal(roll_back(vault, 0, 0, 5), 0);
	assert_versions(vault, "3=one by carol, 2=two by bob, 1=one by alice");
	/* The same again takes it back. */
	assert_int_equal(roll_back(vault, 0, 0, 5), 0);
	assert_versions(vault, "4=two by carol, 3=one by carol, 2=two by bob, 1=one by alice");
	assert_int_equal(roll_back(vault, 1, 0, 2), 0);
	assert_versions(vault, "5=one by carol, 4=two by carol, 3=one by carol");
	/* Where no versions are kept the one that is replaced is. */
	assert_int_equal(roll_back(vault, 4, 0, 0), 0);
	assert_versions(vault, "6=two by carol, 5=one by carol");
}

static void test_expiry_comes_back_unless_it_has_passed(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	vault_secret_auto secret = {0};

	(void)state;
	set_by(vault, "one", NOW - 1, NULL, NOW - 9);
	set_by(vault, "two", NOW + 9, NULL, NOW - 8);
	set_by(vault, "three", 0, NULL, NOW - 7);
	assert_int_equal(roll_back(vault, 1, 0, 5), -EKEYEXPIRED);
	assert_int_equal(roll_back(vault, 2, 0, 5), 0);
	assert_int_equal(vault_get(vault, "A", &secret, NULL), 0);
	assert_int_equal(secret.expires, NOW + 9);
	vault_secret_free(&secret);
	assert_int_equal(roll_back(vault, 1, NOW + 99, 5), 0);
	assert_int_equal(vault_get(vault, "A", &secret, NULL), 0);
	assert_int_equal(secret.expires, NOW + 99);
}

/* A document that is too large gives up its oldest versions, and never what a rollback has replaced. */
static void test_what_is_replaced_is_not_dropped(void **state)
{
	/* Six bytes of JSON each: 5 values of 32,767 are 1 MiB nearly. */
	static char big[VAULT_VALUE_MAX];
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	struct vault_change change = {.value = big, .len = sizeof(big), .keep = 5};
	buf_auto sealed = {0};
	struct reason why;

	(void)state;
	memset(big, 1, sizeof(big));
	for (const char *name = "AABBCD"; *name; name++) {
		const char one[] = {*name, '\0'};

		change.name = one;
		assert_int_equal(vault_set(vault, &change, NOW - 10 + *name, NULL), 0);
	}
	/* Seven in all, and two have to go: that version itself, and then not the one after it. */
	assert_int_equal(roll_back(vault, 1, 0, 5), 0);
	forge_seal(vault, &host, &sealed);
	{
		vault_secret_auto replaced = {0};

		assert_int_equal(vault_get_version(vault, "A", 2, &replaced, NULL), 0);
		assert_int_equal(replaced.value.len, sizeof(big));
	}
	/* Nothing else can go: rather is nothing written. */
	assert_int_equal(roll_back(vault, 2, 0, 5), 0);
	change.name = "E";
	assert_int_equal(vault_set(vault, &change, NOW + 2, NULL), 0);
	change.name = "F";
	assert_int_equal(vault_set(vault, &change, NOW + 2, NULL), 0);
	assert_int_equal(vault_seal(vault, &host, &sealed, &why), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_versions_say_who_wrote_them),
	    cmocka_unit_test(test_words_that_are_no_utf_8),
	    cmocka_unit_test(test_versions_that_are_not_there),
	    cmocka_unit_test(test_a_rollback_is_a_version_of_its_own),
	    cmocka_unit_test(test_expiry_comes_back_unless_it_has_passed),
	    cmocka_unit_test(test_what_is_replaced_is_not_dropped),
	};

	vault_memory_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

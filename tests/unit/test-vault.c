/* SPDX-License-Identifier: MIT */
/* libcore/vault: what goes in comes out; versions, limits, tombstones, and memory after use. */
#include <config.h>

#include <stdlib.h>

#include "forge.h"
#include "identity/agent.h"
#include "unit.h"
#include "util/cleanup.h"
#include "util/when.h"
#include "vault/vault.h"

#define NOW 1800000000 /* 2027-01-15T08:00:00Z */

static void test_every_field_comes_back(void **state)
{
	const struct vault_change change = {.name = "gh_token",
	    .value = "ghp_\xc3\xa9\n",
	    .len = 7,
	    .expires = NOW + 60,
	    .note = "for pull requests",
	    .keep = 5};
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	vault_auto again = NULL;
	vault_secret_auto secret = {0};
	buf_auto sealed = {0};

	(void)state;
	assert_int_equal(vault_revision(vault), 0);
	assert_int_equal(vault_set(vault, &change, NOW, NULL), 0);
	forge_seal(vault, &host, &sealed);
	again = forge_open(&host, &sealed);
	assert_string_equal(vault_name(again), FORGE_NAME);
	assert_string_equal(vault_uuid(again), vault_uuid(vault));
	assert_int_equal(strlen(vault_uuid(again)), VAULT_UUID_TEXT - 1);
	assert_string_equal(vault_email(again), "payments-agent@agents.example.org");
	assert_string_equal(vault_phone(again), "+15551234567");
	assert_int_equal(vault_state(again), AGENT_ACTIVE);
	assert_int_equal(vault_revision(again), 1);
	assert_int_equal(vault_revision(vault), 1);
	assert_int_equal(vault_created(again), vault_created(vault));
	assert_true(vault_updated(again) >= vault_created(again));
	assert_true(vault_created(again) > 1700000000);
	assert_int_equal(vault_secret_count(again), 1);
	assert_int_equal(vault_get(again, "GH_token", &secret, NULL), 0);
	assert_string_equal(secret.name, "GH_TOKEN");
	assert_int_equal(secret.value.len, 7);
	assert_memory_equal(secret.value.data, "ghp_\xc3\xa9\n", 7);
	assert_int_equal(secret.version, 1);
	assert_int_equal(secret.created, NOW);
	assert_int_equal(secret.updated, NOW);
	assert_int_equal(secret.expires, NOW + 60);
	assert_string_equal(secret.note, "for pull requests");
	assert_int_equal(secret.previous, 0);
}

static void test_absent_fields_stay_absent(void **state)
{
	const struct vault_profile profile = {.name = "bare"};
	struct host host = forge_host();
	vault_auto vault = NULL;
	vault_auto again = NULL;
	vault_secret_auto secret = {0};
	buf_auto sealed = {0};

	(void)state;
	assert_int_equal(vault_create(&profile, &host, NULL, &vault, NULL), 0);
	forge_set(vault, "A", "x", NOW, 5);
	forge_seal(vault, &host, &sealed);
	again = forge_open(&host, &sealed);
	assert_null(vault_email(again));
	assert_null(vault_phone(again));
	assert_int_equal(vault_get(again, "A", &secret, NULL), 0);
	assert_null(secret.note);
	assert_int_equal(secret.expires, 0);
}

static void test_values_are_bytes(void **state)
{
	static const struct {
		const char *value;
		size_t len;
		const char *member;
	} cases[] = {
	    {"plain", 5, "text"},
	    {"\"\\/\b\f\n\r\t\x01\x1f\x7f", 11, "text"},
	    {"\xf0\x9f\x94\x91 key", 8, "text"},
	    {"a\0b", 3, "base64"},
	    {"\0", 1, "base64"},
	    {"\xff\xfe", 2, "base64"},
	    {"\xc0\x80", 2, "base64"},
	    {"\xed\xa0\x80", 3, "base64"},
	};
	struct host host = forge_host();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct vault_change change = {
		    .name = "V", .value = cases[i].value, .len = cases[i].len, .keep = 1};
		vault_auto vault = forge_vault(&host, FORGE_NAME);
		vault_auto again = NULL;
		vault_secret_auto secret = {0};
		buf_auto sealed = {0}, plain = {0};
		json_auto_t *root = NULL;
		const char *json;

		/* It changes its kind on the way. */
		forge_set(vault, "V", i % 2 ? "text" : "\xff", NOW, 1);
		assert_int_equal(vault_set(vault, &change, NOW, NULL), 0);
		forge_seal(vault, &host, &sealed);
		again = forge_open(&host, &sealed);
		assert_int_equal(vault_get(again, "V", &secret, NULL), 0);
		assert_int_equal(secret.value.len, cases[i].len);
		assert_memory_equal(secret.value.data, cases[i].value, cases[i].len);
		forge_plaintext(&host, &sealed, &plain, &json);
		root = json_loads(json, 0, NULL);
		assert_non_null(json_object_get(
		    json_object_get(json_object_get(root, "secrets"), "V"), cases[i].member));
	}
}

/* The values of the previous versions of a secret in a sealed document, newest first, joined. */
static void history(
    const struct host *host, const struct buf *sealed, const char *name, struct buf *joined)
{
	buf_auto plain = {0};
	json_auto_t *root = NULL;
	const char *json;
	json_t *version;
	size_t i;

	forge_plaintext(host, sealed, &plain, &json);
	root = json_loads(json, 0, NULL);
	assert_non_null(root);
	buf_reset(joined);
	json_array_foreach(
	    json_object_get(json_object_get(json_object_get(root, "secrets"), name), "previous"), i,
	    version)
	{
		buf_addf(joined, "%s/%lld ", json_string_value(json_object_get(version, "text")),
		    json_integer_value(json_object_get(version, "version")));
	}
}

static void test_versions_are_kept_newest_first(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	vault_secret_auto secret = {0};
	buf_auto sealed = {0}, joined = {0};

	(void)state;
	for (int i = 0; i < 4; i++) {
		const char value[] = {(char)('a' + i), '\0'};

		forge_set(vault, "A", value, NOW + i, 2);
	}
	forge_seal(vault, &host, &sealed);
	history(&host, &sealed, "A", &joined);
	assert_string_equal(buf_text(&joined), "c/3 b/2 ");
	assert_int_equal(vault_get(vault, "A", &secret, NULL), 0);
	assert_int_equal(secret.version, 4);
	assert_int_equal(secret.created, NOW);
	assert_int_equal(secret.updated, NOW + 3);
	assert_int_equal(secret.previous, 2);
	forge_set(vault, "A", "e", NOW + 4, 1);
	forge_seal(vault, &host, &sealed);
	history(&host, &sealed, "A", &joined);
	assert_string_equal(buf_text(&joined), "d/4 ");
	forge_set(vault, "A", "f", NOW + 5, 0);
	forge_seal(vault, &host, &sealed);
	history(&host, &sealed, "A", &joined);
	assert_string_equal(buf_text(&joined), "");
}

static void test_who_made_a_secret_stays_on_record(void **state)
{
	struct vault_change change = {.name = "A", .value = "x", .len = 1, .by_agent = true};
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	vault_auto again = NULL;
	vault_secret_auto made = {0}, theirs = {0};
	buf_auto sealed = {0};

	(void)state;
	forge_set(vault, "B", "y", NOW, 5);
	assert_int_equal(vault_set(vault, &change, NOW, NULL), 0);
	/* Neither an administrator's change of the one nor an agent's of the other says who made it. */
	forge_set(vault, "A", "z", NOW, 5);
	change.name = "B";
	assert_int_equal(vault_set(vault, &change, NOW, NULL), 0);
	forge_seal(vault, &host, &sealed);
	again = forge_open(&host, &sealed);
	assert_int_equal(vault_get(again, "A", &made, NULL), 0);
	assert_true(made.by_agent);
	assert_int_equal(vault_get(again, "B", &theirs, NULL), 0);
	assert_false(theirs.by_agent);
}

static void test_a_note_stays_until_it_is_changed(void **state)
{
	struct vault_change change = {.name = "A", .value = "x", .len = 1, .note = "first"};
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	vault_secret_auto one = {0}, two = {0};
	struct reason why;

	(void)state;
	change.expires = NOW + 9;
	assert_int_equal(vault_set(vault, &change, NOW, NULL), 0);
	forge_set(vault, "A", "y", NOW, 5);
	assert_int_equal(vault_get(vault, "A", &one, NULL), 0);
	assert_string_equal(one.note, "first");
	assert_int_equal(one.expires, 0); /* an expiry belongs to the value */
	change.note = "";
	assert_int_equal(vault_set(vault, &change, NOW, NULL), 0);
	assert_int_equal(vault_get(vault, "A", &two, NULL), 0);
	assert_null(two.note);
	change.note = "\x1b[31mred";
	assert_int_equal(vault_set(vault, &change, NOW, &why), -EINVAL);
	assert_non_null(strstr(why.text, "control characters"));
}

static int join(void *context, struct vault_secret *secret)
{
	buf_addf(context, "%s=%s ", secret->name, buf_text(&secret->value));
	return !strcmp(secret->name, "Z_LAST") ? 7 : 0;
}

static void test_each_is_in_the_order_of_names(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	vault_secret_auto secret = {0};
	buf_auto joined = {0};
	struct reason why;

	(void)state;
	forge_set(vault, "b", "2", NOW, 5);
	forge_set(vault, "AB", "1", NOW, 5);
	forge_set(vault, "A_C", "0", NOW, 5);
	assert_int_equal(vault_each(vault, join, &joined), 0);
	assert_string_equal(buf_text(&joined), "AB=1 A_C=0 B=2 ");
	assert_int_equal(vault_delete(vault, "ab", NULL), 0);
	assert_int_equal(vault_delete(vault, "ab", &why), -ENOKEY);
	assert_non_null(strstr(why.text, "no secret AB"));
	assert_int_equal(vault_get(vault, "AB", &secret, &why), -ENOKEY);
	assert_int_equal(vault_get(vault, "A-B", &secret, &why), -EINVAL);
	assert_int_equal(vault_secret_count(vault), 2);
	buf_reset(&joined);
	forge_set(vault, "Z_LAST", "z", NOW, 5);
	forge_set(vault, "Z_LATER", "z", NOW, 5);
	assert_int_equal(vault_each(vault, join, &joined), 7);
	assert_string_equal(buf_text(&joined), "A_C=0 B=2 Z_LAST=z ");
}

static void test_limits_of_values(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	struct vault_change change = {.name = "A", .keep = 5};
	char name[16], *big = calloc(1, VAULT_VALUE_MAX + 1);
	buf_auto sealed = {0};
	struct reason why;

	(void)state;
	change.value = big;
	assert_int_equal(vault_set(vault, &change, NOW, &why), -EINVAL);
	change.len = VAULT_VALUE_MAX + 1;
	assert_int_equal(vault_set(vault, &change, NOW, &why), -EINVAL);
	assert_non_null(strstr(why.text, "1 to 32767"));
	change.len = VAULT_VALUE_MAX;
	for (int i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "BIG%d", i);
		change.name = name;
		assert_int_equal(vault_set(vault, &change, NOW, NULL), 0);
	}
	/* 8 bytes are left of the 256 KiB. */
	change.name = "A";
	change.len = 9;
	assert_int_equal(vault_set(vault, &change, NOW, &why), -E2BIG);
	change.len = 8;
	assert_int_equal(vault_set(vault, &change, NOW, &why), 0);
	/* Its own value does not count when it is replaced. */
	assert_int_equal(vault_set(vault, &change, NOW, &why), 0);
	forge_seal(vault, &host, &sealed);
	free(big);
}

static void test_limits_of_counts_and_times(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	struct vault_change change = {.name = "ONE_MORE", .value = "x", .len = 1};
	buf_auto sealed = {0};
	struct reason why;
	char name[16];

	(void)state;
	for (unsigned i = 0; i < VAULT_SECRETS_MAX; i++) {
		snprintf(name, sizeof(name), "S%u", i);
		forge_set(vault, name, "x", NOW, 5);
	}
	assert_int_equal(vault_set(vault, &change, NOW, &why), -E2BIG);
	assert_non_null(strstr(why.text, "512"));
	change.name = "S1";
	assert_int_equal(vault_set(vault, &change, NOW, &why), 0);
	change.expires = 253402300800; /* the year 10000 */
	assert_int_equal(vault_set(vault, &change, NOW, &why), -EINVAL);
	change.name = "1S";
	assert_int_equal(vault_set(vault, &change, NOW, &why), -EINVAL);
	forge_seal(vault, &host, &sealed);
}

static void test_old_versions_make_room(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	vault_auto again = NULL;
	char *big = malloc(VAULT_VALUE_MAX + 1);
	buf_auto sealed = {0}, joined = {0};
	vault_secret_auto secret = {0};

	(void)state;
	assert_non_null(big);
	memset(big, 'x', VAULT_VALUE_MAX);
	big[VAULT_VALUE_MAX] = '\0';
	forge_set(vault, "OLDEST", "1", NOW, 50);
	forge_set(vault, "OLDEST", "2", NOW + 100, 50);
	forge_set(vault, "NEWEST", "1", NOW + 90, 50);
	forge_set(vault, "NEWEST", "2", NOW + 101, 50);
	for (int i = 0; i < 41; i++)
		forge_set(vault, "BIG", big, NOW + 1 + i, 50);
	forge_seal(vault, &host, &sealed);
	again = forge_open(&host, &sealed); /* at most 1 MiB, or this fails */
	assert_int_equal(vault_get(again, "BIG", &secret, NULL), 0);
	assert_int_equal(secret.version, 41);
	assert_int_equal(secret.previous, 30); /* 31 values and 1 KiB for the rest fit */
	history(&host, &sealed, "OLDEST", &joined);
	assert_string_equal(buf_text(&joined), "");
	history(&host, &sealed, "NEWEST", &joined);
	assert_string_equal(buf_text(&joined), "1/1 ");
	free(big);
}

static void test_what_cannot_fit_is_refused(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	char value[801], name[16];
	buf_auto sealed = {0};
	struct reason why;

	(void)state;
	memset(value, 1, 800); /* JSON spells each with six characters */
	value[800] = '\0';
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "S%d", i);
		forge_set(vault, name, value, NOW, 5);
	}
	assert_int_equal(vault_seal(vault, &host, &sealed, &why), -EFBIG);
	assert_non_null(strstr(why.text, "delete secrets"));
	assert_int_equal(vault_revision(vault), 0);
	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "S%d", i);
		assert_int_equal(vault_delete(vault, name, NULL), 0);
	}
	forge_seal(vault, &host, &sealed);
	assert_int_equal(vault_revision(vault), 1);
}

static void test_unknown_members_survive(void **state)
{
	struct host host = forge_host();
	json_auto_t *root = forge_honest(&host), *after = NULL;
	json_t *secret = json_object_get(json_object_get(root, "secrets"), "GH_TOKEN");
	buf_auto sealed = {0}, plain = {0};
	vault_auto vault = NULL;
	const char *json;

	(void)state;
	json_object_set_new(root, "x-future", json_pack("{s:[i,f]}", "a", 1, 0.5));
	json_object_set_new(json_object_get(root, "identity"), "x-team", json_string("pay"));
	json_object_set_new(secret, "x-scope", json_string("repo"));
	forge_tree(&host, root, &sealed);
	vault = forge_open(&host, &sealed);
	forge_set(vault, "GH_TOKEN", "new", NOW + 200, 5);
	forge_seal(vault, &host, &sealed);
	forge_plaintext(&host, &sealed, &plain, &json);
	after = json_loads(json, 0, NULL);
	assert_true(
	    json_equal(json_object_get(after, "x-future"), json_object_get(root, "x-future")));
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(after, "identity"), "x-team")),
	    "pay");
	secret = json_object_get(json_object_get(after, "secrets"), "GH_TOKEN");
	assert_string_equal(json_string_value(json_object_get(secret, "x-scope")), "repo");
	assert_string_equal(json_string_value(json_object_get(secret, "text")), "new");
}

static void test_the_plaintext_is_as_documented(void **state)
{
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	buf_auto sealed = {0}, one = {0}, two = {0};
	unsigned char hash[32];
	char hex[65], signer[SIGNER_TEXT], start[128];
	json_auto_t *root = NULL;
	const char *json;

	(void)state;
	forge_seal(vault, &host, &sealed);
	forge_plaintext(&host, &sealed, &one, &json);
	signer_format(&host.signer, signer);
	snprintf(start, sizeof(start), "ravi-vault/1 ed25519 %s ", signer);
	assert_memory_equal(one.data, start, strlen(start));
	assert_int_equal(json - one.data, (ptrdiff_t)strlen(start) + 128 + 1);
	root = json_loads(json, 0, NULL);
	assert_true(json_is_null(json_object_get(root, "previous")));
	json_decref(root);
	forge_seal(vault, &host, &sealed);
	forge_plaintext(&host, &sealed, &two, &json);
	root = json_loads(json, 0, NULL);
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)one.data, one.len, NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	assert_string_equal(json_string_value(json_object_get(root, "previous")), hex);
	assert_int_equal(json_integer_value(json_object_get(root, "revision")), 2);
}

static void test_recipients(void **state)
{
	const struct vault_profile profile = {.name = FORGE_NAME};
	struct host host = forge_host(), other = forge_host();
	age_identity_auto recovery = {0};
	vault_auto vault = NULL;
	vault_auto opened = NULL;
	buf_auto sealed = {0}, plain = {0};
	struct reason why;

	(void)state;
	assert_int_equal(age_identity_generate(&recovery), 0);
	assert_int_equal(vault_create(&profile, &host, &recovery.recipient, &vault, NULL), 0);
	forge_seal(vault, &host, &sealed);
	assert_int_equal(age_decrypt(&recovery, 1, sealed.data, sealed.len, &plain, NULL, NULL), 0);
	assert_int_equal(vault_open(&other, sealed.data, sealed.len, &opened, &why), -ENOKEY);
	assert_non_null(strstr(why.text, "not sealed for this host"));
	assert_null(opened);
	/* A host that can read it may still not write it. */
	assert_int_equal(vault_seal(vault, &other, &sealed, &why), -EKEYREJECTED);
	assert_int_equal(vault_revision(vault), 1);
}

static void test_profiles_are_checked(void **state)
{
	static const struct vault_profile bad[] = {
	    {.name = "a"},
	    {.name = "agent", .email = "agent"},
	    {.name = "agent", .phone = "555"},
	};
	struct host host = forge_host();
	struct vault *vault;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(vault_create(&bad[i], &host, NULL, &vault, &why), -EINVAL);
		assert_null(vault);
	}
}

static void test_states_and_tombstones(void **state)
{
	const struct vault_trust none = {0};
	struct host host = forge_host();
	vault_auto vault = forge_vault(&host, FORGE_NAME);
	vault_auto active = NULL;
	vault_auto disabled = NULL;
	vault_auto tombstone = NULL;
	vault_auto reborn = forge_vault(&host, FORGE_NAME);
	buf_auto sealed = {0};

	(void)state;
	forge_set(vault, "A", "x", NOW, 5);
	forge_seal(vault, &host, &sealed);
	active = forge_open(&host, &sealed);
	vault_set_state(vault, AGENT_DISABLED);
	forge_seal(vault, &host, &sealed);
	disabled = forge_open(&host, &sealed);
	assert_int_equal(vault_state(disabled), AGENT_DISABLED);
	assert_int_equal(vault_accept(disabled, active, FORGE_NAME, &none, NULL), 0);
	vault_set_state(vault, AGENT_DELETED);
	vault_clear(vault);
	forge_seal(vault, &host, &sealed);
	tombstone = forge_open(&host, &sealed);
	assert_int_equal(vault_state(tombstone), AGENT_DELETED);
	assert_int_equal(vault_secret_count(tombstone), 0);
	assert_int_equal(vault_accept(tombstone, disabled, FORGE_NAME, &none, NULL), 0);
	/* The name goes on with another identity, one revision later. */
	vault_continue(reborn, tombstone);
	forge_seal(reborn, &host, &sealed);
	assert_int_equal(vault_revision(reborn), 4);
	assert_string_not_equal(vault_uuid(reborn), vault_uuid(tombstone));
	assert_int_equal(vault_accept(reborn, tombstone, FORGE_NAME, &none, NULL), 0);
	/* Nobody who missed the tombstone takes the one for the other. */
	assert_int_equal(vault_accept(reborn, disabled, FORGE_NAME, &none, NULL), -ENOMSG);
	/* And what was before does not come back. */
	assert_int_equal(vault_accept(active, reborn, FORGE_NAME, &none, NULL), -ENOMSG);
	assert_int_equal(vault_accept(tombstone, reborn, FORGE_NAME, &none, NULL), -ENOMSG);
	assert_int_equal(vault_accept(disabled, tombstone, FORGE_NAME, &none, NULL), -ESTALE);
}

#ifndef WITH_SANITIZERS

#define MARKER_SIZE 32
#define MASK        0x5a

/* Whether the marker lies in [from, to). It is only ever known masked, so as not to be found itself. */
static bool find_masked(
    const unsigned char *from, const unsigned char *to, const unsigned char masked[MARKER_SIZE])
{
	for (; from + MARKER_SIZE <= to; from++) {
		int i = 0;

		while (i < MARKER_SIZE && (from[i] ^ MASK) == masked[i])
			i++;
		if (i == MARKER_SIZE)
			return true;
	}
	return false;
}

/* Whether it lies anywhere in what this process may write. */
static bool in_memory(const unsigned char masked[MARKER_SIZE])
{
	file_auto maps = fopen("/proc/self/maps", "re");
	uintptr_t from, to;
	char line[512], mode[5];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) == 3 && !strcmp(mode, "rw-p") &&
		    find_masked((const unsigned char *)from, (const unsigned char *)to, masked))
			return true;
	return false;
}

static void test_memory_forgets_values(void **state)
{
	const struct host host = forge_host();
	unsigned char masked[MARKER_SIZE];
	buf_auto sealed = {0};

	(void)state;
	randombytes_buf(masked, sizeof(masked));
	for (int i = 0; i < MARKER_SIZE; i++) /* printable, so that it is kept as text */
		masked[i] = (unsigned char)('a' + masked[i] % 26) ^ MASK;
	{
		vault_auto vault = forge_vault(&host, FORGE_NAME);
		buf_auto value = {0};

		/* malloc's own links overwrite the start of what is freed. */
		buf_addf(&value, "%064d", 0);
		for (int i = 0; i < MARKER_SIZE; i++)
			buf_add_char(&value, (char)(masked[i] ^ MASK));
		forge_set(vault, "A", buf_text(&value), NOW, 5);
		forge_set(vault, "A", buf_text(&value), NOW, 5);
		forge_seal(vault, &host, &sealed);
		assert_true(in_memory(masked));
	}
	assert_false(in_memory(masked));
	{
		vault_auto vault = forge_open(&host, &sealed);
		vault_secret_auto secret = {0};

		assert_int_equal(vault_get(vault, "A", &secret, NULL), 0);
		assert_true(in_memory(masked));
	}
	assert_false(in_memory(masked));
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_field_comes_back),
	    cmocka_unit_test(test_absent_fields_stay_absent),
	    cmocka_unit_test(test_values_are_bytes),
	    cmocka_unit_test(test_versions_are_kept_newest_first),
	    cmocka_unit_test(test_who_made_a_secret_stays_on_record),
	    cmocka_unit_test(test_a_note_stays_until_it_is_changed),
	    cmocka_unit_test(test_each_is_in_the_order_of_names),
	    cmocka_unit_test(test_limits_of_values),
	    cmocka_unit_test(test_limits_of_counts_and_times),
	    cmocka_unit_test(test_old_versions_make_room),
	    cmocka_unit_test(test_what_cannot_fit_is_refused),
	    cmocka_unit_test(test_unknown_members_survive),
	    cmocka_unit_test(test_the_plaintext_is_as_documented),
	    cmocka_unit_test(test_recipients),
	    cmocka_unit_test(test_profiles_are_checked),
	    cmocka_unit_test(test_states_and_tombstones),
#ifndef WITH_SANITIZERS
	    cmocka_unit_test(test_memory_forgets_values),
#endif
	};

	vault_memory_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

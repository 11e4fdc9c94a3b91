/* SPDX-License-Identifier: MIT */
/* libcore/codex: forms of a login, what an auth.json says, and the folder it lies in. */
#include <config.h>

#include <errno.h>
#include <sys/stat.h>

#include "codex/home.h"
#include "scratch.h"

/* {"exp":1900000000} and {"sub":"x"} as the payload of a JWT. */
#define JWT_EXP  "eyJhbGciOiJub25lIn0.eyJleHAiOjE5MDAwMDAwMDB9.c2ln"
#define JWT_NONE "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln"

#define AUTH(access, refresh)                                                                      \
	"{\"auth_mode\":\"chatgpt\",\"OPENAI_API_KEY\":null,\"tokens\":{\"id_token\":\"" JWT_NONE  \
	"\",\"access_token\":\"" access "\",\"refresh_token\":\"" refresh                          \
	"\",\"account_id\":\"acc\"},\"last_refresh\":\"2026-11-27T02:18:00.123456789Z\"}"

static void assert_form(const char *value, int result, enum codex_form form)
{
	enum codex_form found = CODEX_AUTH_FILE;
	struct reason why = {0};

	assert_int_equal(codex_form_of(value, strlen(value), &found, &why), result);
	if (result == 0)
		assert_int_equal(found, form);
	else
		assert_true(*why.text);
}

static void test_forms_are_told_apart_by_content(void **state)
{
	(void)state;
	assert_form(AUTH(JWT_EXP, "r1"), 0, CODEX_AUTH_FILE);
	assert_form(" \n" AUTH(JWT_EXP, ""), 0, CODEX_AUTH_FILE);
	assert_form("{\"OPENAI_API_KEY\":\"sk-1\"}", 0, CODEX_AUTH_FILE);
	assert_form("{\"personal_access_token\":\"pat\"}", 0, CODEX_AUTH_FILE);
	assert_form("sk-proj-1\n", 0, CODEX_API_KEY);
	assert_form(JWT_EXP "\n", 0, CODEX_ACCESS_TOKEN);
	assert_form("at-1", 0, CODEX_ACCESS_TOKEN);
}

static void test_what_logs_nobody_in_is_refused(void **state)
{
	static const char whole[] = AUTH(JWT_EXP, "r1");

	(void)state;
	assert_form("", -EBADMSG, 0);
	assert_form("\n", -EBADMSG, 0);
	assert_form("{}", -EBADMSG, 0);
	assert_form("{\"OPENAI_API_KEY\":null}", -EBADMSG, 0);
	assert_form("{\"OPENAI_API_KEY\":\"\"}", -EBADMSG, 0);
	assert_form("{\"tokens\":{\"access_token\":\"a\",\"refresh_token\":\"r\"}}", -EBADMSG, 0);
	assert_form("{\"tokens\":{\"id_token\":\"a\",\"access_token\":\"a\"}}", -EBADMSG, 0);
	assert_form("{\"agent_identity\":null}", -EBADMSG, 0);
	assert_form("sk-1 sk-2", -EBADMSG, 0);
	assert_form("two\nlines", -EBADMSG, 0);
	/* Torn at any byte: never a login. */
	for (size_t len = 0; len + 1 < sizeof(whole); len++)
		assert_int_equal(codex_file_check(whole, len, NULL), -EBADMSG);
	assert_int_equal(codex_file_check(whole, sizeof(whole) - 1, NULL), 0);
}

static void test_an_api_key_becomes_a_file(void **state)
{
	buf_auto value = {0}, file = {0};

	(void)state;
	buf_add_text(&value, "sk-\"quoted\"\n");
	assert_int_equal(codex_file_make(CODEX_API_KEY, &value, &file), 0);
	assert_string_equal(
	    buf_text(&file), "{\"auth_mode\":\"apikey\",\"OPENAI_API_KEY\":\"sk-\\\"quoted\\\"\"}");
	assert_int_equal(codex_file_check(file.data, file.len, NULL), 0);
}

static void test_facts(void **state)
{
	struct codex_facts facts;
	buf_auto value = {0};

	(void)state;
	buf_add_text(&value, AUTH(JWT_EXP, "r1"));
	codex_facts_of(CODEX_AUTH_FILE, &value, &facts);
	assert_int_equal(facts.expires, 1900000000);
	assert_int_equal(facts.last_refresh, 1795745880);
	assert_true(facts.has_refresh);
	assert_false(facts.has_key);
	buf_reset(&value);
	buf_add_text(&value, AUTH(JWT_NONE, ""));
	codex_facts_of(CODEX_AUTH_FILE, &value, &facts);
	assert_int_equal(facts.expires, 0);
	assert_false(facts.has_refresh);
	buf_reset(&value);
	buf_add_text(&value, JWT_EXP);
	codex_facts_of(CODEX_ACCESS_TOKEN, &value, &facts);
	assert_int_equal(facts.expires, 1900000000);
	for (const char *const *odd = (const char *const[]){"", "a.b", "a..b", "a.=.b", "a.eyJ9.b",
		 "a.eyJleHAiOiJ4In0.b", NULL};
	     *odd; odd++) {
		buf_reset(&value);
		buf_add_text(&value, *odd);
		codex_facts_of(CODEX_ACCESS_TOKEN, &value, &facts);
		assert_int_equal(facts.expires, 0);
	}
}

static void place_base(
    struct scratch *scratch, const char *secret, enum codex_form form, const char *content)
{
	struct codex_base base = {.version = 7, .form = form};

	strcpy(base.secret, secret);
	buf_add_text(&base.content, content);
	assert_int_equal(codex_base_save(scratch->dir, &base, NULL), 0);
	codex_base_free(&base);
}

static void test_a_base_comes_back_as_it_was(void **state)
{
	codex_base_auto base = {0};
	struct scratch scratch;

	(void)state;
	scratch_make(&scratch);
	assert_int_equal(codex_base_load(scratch.dir, &base, NULL), -ENOENT);
	place_base(&scratch, "CODEX_API_KEY", CODEX_API_KEY, "a\n\nb\n");
	assert_int_equal(codex_base_load(scratch.dir, &base, NULL), 0);
	assert_string_equal(base.secret, "CODEX_API_KEY");
	assert_int_equal(base.version, 7);
	assert_int_equal(base.form, CODEX_API_KEY);
	assert_string_equal(buf_text(&base.content), "a\n\nb\n");
	scratch_write(&scratch, CODEX_FILE_BASE, 0600, "secret=../x\n\n{}");
	codex_base_free(&base);
	assert_int_equal(codex_base_load(scratch.dir, &base, NULL), -EBADMSG);
	scratch_write(&scratch, CODEX_FILE_BASE, 0600, "version=1\n\n{}");
	codex_base_free(&base);
	assert_int_equal(codex_base_load(scratch.dir, &base, NULL), -EBADMSG);
	scratch_remove(&scratch);
}

static void assert_growth(struct scratch *scratch, int result, const char *secret, uint64_t base)
{
	codex_growth_auto growth = {0};
	struct reason why = {0};

	assert_int_equal(codex_growth_find(scratch->dir, &growth, &why), result);
	if (result != 1)
		return;
	assert_string_equal(growth.secret, secret);
	assert_int_equal(growth.base, base);
}

static void test_growth_is_what_the_vault_lacks(void **state)
{
	struct scratch scratch;

	(void)state;
	scratch_make(&scratch);
	assert_growth(&scratch, 0, NULL, 0);
	scratch_write(&scratch, CODEX_FILE, 0600, AUTH(JWT_EXP, "r1"));
	/* Nobody knows what it grew from. */
	assert_growth(&scratch, 0, NULL, 0);
	place_base(&scratch, CODEX_SECRET, CODEX_AUTH_FILE, AUTH(JWT_EXP, "r1"));
	assert_growth(&scratch, 0, NULL, 0);
	scratch_write(&scratch, CODEX_FILE, 0600, AUTH(JWT_EXP, "r2"));
	assert_growth(&scratch, 1, CODEX_SECRET, 7);
	/* Torn: the good one in the vault stays. */
	scratch_write(&scratch, CODEX_FILE, 0600, "{\"auth_mode\":\"chatgpt\",\"tok");
	assert_growth(&scratch, -EBADMSG, NULL, 0);
	scratch_write(&scratch, CODEX_FILE, 0600, "");
	assert_growth(&scratch, -EBADMSG, NULL, 0);
	/* Kept as a conflict: not said again and again. */
	scratch_write(&scratch, CODEX_FILE, 0600, AUTH(JWT_EXP, "r3"));
	scratch_write(&scratch, CODEX_FILE_CONFLICT, 0600, AUTH(JWT_EXP, "r3"));
	assert_growth(&scratch, 0, NULL, 0);
	scratch_write(&scratch, CODEX_FILE, 0600, AUTH(JWT_EXP, "r4"));
	assert_growth(&scratch, 1, CODEX_SECRET, 7);
	scratch_remove(&scratch);
}

static void test_a_login_over_a_key_grew_from_no_session(void **state)
{
	struct scratch scratch;

	(void)state;
	scratch_make(&scratch);
	place_base(&scratch, "CODEX_API_KEY", CODEX_API_KEY, "{\"OPENAI_API_KEY\":\"sk-1\"}");
	scratch_write(&scratch, CODEX_FILE, 0600, AUTH(JWT_EXP, "r1"));
	assert_growth(&scratch, 1, CODEX_SECRET, 0);
	scratch_remove(&scratch);
}

static void test_a_planted_link_is_not_followed(void **state)
{
	struct scratch scratch;
	codex_growth_auto growth = {0};

	(void)state;
	scratch_make(&scratch);
	place_base(&scratch, CODEX_SECRET, CODEX_AUTH_FILE, "{}");
	assert_int_equal(symlinkat("/etc/passwd", scratch.dir, CODEX_FILE), 0);
	assert_int_equal(codex_growth_find(scratch.dir, &growth, NULL), -ELOOP);
	unlinkat(scratch.dir, CODEX_FILE, 0);
	assert_int_equal(mkfifoat(scratch.dir, CODEX_FILE, 0600), 0);
	codex_growth_free(&growth);
	assert_int_equal(codex_growth_find(scratch.dir, &growth, NULL), -EINVAL);
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms_are_told_apart_by_content),
	    cmocka_unit_test(test_what_logs_nobody_in_is_refused),
	    cmocka_unit_test(test_an_api_key_becomes_a_file),
	    cmocka_unit_test(test_facts),
	    cmocka_unit_test(test_a_base_comes_back_as_it_was),
	    cmocka_unit_test(test_growth_is_what_the_vault_lacks),
	    cmocka_unit_test(test_a_login_over_a_key_grew_from_no_session),
	    cmocka_unit_test(test_a_planted_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

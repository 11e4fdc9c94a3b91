/* SPDX-License-Identifier: MIT */
/* tools/ravi-codex: setting a key in codex's config.toml without touching the rest. */
#include <config.h>

#include <string.h>

#include "toml.h"
#include "unit.h"

static const struct toml_setting setting = {"features", "shell_snapshot", "false"};

static enum toml_state look(const char *text, const struct toml_setting *wanted)
{
	buf_auto buf = {0};

	buf_add_text(&buf, text);
	return toml_look(&buf, wanted);
}

static enum toml_state state_of(const char *text)
{
	return look(text, &setting);
}

/* It must be addable, come out as wanted, and be set then. */
static void assert_added(const char *text, const char *wanted)
{
	buf_auto before = {0}, after = {0};

	buf_add_text(&before, text);
	assert_int_equal(toml_look(&before, &setting), TOML_ABSENT);
	assert_int_equal(toml_add(&before, &setting, &after), 0);
	assert_string_equal(buf_text(&after), wanted);
	assert_int_equal(toml_look(&after, &setting), TOML_SET);
}

static void test_it_is_seen_where_it_is_set(void **state)
{
	(void)state;
	assert_int_equal(state_of("[features]\nshell_snapshot = false\n"), TOML_SET);
	assert_int_equal(state_of("[ features ] # x\n\n\"shell_snapshot\"=false#x"), TOML_SET);
	assert_int_equal(state_of("features.shell_snapshot = false\n[x]\n"), TOML_SET);
	assert_int_equal(
	    state_of("[features]\na = '''\n[x]\n'''\nshell_snapshot = false"), TOML_SET);
}

static void test_another_word_is_not_overwritten(void **state)
{
	(void)state;
	assert_int_equal(state_of("[features]\nshell_snapshot = true\n"), TOML_CONFLICT);
	assert_int_equal(state_of("[features]\nshell_snapshot = falsehood\n"), TOML_CONFLICT);
	assert_int_equal(state_of("[features]\nshell_snapshot =\n"), TOML_CONFLICT);
	assert_int_equal(state_of("features = { a = true }\n"), TOML_CONFLICT);
	assert_int_equal(state_of("features.a = true\n"), TOML_CONFLICT);
}

static void test_it_is_added_and_the_rest_stays(void **state)
{
	(void)state;
	assert_added("", "[features]\nshell_snapshot = false\n");
	assert_added("model = \"x\"", "model = \"x\"\n\n[features]\nshell_snapshot = false\n");
	assert_added("[features]\r\nx = true\r\n[other]\ny = 1\n",
	    "[features]\r\nshell_snapshot = false\nx = true\r\n[other]\ny = 1\n");
	assert_added("[features]", "[features]\nshell_snapshot = false\n");
	assert_added("[features.sub]\na = 1\n",
	    "[features.sub]\na = 1\n\n[features]\nshell_snapshot = false\n");
	assert_added("[other]\nshell_snapshot = true\n",
	    "[other]\nshell_snapshot = true\n\n[features]\nshell_snapshot = false\n");
}

static void test_what_only_looks_like_it_is_not_taken(void **state)
{
	(void)state;
	assert_int_equal(state_of("# [features]\n# shell_snapshot = true\n"), TOML_ABSENT);
	assert_int_equal(
	    state_of("a = \"\"\"\n[features]\nshell_snapshot = true\n\"\"\"\n"), TOML_ABSENT);
	assert_int_equal(state_of("a = [\n\"x\", # ]\n[\"features\"],\n]\nb = 1\n"), TOML_ABSENT);
	assert_int_equal(state_of("a = \"\\\"[\"\nfeatures_too = 1\n"), TOML_ABSENT);
	assert_int_equal(state_of("[[features]]\nshell_snapshot = true\n"), TOML_ABSENT);
	/* Unended: everything behind is the string's. */
	assert_int_equal(state_of("a = '''\n[features]\nshell_snapshot = true\n"), TOML_ABSENT);
}

static void test_a_key_before_the_first_header(void **state)
{
	static const struct toml_setting root = {"", "store", "\"file\""};

	(void)state;
	assert_int_equal(look("", &root), TOML_ABSENT);
	assert_int_equal(look("a = 1\nstore = \"file\"\n[x]\nstore = 1\n", &root), TOML_SET);
	assert_int_equal(look("store = \"keyring\"\n", &root), TOML_CONFLICT);
	assert_int_equal(look("[x]\nstore = \"keyring\"\n", &root), TOML_ABSENT);
	assert_int_equal(look("store.a = 1\nstored = 1\n", &root), TOML_ABSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_it_is_seen_where_it_is_set),
	    cmocka_unit_test(test_another_word_is_not_overwritten),
	    cmocka_unit_test(test_it_is_added_and_the_rest_stays),
	    cmocka_unit_test(test_what_only_looks_like_it_is_not_taken),
	    cmocka_unit_test(test_a_key_before_the_first_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

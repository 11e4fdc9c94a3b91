/* SPDX-License-Identifier: MIT */
/* What ravi secrets import reads: dotenv, JSON, CodexMonitor's settings; and what export writes comes back. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "unit.h"
#include "vault/vault.h"

#define NOW 1800000000 /* 2027-01-15T08:00:00Z */

static void parse(struct bundle *bundle, enum bundle_form form, const char *text, size_t len)
{
	buf_auto in = {0};
	struct reason why = {0};

	assert_int_equal(buf_add(&in, text, len), 0);
	if (bundle_parse(bundle, form, &in, NOW, &why) < 0)
		fail_msg("%s", why.text);
}

/* The one value of a file, or the complaints. */
static void assert_value(const char *text, const char *expected)
{
	bundle_auto bundle = {0};

	parse(&bundle, BUNDLE_GUESS, text, strlen(text));
	if (bundle.complaints || bundle.left_out || bundle.count != 1)
		fail_msg("%s: %zu items, %s", text, bundle.count, buf_text(&bundle.words));
	assert_string_equal(bundle.items[0].name, "A");
	assert_int_equal(bundle.items[0].value.len, strlen(expected));
	assert_string_equal(bundle.items[0].value.data, expected);
}

/* The file is complained of with these words, which do not hold the value. */
static void assert_refused(const char *text, const char *words)
{
	bundle_auto bundle = {0};

	parse(&bundle, BUNDLE_GUESS, text, strlen(text));
	if (!bundle.complaints || !strstr(buf_text(&bundle.words), words))
		fail_msg("%s: %s", text, buf_text(&bundle.words));
	assert_null(strstr(buf_text(&bundle.words), "s3cret"));
}

static void test_dotenv_values(void **state)
{
	static const char *const cases[][2] = {
	    {"A=x", "x"},
	    {"a=x\n", "x"},
	    {"\xef\xbb\xbf# first\r\n\r\n  export A = x y \t\r\n", "x y"},
	    {"A=x # comment", "x"},
	    {"A=x#y", "x#y"},
	    {"A=#y", "#y"},
	    {"A=$HOME\\n", "$HOME\\n"},
	    {"A=x=y==", "x=y=="},
	    {"A='x # y' # z", "x # y"},
	    {"A='two\nlines\n'\n", "two\nlines\n"},
	    {"A='$x \\n'", "$x \\n"},
	    {"A='it'\\''s'", "it's"},
	    {"A='a'\"b\"", "ab"},
	    {"A=\"a\\nb\\tc\\\\d\\\"e\\$f\\`g\\x\"", "a\nb\tc\\d\"e$f`g\\x"},
	    {"A=\"a\\\nb\"", "ab"},
	    {"A=\"it's\"\t", "it's"},
	    {"A=\"\xc3\xa9\xf0\x9f\x94\x91\"", "\xc3\xa9\xf0\x9f\x94\x91"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_value(cases[i][0], cases[i][1]);
}

static void test_bad_lines_are_named_and_not_shown(void **state)
{
	(void)state;
	assert_refused("\n\ns3cret", "line 3 is not NAME=VALUE");
	assert_refused("A=x\ns3cret+/==\n", "line 2 is not");
	assert_refused("1A=s3cret", "line 1 has no name");
	assert_refused("_A=s3cret", "line 1 has no name");
	assert_refused("A.B=s3cret", "line 1 is not");
	assert_refused("A='s3cret\n\nB=x", "line 1: its quote is not closed");
	assert_refused("A='x'\nB=\"s3cret", "line 2: its quote");
	assert_refused("A='x's3cret", "line 1: there is text behind");
	assert_refused("A='x' s3cret", "line 1: there is text behind");
	assert_refused("A=`s3cret`", "line 1: its value begins with a backquote");
	assert_refused("A='\n\n'\na=s3cret", "line 4: A is there already, as line 1");
}

static void test_every_bad_line_is_told(void **state)
{
	bundle_auto bundle = {0};
	static const char text[] = "A=1\nnonsense\nB=\nC=2\n=\nD=3\n";

	(void)state;
	parse(&bundle, BUNDLE_GUESS, text, strlen(text));
	assert_int_equal(bundle.count, 3);
	assert_int_equal(bundle.complaints, 2);
	assert_int_equal(bundle.left_out, 1);
	assert_non_null(strstr(buf_text(&bundle.words), "line 2 is not"));
	assert_non_null(strstr(buf_text(&bundle.words), "line 3: B is empty and was left out"));
	assert_non_null(strstr(buf_text(&bundle.words), "line 5 is not"));
	assert_int_equal(bundle.items[2].place, 6);
}

static void test_long_values_and_nul_bytes(void **state)
{
	bundle_auto bundle = {0}, nul = {0};
	buf_auto text = {0};

	(void)state;
	buf_add_text(&text, "A=");
	for (unsigned i = 0; i <= VAULT_VALUE_MAX; i++)
		buf_add_char(&text, 'x');
	parse(&bundle, BUNDLE_GUESS, text.data, text.len);
	assert_int_equal(bundle.complaints, 1);
	assert_non_null(strstr(buf_text(&bundle.words), "A has 32768 bytes, 32767 are the most"));
	parse(&nul, BUNDLE_GUESS, "A=x\0y", 5);
	assert_int_equal(nul.complaints, 1);
	assert_int_equal(nul.count, 0);
}

static void test_json(void **state)
{
	bundle_auto bundle = {0}, list = {0};
	static const char object[] =
	    " {\"gh_token\": \"a\\nb\\u0000\\u00e9\", \"EMPTY\": \"\", \"NONE\": null,\n"
	    "\"B\": {\"value\": null, \"value_base64\": \"/wA=\", \"note\": \"words\",\n"
	    "\"expires_dt\": \"2027-01-31T00:00:00Z\", \"version\": 3}}";
	static const char array[] =
	    "[{\"name\": \"A\", \"value\": \"x\"}, {\"key\": \"B\", \"value\": \"y\", "
	    "\"notes\": \"n\", \"expires_dt\": null}]";

	(void)state;
	parse(&bundle, BUNDLE_GUESS, object, strlen(object));
	assert_int_equal(bundle.complaints, 0);
	assert_int_equal(bundle.left_out, 2);
	assert_int_equal(bundle.count, 2);
	assert_string_equal(bundle.items[0].name, "GH_TOKEN");
	assert_int_equal(bundle.items[0].value.len, 6);
	assert_memory_equal(bundle.items[0].value.data, "a\nb\0\xc3\xa9", 6);
	assert_int_equal(bundle.items[1].value.len, 2);
	assert_memory_equal(bundle.items[1].value.data, "\xff", 2);
	assert_string_equal(bundle.items[1].note.data, "words");
	assert_int_equal(bundle.items[1].expires, 1801353600);
	parse(&list, BUNDLE_JSON, array, strlen(array));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[1].note.data, "n");
}

static void test_bad_json_is_named_and_not_shown(void **state)
{
	static const char *const cases[][2] = {
	    {"{\"A\": s3cret}", "line 1"},
	    {"{\n\"A\": \"x\", \"A\": \"s3cret\"}", "line 2 names a member twice"},
	    {"{\"backendMode\": \"remote\"}", "holds no remoteBackendToken"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bundle_auto bundle = {0};
		struct reason why = {0};
		buf_auto in = {0};

		buf_add_text(&in, cases[i][0]);
		assert_true(bundle_parse(&bundle, BUNDLE_GUESS, &in, NOW, &why) < 0);
		if (!strstr(why.text, cases[i][1]) || strstr(why.text, "s3cret"))
			fail_msg("%s: %s", cases[i][0], why.text);
	}
	assert_refused("{\"A\": 5}", "member 1 must be text");
	assert_refused("{\"A\": {\"base64\": \"s3cret\"}}", "member 1 must be text");
	assert_refused("{\"A\": {\"value_base64\": \"s3cret!\"}}", "member 1 must be text");
	assert_refused("{\"s3cret!\": \"x\"}", "member 1 has no name");
	assert_refused("{\"A\": \"x\", \"a\": \"s3cret\"}", "member 2: A is there already");
	assert_refused("[\"s3cret\"]", "member 1 has no name");
	assert_refused(
	    "{\"A\": {\"value\": \"s3cret\", \"expires_dt\": \"soon\"}}", "A: its expires_dt");
	assert_refused("{\"A\": {\"value\": \"s3cret\", \"expires_dt\": \"2027-01-15T07:59:59Z\"}}",
	    "A: it has expired");
}

static void test_settings_of_codex_monitor(void **state)
{
	bundle_auto bundle = {0};
	static const char text[] =
	    "{\"backendMode\": \"remote\", \"remoteBackendToken\": \"tok\", \"remoteBackends\": "
	    "[{\"id\": \"1\", \"token\": \"tok\"}, {\"id\": \"2\", \"token\": \"other\"}]}";

	(void)state;
	parse(&bundle, BUNDLE_GUESS, text, strlen(text));
	assert_int_equal(bundle.count, 1);
	assert_string_equal(bundle.items[0].name, "CODEX_MONITOR_DAEMON_TOKEN");
	assert_string_equal(bundle.items[0].value.data, "tok");
	assert_string_equal(buf_text(&bundle.words),
	    "1 of the tokens in remoteBackends are other daemons' and were left out\n");
}

static void test_what_is_written_as_dotenv_comes_back(void **state)
{
	static const struct {
		const char *value;
		size_t len;
	} cases[] = {
	    {"plain-_./:@%+,=", 15},
	    {"two words", 9},
	    {"\n\nlines\r\n", 9},
	    {"it's \"$HOME\" `x` \\n \\", 21},
	    {"'", 1},
	    {"\\", 1},
	    {"#x", 2},
	    {"~root", 5},
	    {"\x01\x1b\x7f\xff\xfe", 5},
	    {"\xc3\xa9 \xf0\x9f\x94\x91", 7},
	    {" x ", 3},
	};
	const struct buf nul = {.data = (char[]){"a\0b"}, .len = 3};
	bundle_auto bundle = {0};
	buf_auto out = {0}, unused = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_auto value = {0};
		char name[] = {'A', (char)('A' + i), '\0'};

		buf_add(&value, cases[i].value, cases[i].len);
		assert_int_equal(dotenv_add(&out, name, &value), 0);
	}
	parse(&bundle, BUNDLE_GUESS, out.data, out.len);
	if (bundle.complaints)
		fail_msg("%s", buf_text(&bundle.words));
	assert_int_equal(bundle.count, sizeof(cases) / sizeof(*cases));
	for (size_t i = 0; i < bundle.count; i++) {
		assert_int_equal(bundle.items[i].value.len, cases[i].len);
		assert_memory_equal(bundle.items[i].value.data, cases[i].value, cases[i].len);
	}
	assert_int_equal(dotenv_add(&unused, "A", &nul), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dotenv_values),
	    cmocka_unit_test(test_bad_lines_are_named_and_not_shown),
	    cmocka_unit_test(test_every_bad_line_is_told),
	    cmocka_unit_test(test_long_values_and_nul_bytes),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_bad_json_is_named_and_not_shown),
	    cmocka_unit_test(test_settings_of_codex_monitor),
	    cmocka_unit_test(test_what_is_written_as_dotenv_comes_back),
	};

	vault_memory_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

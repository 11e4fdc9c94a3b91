/* SPDX-License-Identifier: MIT */
/* Values that older clients sealed: the published vectors, and what must not open. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "legacy/legacy.h"
#include "unit.h"

#define ZEROS    "AAAAAAAAAAAAAAAAAAAAAA=="
#define PUBLIC   "r1feBlhwAtS4e36U3AJLFQKjFYzWsXITkKpH1kffcHo="
#define VERIFIER                                                                                   \
	"RQneWcJEvUz/WP08qSbz1TP1kMvyMujwHLWXuZqaLjDaSyGxdUBWDmZkqEipq7qfL+Ip8ZUzEkMu5vPfl6xD"
#define FIELD                                                                                      \
	"e2e::BzBOGiXRMT7rllfoeNkhzZ9gMl4PLA9/"                                                    \
	"ShcZWmMtTALguyX/sHncg/Tf9VaygX9HIuEzltYvh//X7nD+cA=="

static const struct legacy_account account = {ZEROS, VERIFIER, PUBLIC};

static struct legacy_pair unlock(void)
{
	struct legacy_pair pair;
	struct reason why = {0};

	assert_int_equal(legacy_unlock("123456", &account, &pair, &why), 0);
	return pair;
}

static void test_vector(void **state)
{
	struct legacy_pair pair = unlock(), again;
	char secret[LEGACY_SECRET_TEXT];
	buf_auto value = {0};

	(void)state;
	assert_true(legacy_is_sealed(FIELD));
	assert_int_equal(legacy_open(&pair, FIELD, &value), 0);
	assert_string_equal(value.data, "sk-test-12345");
	legacy_pair_format(&pair, secret);
	assert_int_equal(legacy_pair_parse(secret, &again), 0);
	assert_memory_equal(pair.public, again.public, sizeof(pair.public));
	buf_reset(&value);
	assert_int_equal(legacy_open(&again, FIELD, &value), 0);
	assert_string_equal(value.data, "sk-test-12345");
}

static void test_blanks_around_a_pin(void **state)
{
	struct legacy_pair pair;

	(void)state;
	assert_int_equal(legacy_unlock(" 123456\n", &account, &pair, NULL), 0);
}

static void test_what_is_no_pin(void **state)
{
	static const char *const rows[] = {"", "12345", "1234567", "12345a", "123 456", "１２３４５６"};
	struct legacy_pair pair;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(legacy_unlock(rows[i], &account, &pair, NULL), -EINVAL);
}

static void test_what_does_not_fit(void **state)
{
	struct legacy_account other = account;
	struct legacy_pair pair;

	(void)state;
	assert_int_equal(legacy_unlock("654321", &account, &pair, NULL), -EKEYREJECTED);
	/* A service that swaps the key is not taken for a wrong PIN's fault of ours: it does not open. */
	other.public_key = ZEROS "";
	assert_int_equal(legacy_unlock("123456", &other, &pair, NULL), -EBADMSG);
	other = account;
	other.public_key = "jea2H3ed51nJ+Gj5nHZ5UkpXaZb5HQMPq0EVk8hkM40=";
	assert_int_equal(legacy_unlock("123456", &other, &pair, NULL), -EKEYREJECTED);
	other = account;
	other.verifier = PUBLIC;
	assert_int_equal(legacy_unlock("123456", &other, &pair, NULL), -EKEYREJECTED);
	other = account;
	other.salt = "AAAA";
	assert_int_equal(legacy_unlock("123456", &other, &pair, NULL), -EBADMSG);
}

static void test_what_does_not_open(void **state)
{
	static const char *const rows[] = {"", "e2e::", "E2E::AAAA", "sk-test", "e2e::!!!!",
	    "e2e::AAAA",
	    /* the last byte flipped */
	    "e2e::BzBOGiXRMT7rllfoeNkhzZ9gMl4PLA9/ShcZWmMtTALguyX/sHncg/Tf9VaygX9HIuEzltYvh//X7nD+cQ=="};
	struct legacy_pair pair = unlock();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_auto value = {0};

		assert_int_equal(legacy_open(&pair, rows[i], &value), -EBADMSG);
	}
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_vector),
    cmocka_unit_test(test_blanks_around_a_pin),
    cmocka_unit_test(test_what_is_no_pin),
    cmocka_unit_test(test_what_does_not_fit),
    cmocka_unit_test(test_what_does_not_open),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

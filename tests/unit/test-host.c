/* SPDX-License-Identifier: MIT */
/* libcore/vault: the host key's file, and /etc/ravi/trusted. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "vault/host.h"
#include "vault/vault.h"

static int setup(void **state)
{
	static struct scratch scratch;

	scratch_make(&scratch);
	*state = &scratch;
	return 0;
}

static int teardown(void **state)
{
	scratch_remove(*state);
	return 0;
}

static void test_a_host_key_comes_back(void **state)
{
	struct scratch *scratch = *state;
	host_auto made = {0};
	host_auto read = {0};
	host_auto other = {0};
	struct reason why;
	struct stat st;

	assert_int_equal(host_read(scratch->dir, "host.key", geteuid(), &read, &why), -ENOENT);
	assert_int_equal(host_generate(&made), 0);
	assert_int_equal(host_generate(&other), 0);
	assert_memory_not_equal(&made, &other, sizeof(made));
	assert_int_equal(host_write(scratch->dir, "host.key", &made, &why), 0);
	assert_int_equal(fstatat(scratch->dir, "host.key", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(host_write(scratch->dir, "host.key", &other, &why), -EEXIST);
	assert_non_null(strstr(why.text, "it stays"));
	assert_int_equal(host_read(scratch->dir, "host.key", geteuid(), &read, &why), 0);
	assert_memory_equal(&made.age, &read.age, sizeof(made.age));
	assert_memory_equal(made.secret, read.secret, sizeof(made.secret));
	assert_memory_equal(&made.signer, &read.signer, sizeof(made.signer));
	assert_int_equal(scratch_count(scratch, ""), 1);
}

static void test_a_host_key_is_a_secret(void **state)
{
	struct scratch *scratch = *state;
	host_auto host = {0};
	struct reason why;

	assert_int_equal(host_generate(&host), 0);
	assert_int_equal(host_write(scratch->dir, "host.key", &host, &why), 0);
	assert_int_equal(fchmodat(scratch->dir, "host.key", 0640, 0), 0);
	assert_int_equal(host_read(scratch->dir, "host.key", geteuid(), &host, &why), -EACCES);
	assert_int_equal(fchmodat(scratch->dir, "host.key", 0600, 0), 0);
	assert_int_equal(host_read(scratch->dir, "host.key", geteuid() + 1, &host, &why), -EACCES);
}

#define SEED "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void test_damaged_host_keys(void **state)
{
	static const struct {
		const char *lines, *words;
	} cases[] = {
	    {"", "empty"},
	    {"# nothing\n", "lacks its line age="},
	    {"AGE\n", "lacks its line signer="},
	    {"signer=" SEED "\n", "lacks its line age="},
	    {"age=AGE-SECRET-KEY-1QQQQ\nsigner=" SEED "\n", "line 1 is damaged"},
	    {"AGE\nsigner=" SEED "0\n", "line 2 is damaged"},
	    {"AGE\nsigner=0001\n", "line 2 is damaged"},
	    {"AGE\nAGE\nsigner=" SEED "\n", "line 2 is damaged"},
	    {"AGE\nsigner=" SEED "\nmore=1\n", "line 3 is damaged"},
	    {"AGE\nsigner\n", "line 2 is damaged"},
	};
	struct scratch *scratch = *state;
	char age[AGE_IDENTITY_TEXT];
	host_auto host = {0};

	assert_int_equal(host_generate(&host), 0);
	age_identity_format(&host.age, age);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *rest = cases[i].lines;
		static const struct host zero;
		buf_auto text = {0};
		struct reason why = {0};

		for (; !strncmp(rest, "AGE\n", 4); rest += 4)
			buf_addf(&text, "age=%s\n", age);
		buf_add_text(&text, rest);
		scratch_write(scratch, "host.key", 0600, buf_text(&text));
		assert_int_equal(
		    host_read(scratch->dir, "host.key", geteuid(), &host, &why), -EBADMSG);
		if (!strstr(why.text, cases[i].words))
			fail_msg("case %zu: %s", i, why.text);
		assert_null(strstr(why.text, "0001"));
		assert_memory_equal(&host, &zero, sizeof(host));
	}
}

static void test_signers(void **state)
{
	static const char *const bad[] = {"", "00", SEED "0",
	    "000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	    "0001 2030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"};
	char text[SIGNER_TEXT];
	struct signer signer;
	struct reason why;

	(void)state;
	assert_int_equal(signer_parse(SEED, &signer, &why), 0);
	signer_format(&signer, text);
	assert_string_equal(text, SEED);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(signer_parse(bad[i], &signer, &why), -EINVAL);
}

#define SIGNER_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define SIGNER_2 "2222222222222222222222222222222222222222222222222222222222222222"

static int trust_of(
    struct scratch *scratch, const char *identity, struct vault_trust *trust, struct reason *why)
{
	const struct host host = {.signer = {.key = {7}}};

	return vault_trust_read(scratch->dir, "trusted", geteuid(), identity, &host, trust, why);
}

static void test_trusted(void **state)
{
	struct scratch *scratch = *state;
	char text[SIGNER_TEXT];
	struct vault_trust trust;
	struct reason why;

	assert_int_equal(trust_of(scratch, "agent", &trust, &why), 0);
	assert_int_equal(trust.count, 1); /* no file: the host's own */
	assert_int_equal(trust.signers[0].key[0], 7);
	scratch_write(scratch, "trusted", 0644,
	    "# whom we believe\n"
	    "\n"
	    "agent " SIGNER_1 "  # the first\n"
	    "other nonsense\n"
	    "  agent\t" SIGNER_2 " 40\r\n"
	    "agent " SIGNER_2 " 12");
	assert_int_equal(trust_of(scratch, "agent", &trust, &why), 0);
	assert_int_equal(trust.count, 4);
	signer_format(&trust.signers[2], text);
	assert_string_equal(text, SIGNER_2);
	assert_int_equal(trust.min_revision, 40);
	assert_int_equal(trust_of(scratch, "agen", &trust, &why), 0);
	assert_int_equal(trust.count, 1);
	assert_int_equal(trust.min_revision, 0);
	assert_int_equal(trust_of(scratch, "other", &trust, &why), -EINVAL);
	assert_non_null(strstr(why.text, "trusted line 4: "));
	assert_int_equal(fchmodat(scratch->dir, "trusted", 0664, 0), 0);
	assert_int_equal(trust_of(scratch, "agent", &trust, &why), -EACCES);
}

static void test_bad_lines_of_trusted(void **state)
{
	static const char *const bad[] = {
	    "agent",
	    "agent 1234",
	    "agent " SIGNER_1 " 0",
	    "agent " SIGNER_1 " -1",
	    "agent " SIGNER_1 " many",
	    "agent " SIGNER_1 " 9007199254740992",
	    "agent " SIGNER_1 " 1 2",
	};
	struct scratch *scratch = *state;
	struct vault_trust trust;
	struct reason why;
	buf_auto many = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		scratch_write(scratch, "trusted", 0644, bad[i]);
		assert_int_equal(trust_of(scratch, "agent", &trust, &why), -EINVAL);
		assert_non_null(strstr(why.text, "trusted line 1: "));
	}
	for (int i = 0; i < VAULT_SIGNERS_MAX; i++)
		buf_add_text(&many, "agent " SIGNER_1 "\n");
	scratch_write(scratch, "trusted", 0644, buf_text(&many));
	assert_int_equal(trust_of(scratch, "agent", &trust, &why), -E2BIG);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_a_host_key_comes_back),
	    EACH(test_a_host_key_is_a_secret),
	    EACH(test_damaged_host_keys),
	    EACH(test_signers),
	    EACH(test_trusted),
	    EACH(test_bad_lines_of_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

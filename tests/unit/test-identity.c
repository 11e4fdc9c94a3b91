/* SPDX-License-Identifier: MIT */
/* libcore/identity: which names pass, states, and which uids may be agents. */
#include <config.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "identity/agent.h"
#include "identity/local.h"
#include "identity/name.h"
#include "unit.h"
#include "util/cleanup.h"

typedef int name_check(const char *name, struct reason *why);

/* Both lists end with NULL. A refusal must say why. */
static void assert_check(name_check *check, const char *const *good, const char *const *bad)
{
	struct reason why;

	for (; *good; good++) {
		why = (struct reason){0};
		if (check(*good, &why) != 0)
			fail_msg("\"%s\" was refused: %s", *good, why.text);
	}
	for (; *bad; bad++) {
		why = (struct reason){0};
		if (check(*bad, &why) != -EINVAL)
			fail_msg("\"%s\" was taken", *bad);
		assert_true(strlen(why.text) > 20);
		assert_int_equal(check(*bad, NULL), -EINVAL);
	}
}

#define TEN "abcdefghij"

static void test_user_names(void **state)
{
	static const char *const good[] = {"a", "_", "payments", "a-b_c9", TEN TEN TEN "ab", NULL};
	static const char *const bad[] = {"", "-a", "9a", "A", "a.b", "a/b", "..", "a b", "a\n",
	    "\xc3\xa9", TEN TEN TEN "abc", NULL};

	(void)state;
	assert_check(user_name_check, good, bad);
}

static void test_identity_names(void **state)
{
	static const char *const good[] = {
	    "abc", "a-b", "a.b", "1.2", "payments-agent", "a-.b", TEN TEN TEN, NULL};
	static const char *const bad[] = {"", "ab", "-ab", "ab-", ".ab", "ab.", "a..b", "a--b",
	    "a/b", "Abc", "a_b", "a b", "...", "ab\n", TEN TEN TEN "a", NULL};

	(void)state;
	assert_check(identity_name_check, good, bad);
}

static void test_addresses(void **state)
{
	static const char *const good[] = {
	    "abc@example.org", "a.b-c@a1.b-2.example", "abc@1.2", NULL};
	static const char *const bad[] = {"", "abc", "@example.org", "abc@", "ab@example.org",
	    "abc@example", "abc@-a.org", "abc@a-.org", "abc@a..org", "abc@example.org.",
	    "abc@exam ple.org", "abc@EXAMPLE.org", "abc@def@example.org",
	    TEN TEN TEN "a@example.org",
	    "abc@" TEN TEN TEN TEN TEN TEN "abcd.org" /* a label of 64 */, NULL};

	(void)state;
	assert_check(email_check, good, bad);
}

static void test_domains(void **state)
{
	static const char label[] = TEN TEN TEN TEN TEN TEN "abc"; /* 63 */
	char longest[256];

	(void)state;
	snprintf(
	    longest, sizeof(longest), "%s.%s.%s." TEN TEN TEN TEN TEN TEN "a", label, label, label);
	assert_int_equal(strlen(longest), 253);
	assert_int_equal(domain_check(longest, NULL), 0);
	strcat(longest, "b");
	assert_int_equal(domain_check(longest, NULL), -EINVAL);
}

static void test_phones(void **state)
{
	static const char *const good[] = {"+15551234567", "+49", "+123456789012345", NULL};
	static const char *const bad[] = {"", "+", "+1", "15551234567", "+0123456", "+1 555",
	    "+1-555", "+1234567890123456", "++155", "+155a", NULL};

	(void)state;
	assert_check(phone_check, good, bad);
}

static void test_secret_names_fold(void **state)
{
	static const char *const bad[] = {
	    "", "1A", "_A", "A-B", "A B", "A=B", "A\n", "\xc3\xa9", "@profile", NULL};
	char folded[SECRET_NAME_MAX + 1], name[SECRET_NAME_MAX + 2];
	struct reason why;

	(void)state;
	assert_int_equal(secret_name_fold("gh_Token_9", folded, NULL), 0);
	assert_string_equal(folded, "GH_TOKEN_9");
	for (size_t i = 0; bad[i]; i++)
		assert_int_equal(secret_name_fold(bad[i], folded, &why), -EINVAL);
	memset(name, 'a', sizeof(name) - 1);
	name[SECRET_NAME_MAX + 1] = '\0';
	assert_int_equal(secret_name_fold(name, folded, &why), -EINVAL);
	name[SECRET_NAME_MAX] = '\0';
	assert_int_equal(secret_name_fold(name, folded, &why), 0);
	assert_int_equal(strlen(folded), SECRET_NAME_MAX);
	assert_int_equal(strspn(folded, "A"), SECRET_NAME_MAX);
}

static void test_states(void **state)
{
	enum agent_state read;

	(void)state;
	for (int i = AGENT_ACTIVE; i <= AGENT_DELETED; i++) {
		assert_int_equal(
		    agent_state_parse(agent_state_word((enum agent_state)i), &read), 0);
		assert_int_equal(read, i);
	}
	assert_int_equal(agent_state_parse("", &read), -EINVAL);
	assert_int_equal(agent_state_parse("Active", &read), -EINVAL);
}

static void test_which_uids(void **state)
{
	struct reason why;

	(void)state;
	assert_int_equal(agent_uid_check(0, &why), -EPERM);
	assert_int_equal(agent_uid_check(1, &why), -EPERM);
	assert_int_equal(agent_uid_check(65000, &why), 0);
}

static void test_has(void **state)
{
	const struct agent agent = {.count = 1, .identities = {"abc", "stale"}};

	(void)state;
	assert_true(agent_has(&agent, "abc"));
	assert_false(agent_has(&agent, "abcd"));
	assert_false(agent_has(&agent, "stale"));
}

/* Before a path is built: these would leave the folder of the entries. */
static void test_no_entry_has_a_strange_name(void **state)
{
	static const char *const names[] = {"", "..", "../../../etc/passwd", "/etc/passwd", "a/b"};
	struct reason why = {0};
	struct agent agent;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_int_equal(agent_load(names[i], &agent, &why), -ENOENT);
		assert_string_equal(why.text, "");
	}
}

/* As far as /etc/passwd goes, the same as the name service, for each name in it. */
static void test_local_users(void **state)
{
	file_auto file = fopen("/etc/passwd", "re");
	struct local_user user = {.uid = 1, .gid = 1};
	const struct passwd *pw;

	(void)state;
	assert_int_equal(local_user("root", &user), 0);
	assert_int_equal(user.uid, 0);
	assert_int_equal(user.gid, 0);
	assert_int_equal(local_user("roo", &user), -ENOENT);
	assert_int_equal(local_user("root:x", &user), -ENOENT);
	assert_int_equal(local_user("", &user), -ENOENT);
	assert_int_equal(local_user("nobody-has-this-name", &user), -ENOENT);
	assert_non_null(file);
	while ((pw = fgetpwent(file))) {
		assert_int_equal(local_user(pw->pw_name, &user), 0);
		assert_int_equal(user.uid, pw->pw_uid);
		assert_int_equal(user.gid, pw->pw_gid);
	}
}

static void test_local_agents(void **state)
{
	struct agent agent = {.user = "root", .uid = 0};
	gid_t gid = 1;

	(void)state;
	assert_true(local_is_agent(&agent, &gid));
	assert_int_equal(gid, 0);
	agent.uid = 1;
	assert_false(local_is_agent(&agent, &gid));
	strcpy(agent.user, "nobody-has-this-name");
	assert_false(local_is_agent(&agent, &gid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_user_names),
	    cmocka_unit_test(test_identity_names),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_domains),
	    cmocka_unit_test(test_phones),
	    cmocka_unit_test(test_secret_names_fold),
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_which_uids),
	    cmocka_unit_test(test_has),
	    cmocka_unit_test(test_no_entry_has_a_strange_name),
	    cmocka_unit_test(test_local_users),
	    cmocka_unit_test(test_local_agents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

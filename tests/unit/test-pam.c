/* SPDX-License-Identifier: MIT */
/* libcore/pam: login stacks as libpam reads them, Debian 12's own and nasty ones. */
#include <config.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pam/reach.h"
#include "pam/update.h"
#include "unit.h"
#include "util/buf.h"
#include "util/cleanup.h"

static char root[64];

static int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/ravi-unit-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static int remove_root(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes the file below the root, its folders as well. */
static void put(const char *name, const char *text)
{
	char path[256];
	file_auto file = NULL;

	snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

/* Debian 12's, as pam-auth-update leaves them with the profile enabled. */
static const char common_session[] =
    "# here are the per-package modules (the \"Primary\" block)\n"
    "session\t[default=1]\t\t\tpam_permit.so\n"
    "# here's the fallback if no module succeeds\n"
    "session\trequisite\t\t\tpam_deny.so\n"
    "# prime the stack with a positive return value if there isn't one already;\n"
    "session\trequired\t\t\tpam_permit.so\n"
    "# and here are more per-package modules (the \"Additional\" block)\n"
    "session\trequired\tpam_unix.so \n"
    "session\toptional\tpam_systemd.so \n"
    "session\toptional\tpam_ravi.so \n"
    "# end of pam-auth-update config\n";
static const char saved_session[] = "Module: null\n"
				    "[default=1]\t\t\tpam_permit.so\n"
				    "Module: unix\n"
				    "required\tpam_unix.so\n"
				    "Module: systemd\n"
				    "optional\tpam_systemd.so\n"
				    "Module: ravi\n"
				    "optional\tpam_ravi.so\n";
static const char common_account[] =
    "# here are the per-package modules (the \"Primary\" block)\n"
    "account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so \n"
    "# here's the fallback if no module succeeds\n"
    "account\trequisite\t\t\tpam_deny.so\n"
    "account\trequired\t\t\tpam_permit.so\n"
    "# and here are more per-package modules (the \"Additional\" block)\n"
    "account\t[perm_denied=die acct_expired=die default=ignore]\tpam_ravi.so \n"
    "# end of pam-auth-update config\n";
static const char saved_account[] =
    "Module: unix\n"
    "[success=end new_authtok_reqd=done default=ignore]\tpam_unix.so\n"
    "Module: ravi\n"
    "[perm_denied=die acct_expired=die default=ignore]\tpam_ravi.so\n";
static const char empty_common[] =
    "# here are the per-package modules (the \"Primary\" block)\n"
    "# here's the fallback if no module succeeds\n"
    "# and here are more per-package modules (the \"Additional\" block)\n"
    "# end of pam-auth-update config\n";

static void put_debian(void)
{
	put("/etc/pam.d/common-session", common_session);
	put("/etc/pam.d/common-session-noninteractive", common_session);
	put("/etc/pam.d/common-account", common_account);
	put("/etc/pam.d/common-auth", empty_common);
	put("/etc/pam.d/common-password", empty_common);
	put("/var/lib/pam/session", saved_session);
	put("/var/lib/pam/session-noninteractive", saved_session);
	put("/var/lib/pam/account", saved_account);
	put("/var/lib/pam/auth", "");
	put("/var/lib/pam/password", "");
	put("/etc/pam.d/sshd",
	    "@include common-auth\n"
	    "account    required     pam_nologin.so\n"
	    "# account  required     pam_access.so\n"
	    "@include common-account\n"
	    "session [success=ok ignore=ignore module_unknown=ignore default=bad]        "
	    "pam_selinux.so close\n"
	    "session    required     pam_loginuid.so\n"
	    "session    optional     pam_keyinit.so force revoke\n"
	    "@include common-session\n"
	    "session    optional     pam_motd.so noupdate # pam_keyinit.so\n"
	    "@include common-password\n");
	put("/etc/pam.d/su",
	    "auth sufficient pam_rootok.so\nsession required pam_env.so readenv=1\n"
	    "@include common-account\n@include common-session\n");
	put("/etc/pam.d/su-l", "account include su\nsession optional pam_keyinit.so force revoke\n"
			       "session\t\tinclude\t\tsu\n");
	put("/etc/pam.d/runuser",
	    "auth sufficient pam_rootok.so\nsession optional pam_keyinit.so revoke\n"
	    "session required pam_limits.so\n");
	put("/usr/lib/pam.d/systemd-user",
	    "@include common-account\n@include common-session-noninteractive\n"
	    "session optional pam_keyinit.so force revoke\nsession optional pam_systemd.so\n");
}

static struct reach find(const char *service, enum stack_type type)
{
	struct reason why = {0};
	struct reach reach;
	int r = reach_find(root, service, type, &reach, &why);

	assert_string_equal(why.text, "");
	assert_int_equal(r, 0);
	return reach;
}

static void test_debian_reaches_it(void **state)
{
	static const char *const services[] = {"sshd", "su", "su-l", "systemd-user"};

	(void)state;
	put_debian();
	for (size_t i = 0; i < 4; i++) {
		for (int type = STACK_ACCOUNT; type <= STACK_SESSION; type += 2) {
			reach_auto reach = find(services[i], (enum stack_type)type);

			assert_int_equal(reach.kind, REACH_YES);
			assert_false(reach.skipped);
			assert_int_equal(reach.again, reach.stack.count);
			assert_int_equal(reach.late,
			    !strcmp(services[i], "systemd-user") && type == STACK_SESSION);
		}
	}
}

static void test_debian_says_where(void **state)
{
	reach_auto reach = {0};
	const struct stack_rule *rule;

	(void)state;
	put_debian();
	reach = find("su-l", STACK_SESSION);
	rule = &reach.stack.rules[reach.rule];
	assert_string_equal(reach_file(rule), "common-session");
	assert_int_equal(rule->line, 10);
	assert_string_equal(reach.stack.rules[0].module, "pam_keyinit.so");
	assert_int_equal(reach.stack.count, 8);
}

static void test_what_does_not_reach_it(void **state)
{
	reach_auto runuser = {0};
	reach_auto account = {0};
	reach_auto cron = {0};

	(void)state;
	put_debian();
	runuser = find("runuser", STACK_SESSION);
	account = find("runuser", STACK_ACCOUNT);
	cron = find("cron", STACK_SESSION);
	assert_int_equal(runuser.kind, REACH_NO);
	assert_int_equal(account.kind, REACH_NO_STACK);
	assert_int_equal(cron.kind, REACH_NO_SERVICE);
}

/* A service of the given session rules: reached, and by whom it is skipped ("": it is not). */
static void expect_skip(const char *rules, const char *by)
{
	reach_auto reach = {0};

	put("/etc/pam.d/x", rules);
	reach = find("x", STACK_SESSION);
	assert_int_equal(reach.kind, REACH_YES);
	assert_string_equal(reach.skipped ? reach.stack.rules[reach.by].module : "", by);
}

static void test_what_skips_it(void **state)
{
	(void)state;
	put("/etc/pam.d/sub", "session sufficient pam_a.so\nsession required pam_b.so\n");
	expect_skip("session required pam_a.so\nsession optional pam_ravi.so\n", "");
	expect_skip("session sufficient pam_a.so\nsession optional pam_ravi.so\n", "pam_a.so");
	expect_skip("session [success=done default=bad] pam_a.so\nsession optional pam_ravi.so\n",
	    "pam_a.so");
	expect_skip("session [default=done] pam_a.so\nsession optional pam_ravi.so\n", "pam_a.so");
	expect_skip("session [success=1 default=ignore] pam_a.so\nsession optional pam_ravi.so\n",
	    "pam_a.so");
	expect_skip("session [default=done success=1] pam_a.so\nsession required pam_b.so\n"
		    "session optional pam_ravi.so\n",
	    "");
	expect_skip("session [success=2 default=ignore] pam_a.so\nsession required pam_b.so\n"
		    "session optional pam_ravi.so\n",
	    "pam_a.so");
	/* What ends a substack ends no more than that; what is included ends the whole. */
	expect_skip("session substack sub\nsession optional pam_ravi.so\n", "");
	expect_skip("session include sub\nsession optional pam_ravi.so\n", "pam_a.so");
	expect_skip("@include sub\nsession optional pam_ravi.so\n", "pam_a.so");
	/* A substack is one rule to a jump. */
	expect_skip(
	    "session [success=1] pam_c.so\nsession substack sub\nsession optional pam_ravi.so\n",
	    "");
	expect_skip(
	    "session [success=2] pam_c.so\nsession substack sub\nsession optional pam_ravi.so\n",
	    "pam_c.so");
	expect_skip(
	    "session [success=2] pam_c.so\nsession include sub\nsession optional pam_ravi.so\n",
	    "");
	expect_skip("session [success=1] pam_c.so\nsession sufficient pam_d.so\nsession optional "
		    "pam_ravi.so\n",
	    "");
}

static void test_it_inside_a_substack(void **state)
{
	(void)state;
	put("/etc/pam.d/inner", "session optional pam_ravi.so\nsession required pam_b.so\n");
	expect_skip("session substack inner\n", "");
	expect_skip("session sufficient pam_a.so\nsession substack inner\n", "pam_a.so");
	expect_skip(
	    "session [success=1] pam_a.so\nsession substack inner\nsession required pam_b.so\n",
	    "pam_a.so");
}

static void test_lines_as_libpam_reads_them(void **state)
{
	reach_auto reach = {0};
	const char *argv[4];

	(void)state;
	put("/etc/pam.d/x", "#session optional pam_ravi.so\r\n"
			    "SESSION \\\n   Required \\\n\tpam_a.so # pam_ravi.so \\\n"
			    "-session\t[ success=ok\tdefault=ignore ] /lib/security/pam_ravi.so "
			    "reach=session [conf=/a b] debug\n"
			    "   \n"
			    "session optional pam_ravi.so");
	reach = find("x", STACK_SESSION);
	assert_int_equal(reach.stack.count, 3);
	assert_int_equal(reach.stack.rules[0].line, 2);
	assert_int_equal(reach.rule, 1);
	assert_int_equal(reach.again, 2);
	assert_int_equal(reach.stack.rules[1].line, 5);
	assert_int_equal(reach.stack.rules[1].actions[STACK_SESSION_ERR], STACK_GO_ON);
	assert_int_equal(stack_arguments(&reach.stack.rules[1], argv, 4), 3);
	assert_string_equal(argv[0], "reach=session");
	assert_string_equal(argv[1], "conf=/a b");
	assert_string_equal(argv[2], "debug");
	assert_int_equal(stack_arguments(&reach.stack.rules[2], argv, 4), 0);
}

static void test_the_administrators_file_comes_first(void **state)
{
	reach_auto reach = {0};

	(void)state;
	put("/usr/lib/pam.d/x", "session optional pam_ravi.so\n");
	put("/etc/pam.d/x", "session required pam_unix.so\n");
	reach = find("x", STACK_SESSION);
	assert_int_equal(reach.kind, REACH_NO);
}

static void refused(const char *rules, int error, const char *part)
{
	struct reason why = {0};
	reach_auto reach = {0};

	put("/etc/pam.d/x", rules);
	assert_int_equal(reach_find(root, "x", STACK_SESSION, &reach, &why), error);
	if (!strstr(why.text, part))
		fail_msg("\"%s\" is not in: %s", part, why.text);
}

static void test_nasty_files_are_refused(void **state)
{
	buf_auto many = {0};

	(void)state;
	refused("session include x\n", -ELOOP, "include each other");
	refused("session substack x\n", -ELOOP, "include each other");
	refused("@include x\n", -ELOOP, "include each other");
	refused("session include gone\n", -EBADMSG, "there is no gone to include");
	refused("session required\n", -EBADMSG, "line 1 is no PAM rule");
	refused("session\n", -EBADMSG, "line 1 is no PAM rule");
	refused("\nsession sometimes pam_a.so\n", -EBADMSG, "line 2: \"sometimes\"");
	refused("session [success] pam_a.so\n", -EBADMSG, "is no control");
	refused("session [success=-1] pam_a.so\n", -EBADMSG, "is no control");
	refused("session [success=1 pam_a.so\n", -EBADMSG, "is no");
	for (int i = 0; i <= STACK_RULES_MAX; i++)
		buf_add_text(&many, "session optional pam_a.so\n");
	refused(buf_text(&many), -E2BIG, "more than 512 rules");
	while (many.len <= STACK_FILE_MAX)
		buf_add_text(&many, "# filled up, and up, and up, and up\n");
	refused(buf_text(&many), -EFBIG, "/etc/pam.d/x");
	/* Two files, each of which includes the other twice: 2^16 of them, were it not for the depth. */
	put("/etc/pam.d/y", "session include x\nsession include x\n");
	refused("session include y\nsession include y\n", -ELOOP, "include each other");
}

static void test_control_words(void **state)
{
	int actions[STACK_OUTCOMES];

	(void)state;
	assert_int_equal(stack_control_parse("required", actions), 0);
	assert_int_equal(actions[STACK_MODULE_UNKNOWN], STACK_BAD);
	assert_int_equal(actions[STACK_IGNORE], STACK_GO_ON);
	assert_int_equal(stack_control_parse("Optional", actions), 0);
	assert_int_equal(actions[STACK_PERM_DENIED], STACK_GO_ON);
	assert_int_equal(
	    stack_control_parse("[perm_denied=die acct_expired=die default=ignore]", actions), 0);
	assert_int_equal(actions[STACK_PERM_DENIED], STACK_DIE);
	assert_int_equal(actions[STACK_MODULE_UNKNOWN], STACK_GO_ON);
	assert_int_equal(actions[STACK_SUCCESS], STACK_GO_ON);
	assert_int_equal(stack_control_parse("[]", actions), 0);
	assert_int_equal(actions[STACK_SUCCESS], STACK_BAD);
}

static int update(struct reason *what)
{
	*what = (struct reason){0};
	return update_check(root, what);
}

static void test_pam_auth_update_keeps_its_files(void **state)
{
	struct reason what;

	(void)state;
	assert_false(update_is_used(root));
	put_debian();
	assert_true(update_is_used(root));
	assert_int_equal(update(&what), 0);
	assert_string_equal(what.text, "");
	assert_true(update_has(root, "ravi"));
	assert_false(update_has(root, "rav"));
}

/* `from` in common-session becomes `to`. */
static void edit(const char *from, const char *to)
{
	const char *at = strstr(common_session, from);
	buf_auto text = {0};

	assert_non_null(at);
	buf_add(&text, common_session, (size_t)(at - common_session));
	buf_add_text(&text, to);
	buf_add_text(&text, at + strlen(from));
	put("/etc/pam.d/common-session", buf_text(&text));
}

static void test_what_pam_auth_update_takes(void **state)
{
	struct reason what;

	(void)state;
	put_debian();
	/* Options, lines taken out, lines outside of its blocks, other jumps: it merges those. */
	edit("pam_unix.so \n", "pam_unix.so nullok\n");
	assert_int_equal(update(&what), 0);
	edit("session\toptional\tpam_systemd.so \n", "");
	assert_int_equal(update(&what), 0);
	edit("session\trequisite", "session required pam_env.so\nsession\trequisite");
	assert_int_equal(update(&what), 0);
	edit("[default=1]", "[default=7]");
	assert_int_equal(update(&what), 0);
	edit("# end of pam-auth-update config\n",
	    "# end of pam-auth-update config\nsession optional pam_x.so\n");
	assert_int_equal(update(&what), 0);
}

static void test_what_pam_auth_update_leaves_alone(void **state)
{
	struct reason what;

	(void)state;
	put_debian();
	edit("session\toptional\tpam_systemd",
	    "session required pam_env.so\nsession\toptional\tpam_systemd");
	assert_int_equal(update(&what), 1);
	assert_non_null(strstr(what.text, "/etc/pam.d/common-session line 9 was not written"));
	edit("session\trequired\tpam_unix.so", "session\toptional\tpam_unix.so");
	assert_int_equal(update(&what), 1);
	edit("# and here are more per-package modules (the \"Additional\" block)\n", "");
	assert_int_equal(update(&what), 1);
	assert_non_null(strstr(what.text, "has lost its line \"# and here are"));
	put("/etc/pam.d/common-session", common_session);
	assert_int_equal(update(&what), 0);
	put("/etc/pam.d/common-auth", "auth required pam_unix.so\n");
	assert_int_equal(update(&what), 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)
	const struct CMUnitTest tests[] = {
	    TEST(test_debian_reaches_it),
	    TEST(test_debian_says_where),
	    TEST(test_what_does_not_reach_it),
	    TEST(test_what_skips_it),
	    TEST(test_it_inside_a_substack),
	    TEST(test_lines_as_libpam_reads_them),
	    TEST(test_the_administrators_file_comes_first),
	    TEST(test_nasty_files_are_refused),
	    TEST(test_control_words),
	    TEST(test_pam_auth_update_keeps_its_files),
	    TEST(test_what_pam_auth_update_takes),
	    TEST(test_what_pam_auth_update_leaves_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

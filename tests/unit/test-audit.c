/* SPDX-License-Identifier: MIT */
/*
 * libcore/audit: the form of the lines. What syslog and the trail would get is caught by the linker's --wrap;
 * the trail gets it where root runs.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/form.h"
#include "audit/trail.h"
#include "unit.h"

void __wrap_syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static __attribute__((format(printf, 2, 0))) void catch_line(
    int priority, const char *format, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	check_expected(priority);
	check_expected_ptr(line);
}

void __wrap_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	catch_line(priority, format, args);
	va_end(args);
}

/* What _FORTIFY_SOURCE makes of it. */
void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	catch_line(priority, format, args);
	va_end(args);
}

int __wrap_audit_append(const struct audit_trail *trail, const char *texts, struct reason *why);

int __wrap_audit_append(const struct audit_trail *trail, const char *texts, struct reason *why)
{
	(void)why;
	assert_ptr_equal(trail, &audit_machine_trail);
	check_expected_ptr(texts);
	return mock_type(int);
}

static void expect_kept(const char *texts, int r)
{
	if (geteuid() != 0)
		return;
	expect_string(__wrap_audit_append, texts, texts);
	will_return(__wrap_audit_append, r);
}

static void expect_line(const char *text)
{
	expect_kept(text, 0);
	expect_value(catch_line, priority, LOG_AUTHPRIV | LOG_INFO);
	expect_string(catch_line, line, text);
}

static void test_plain_lines(void **state)
{
	(void)state;
	expect_line("event=load user=payments identity=payments-agent keys=4 result=done");
	audit("load", "done", "user", "payments", "identity", "payments-agent", "keys", "4", NULL);
	expect_line("event=sweep result=failed");
	audit("sweep", "failed", NULL);
}

static void test_absent_values_are_left_out(void **state)
{
	(void)state;
	expect_line("event=deny reason=\"\" result=denied");
	audit("deny", "denied", "user", NULL, "reason", "", NULL);
}

/* Nobody who chooses a name can forge a second line, or a pair of it. */
static void test_values_cannot_break_out(void **state)
{
	(void)state;
	expect_line("event=deny user=\"a b\" result=denied");
	audit("deny", "denied", "user", "a b", NULL);
	expect_line("event=deny user=\"a result=done\" result=denied");
	audit("deny", "denied", "user", "a result=done", NULL);
	expect_line("event=deny user=\"a\\\" result=\\\"done\" result=denied");
	audit("deny", "denied", "user", "a\" result=\"done", NULL);
	expect_line(
	    "event=deny user=\"a\\x0aravi[1]: event=load\\x0d\\x1b[2J\\x7f\" result=denied");
	audit("deny", "denied", "user", "a\nravi[1]: event=load\r\x1b[2J\x7f", NULL);
	expect_line("event=deny user=\"\\\\x0a\" result=denied");
	audit("deny", "denied", "user", "\\x0a", NULL);
	expect_line("event=deny user=\"100%s%n\\xc3\\xa9\" result=denied");
	audit("deny", "denied", "user", "100%s%n\xc3\xa9", NULL);
}

/* Each is in syslog at once, and all of them in the trail together. */
static void test_a_batch_is_kept_at_its_end(void **state)
{
	audit_batch_auto batch = {0};

	(void)state;
	expect_value(catch_line, priority, LOG_AUTHPRIV | LOG_INFO);
	expect_string(catch_line, line, "event=deny user=first result=denied");
	audit_add(&batch, "deny", "denied", "user", "first", NULL);
	audit_add_quietly(&batch, "release", "done", "user", "first", NULL);
	expect_kept(
	    "event=deny user=first result=denied\nevent=release user=first result=done\n", 0);
	audit_flush(&batch);
	audit_flush(&batch);
}

/* What is not in the trail is said where it is. */
static void test_a_trail_that_takes_nothing_is_a_line_in_syslog(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	expect_value(catch_line, priority, LOG_AUTHPRIV | LOG_INFO);
	expect_string(catch_line, line, "event=x result=done");
	expect_kept("event=x result=done", -28);
	expect_value(catch_line, priority, LOG_AUTHPRIV | LOG_ERR);
	expect_string(catch_line, line,
	    "the audit trail lacks what was logged last: No space left on device");
	audit("x", "done", NULL);
	/* There is no trail where there is no machine of ours. */
	expect_value(catch_line, priority, LOG_AUTHPRIV | LOG_INFO);
	expect_string(catch_line, line, "event=x result=done");
	expect_kept("event=x result=done", -2);
	audit("x", "done", NULL);
}

static void test_long_values_are_cut(void **state)
{
	char value[5000];
	buf_auto line = {0};

	(void)state;
	memset(value, '\x01', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	audit_format(&line, "x", "done", "cause", value, NULL);
	assert_true(line.len < AUDIT_VALUE_MAX + 50);
	assert_non_null(strstr(buf_text(&line), "\\x01...\" result=done"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_lines),
	    cmocka_unit_test(test_absent_values_are_left_out),
	    cmocka_unit_test(test_values_cannot_break_out),
	    cmocka_unit_test(test_a_batch_is_kept_at_its_end),
	    cmocka_unit_test(test_a_trail_that_takes_nothing_is_a_line_in_syslog),
	    cmocka_unit_test(test_long_values_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* libcore/audit: the form of the lines. What syslog would get is caught by the linker's --wrap. */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "audit/audit.h"
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

static void expect_line(const char *text)
{
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_lines),
	    cmocka_unit_test(test_absent_values_are_left_out),
	    cmocka_unit_test(test_values_cannot_break_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

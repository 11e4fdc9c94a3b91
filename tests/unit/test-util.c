/* SPDX-License-Identifier: MIT */
/* libcore/util: buffers, numbers, times, options, JSON output, files, processes. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/environment.h"
#include "util/file.h"
#include "util/jsonout.h"
#include "util/options.h"
#include "util/program.h"
#include "util/spawn.h"
#include "util/table.h"
#include "util/text.h"
#include "util/when.h"

static void test_buf_grows_and_remembers_errors(void **state)
{
	buf_auto b = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_addf(&b, "%04d", i), 0);
	assert_int_equal(b.len, 4000);
	assert_memory_equal(b.data + 3996, "0999", 5);
	buf_cut(&b, 3);
	assert_string_equal(buf_text(&b), "000");
	assert_null(buf_reserve(&b, BUF_MAX + 1));
	assert_int_equal(buf_add_char(&b, 'x'), -EFBIG);
}

static void test_numbers_are_digits_only(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_int_equal(text_number("42", 10, 0, 100, &n), 0);
	assert_int_equal(n, 42);
	assert_int_equal(text_number("101", 10, 0, 100, &n), -ERANGE);
	assert_int_equal(text_number("99999999999999999999999", 10, 0, UINT64_MAX, &n), -ERANGE);
	assert_int_equal(text_number("-1", 10, 0, 100, &n), -EINVAL);
	assert_int_equal(text_number(" 1", 10, 0, 100, &n), -EINVAL);
	assert_int_equal(text_number("0x1f", 16, 0, 100, &n), -EINVAL);
	assert_int_equal(text_number("", 10, 0, 100, &n), -EINVAL);
	assert_int_equal(n, 42);
}

static void test_pairs(void **state)
{
	char text[] = "# c\n\n a = b c \r\nx=\nbroken\n";
	char *cursor = text, *key, *value;
	unsigned line = 0;

	(void)state;
	assert_int_equal(text_pair(&cursor, &line, &key, &value), 1);
	assert_string_equal(key, "a");
	assert_string_equal(value, "b c");
	assert_int_equal(text_pair(&cursor, &line, &key, &value), 1);
	assert_string_equal(value, "");
	assert_int_equal(text_pair(&cursor, &line, &key, &value), -EINVAL);
	assert_int_equal(line, 5);
	assert_int_equal(text_pair(&cursor, &line, &key, &value), 0);
}

static void test_times(void **state)
{
	char text[WHEN_TEXT];
	int64_t seconds;
	time_t when;

	(void)state;
	assert_int_equal(when_parse("2026-11-27T02:18:00Z", &when), 0);
	when_format(when, text);
	assert_string_equal(text, "2026-11-27T02:18:00Z");
	assert_int_equal(when_parse("2026-11-27T04:18:00.123+02:00", &when), 0);
	when_format(when, text);
	assert_string_equal(text, "2026-11-27T02:18:00Z");
	assert_int_equal(when_parse("2026-02-31T00:00:00Z", &when), -EINVAL);
	assert_int_equal(when_parse("2028-02-29T23:59:60Z", &when), 0);
	assert_int_equal(when_parse("2100-02-29T00:00:00Z", &when), -EINVAL);
	assert_int_equal(when_parse("2026-13-01T00:00:00Z", &when), -EINVAL);
	assert_int_equal(when_parse("2026-01-01T24:00:00Z", &when), -EINVAL);
	assert_int_equal(when_parse("2026- 1-01T00:00:00Z", &when), -EINVAL);
	assert_int_equal(when_parse("1969-12-31T23:59:59Z", &when), -EINVAL);
	assert_int_equal(when_parse("1969-12-31T23:00:00-01:00", &when), 0);
	assert_int_equal(when, 0);
	/* Every day until 2400 and beyond, as the C library has it, at changing times of the day. */
	for (time_t day = 0; day < 160000; day++) {
		time_t then = day * 86400 + day % 86400;

		when_format(then, text);
		assert_int_equal(when_parse(text, &when), 0);
		assert_int_equal(when, then);
	}
	assert_int_equal(when_parse("0738-01-31T00:00:00Z", &when), -EINVAL);
	assert_int_equal(when_parse("2026-11-27", &when), -EINVAL);
	assert_int_equal(when_parse("2026-11-27T02:18:00", &when), -EINVAL);
	assert_int_equal(when_duration("2w", &seconds), 0);
	assert_int_equal(seconds, 14 * 86400);
	assert_int_equal(when_duration("90", &seconds), 0);
	assert_int_equal(seconds, 90);
	assert_int_equal(when_duration("0s", &seconds), -EINVAL);
	assert_int_equal(when_duration("5y", &seconds), -EINVAL);
	assert_int_equal(when_duration("999999999999999w", &seconds), -EINVAL);
	assert_int_equal(when_expiry("2001-01-01T00:00:00Z", time(NULL), &when, NULL), -EINVAL);
	assert_int_equal(when_past("15m", 10000, &when, NULL), 0);
	assert_int_equal(when, 10000 - 900);
	assert_int_equal(when_past("2w", 10000, &when, NULL), 0);
	assert_int_equal(when, 1);
	assert_int_equal(when_past("yesterday", 10000, &when, NULL), -EINVAL);
}

static void test_json_output_is_valid(void **state)
{
	jsonout_auto j = {0};

	(void)state;
	jsonout_open(&j, NULL, '{');
	jsonout_bytes(&j, "t", "a\"\\\n\x01\xff\xc3\xa9", 8);
	jsonout_open(&j, "e", '[');
	jsonout_close(&j, ']');
	jsonout_number(&j, "n", -1);
	jsonout_close(&j, '}');
	assert_string_equal(buf_text(&j.text),
	    "{\n  \"t\": \"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9\",\n  \"e\": "
	    "[],\n  \"n\": -1\n}");
}

struct values {
	bool flag;
	long number;
	int choice;
	const char *text;
};

static void test_json_knows_text_from_bytes(void **state)
{
	(void)state;
	assert_true(jsonout_is_text("", 0));
	assert_true(jsonout_is_text("a\0caf\xc3\xa9 \xf0\x9f\x94\x91", 13));
	assert_false(jsonout_is_text("a\xc3", 2));
	assert_false(jsonout_is_text("\xff\xfe", 2));
	assert_false(jsonout_is_text("\xed\xa0\x80", 3));
}

static void test_options(void **state)
{
	static const char *const words[] = {"one", "two", NULL};
	static const struct option_row table[] = {
	    {.name = "flag", .kind = OPTION_FLAG, .offset = offsetof(struct values, flag)},
	    {.name = "number",
		.kind = OPTION_NUMBER,
		.offset = offsetof(struct values, number),
		.min = 1,
		.max = 9},
	    {.name = "choice",
		.kind = OPTION_CHOICE,
		.offset = offsetof(struct values, choice),
		.choices = words},
	    {.name = "text", .kind = OPTION_TEXT, .offset = offsetof(struct values, text)},
	    {0},
	};
	struct values v = {0};
	struct reason why;

	(void)state;
	assert_int_equal(options_set(options_find(table, "flag"), &v, NULL, &why), 0);
	assert_true(v.flag);
	assert_int_equal(options_set(options_find(table, "flag"), &v, "off", &why), 0);
	assert_false(v.flag);
	assert_int_equal(options_set(options_find(table, "number"), &v, "10", &why), -EINVAL);
	assert_string_equal(why.text, "number takes a number from 1 to 9, not \"10\"");
	assert_int_equal(options_set(options_find(table, "choice"), &v, "two", &why), 0);
	assert_int_equal(v.choice, 1);
	assert_int_equal(options_set(options_find(table, "choice"), &v, "three", &why), -EINVAL);
	assert_int_equal(options_set(options_find(table, "text"), &v, "", &why), -EINVAL);
	assert_null(options_find(table, "other"));
}

static void test_files_are_checked(void **state)
{
	struct file_rule rule = {.owner = geteuid(), .forbidden = FILE_SECRET, .max = 5};
	char folder[] = "/tmp/ravi-unit-XXXXXX";
	buf_auto out = {0};
	fd_auto dir = -1;

	(void)state;
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(file_read(dir, "a", &rule, &out, NULL), -ENOENT);
	assert_int_equal(file_replace(dir, "a", 0600, true, "hello", 5, NULL), 0);
	assert_int_equal(file_read(dir, "a", &rule, &out, NULL), 0);
	assert_string_equal(buf_text(&out), "hello");
	assert_int_equal(file_replace(dir, "a", 0640, false, "hello!", 6, NULL), 0);
	assert_int_equal(file_read(dir, "a", &rule, &out, NULL), -EACCES);
	assert_int_equal(fchmodat(dir, "a", 0600, 0), 0);
	assert_int_equal(file_read(dir, "a", &rule, &out, NULL), -EFBIG);
	rule.owner++;
	assert_int_equal(file_read(dir, "a", &rule, &out, NULL), -EACCES);
	rule.owner--;
	assert_int_equal(symlinkat("a", dir, "link"), 0);
	assert_int_equal(file_read(dir, "link", &rule, &out, NULL), -ELOOP);
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	assert_int_equal(file_read(dir, "fifo", &rule, &out, NULL), -EINVAL);
	assert_int_equal(file_read(dir, ".", &rule, &out, NULL), -EINVAL);
	assert_int_equal(file_create(dir, "a", 0600, "other", 5, NULL), -EEXIST);
	assert_int_equal(file_create(dir, "b", 0600, "other", 5, NULL), 0);
	assert_int_equal(file_read(dir, "b", &rule, &out, NULL), 0);
	assert_string_equal(buf_text(&out), "other");
	unlinkat(dir, "a", 0);
	unlinkat(dir, "b", 0);
	unlinkat(dir, "link", 0);
	unlinkat(dir, "fifo", 0);
	assert_int_equal(rmdir(folder), 0);
}

static int run(const char *script, int milliseconds, char *out, size_t cap, int *status)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct spawn what = {.path = "/bin/sh", .argv = argv, .input = -1};
	size_t len;
	int r = spawn_collect(&what, deadline_in(milliseconds), out, cap - 1, &len, status);

	out[len] = '\0';
	return r;
}

static void test_spawn_collects_and_kills(void **state)
{
	char out[8];
	int status;

	(void)state;
	assert_int_equal(
	    run("echo hello; echo hidden >&2; exit 7", 5000, out, sizeof(out), &status), 0);
	assert_string_equal(out, "hello\n");
	assert_int_equal(status, 7);
	assert_int_equal(run("yes | head -c 300000", 5000, out, sizeof(out), &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(run("echo a; exec sleep 60", 200, out, sizeof(out), &status), -ETIMEDOUT);
	assert_string_equal(out, "a\n");
	assert_int_equal(status, 128 + SIGKILL);
	/* Says everything, closes its output and does not end. */
	assert_int_equal(run("exec >&-; sleep 60", 200, out, sizeof(out), &status), 0);
	assert_int_equal(status, 128 + SIGKILL);
	/* A grandchild keeps the pipe open: nobody waits for that. */
	assert_int_equal(run("sleep 5 & exit 3", 2000, out, sizeof(out), &status), 0);
	assert_int_equal(status, 3);
}

/*
 * The first process of a pid namespace, when killed, does not go before all others there are reaped: here one that
 * ended and that nobody waits for. As good as one that hangs in a disk.
 */
static int end_what_does_not_go(void)
{
	static const char *const argv[] = {"sleep", "100", NULL};
	const struct spawn what = {.path = "/bin/sleep", .argv = argv};
	struct spawn_talk talk;

	if (unshare(CLONE_NEWPID) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0)
		return 77;
	if (spawn_begin(&what, &talk) < 0)
		return 2;
	if (fork() == 0)
		_exit(0);
	return spawn_end(&talk, deadline_in(10)) == SPAWN_STATUS_UNKNOWN ? 0 : 1;
}

static void test_what_is_killed_and_does_not_go_is_not_waited_for(void **state)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	struct deadline deadline = deadline_in(20000);
	int status, r;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(end_what_does_not_go());
	while ((r = waitpid(pid, &status, WNOHANG)) == 0 && deadline_left(deadline))
		nanosleep(&pause, NULL);
	if (r == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		fail_msg("it waits for good");
	}
	if (WEXITSTATUS(status) == 77 && geteuid() != 0)
		skip();
	assert_int_equal(status, 0);
}

static void test_spawn_in_a_host_that_ignores_sigchld(void **state)
{
	char out[8];
	int status;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(run("echo ok; exit 7", 5000, out, sizeof(out), &status), 0);
	signal(SIGCHLD, SIG_DFL);
	assert_string_equal(out, "ok\n");
	assert_int_equal(status, SPAWN_STATUS_UNKNOWN);
}

/* The linker has spawn.c call this one. */
static int pidfd_error;
int __real_pidfd_open(pid_t pid, unsigned flags);
int __wrap_pidfd_open(pid_t pid, unsigned flags);

int __wrap_pidfd_open(pid_t pid, unsigned flags)
{
	/* As a host's own thread would. */
	if (pidfd_error == ESRCH)
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	errno = pidfd_error;
	return pidfd_error ? -1 : __real_pidfd_open(pid, flags);
}

/* In a host with threads the last descriptor can go between two of our system calls. */
static void test_spawn_without_a_descriptor_to_watch_by(void **state)
{
	time_t before = time(NULL);
	char out[8];
	int status;

	(void)state;
	pidfd_error = EMFILE;
	assert_int_equal(run("exec sleep 60", 200, out, sizeof(out), &status), -EMFILE);
	assert_int_equal(status, SPAWN_STATUS_UNKNOWN);
	assert_true(time(NULL) - before < 30);
	/* Reaped by the host before we looked: what it said counts, and its child is not waited for. */
	pidfd_error = ESRCH;
	assert_int_equal(run("echo ok", 5000, out, sizeof(out), &status), 0);
	assert_string_equal(out, "ok\n");
	assert_int_equal(run("sleep 9 & echo ok", 5000, out, sizeof(out), &status), 0);
	assert_string_equal(out, "ok\n");
	pidfd_error = 0;
}

static void test_a_wrapper_finds_the_real_program(void **state)
{
	struct program_search search = {
	    .name = "tool", .variable = "RAVI_TEST_TOOL", .setting = "tool"};
	char folder[] = "/tmp/ravi-unit-XXXXXX", own[64], real[64], path[PATH_MAX], list[128];
	struct reason why;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(own, sizeof(own), "%s/tool", folder);
	snprintf(real, sizeof(real), "%s/real", folder);
	assert_int_equal(mkdir(real, 0700), 0);
	snprintf(list, sizeof(list), ":.:%s:%s", folder, real);
	setenv("PATH", list, 1);
	/* A link to this very program is no candidate, nor is what cannot be run. */
	assert_int_equal(symlink("/proc/self/exe", own), 0);
	assert_int_equal(program_find(&search, path, &why), -ENOENT);
	assert_string_equal(path, "");
	strcat(real, "/tool");
	assert_int_equal(symlink("/bin/true", real), 0);
	assert_int_equal(program_find(&search, path, &why), 0);
	assert_string_equal(path, real);
	/* What is named is taken, or said to be wrong. */
	search.configured = "/bin/sh";
	assert_int_equal(program_find(&search, path, &why), 0);
	assert_string_equal(path, "/bin/sh");
	setenv("RAVI_TEST_TOOL", own, 1);
	assert_int_equal(program_find(&search, path, &why), -ELOOP);
	setenv("RAVI_TEST_TOOL", "/dev/null", 1);
	assert_int_equal(program_find(&search, path, &why), -EACCES);
	setenv("RAVI_TEST_TOOL", "tool", 1);
	assert_int_equal(program_find(&search, path, &why), -EACCES);
	unlink(real);
	*strrchr(real, '/') = '\0';
	rmdir(real);
	unlink(own);
	rmdir(folder);
}

static void test_tables_are_aligned_and_safe_for_a_terminal(void **state)
{
	table_auto table = table_make("NAME", "NOTE", "N", NULL);
	buf_auto out = {0};

	(void)state;
	table_add(&table, "GH_TOKEN");
	table_add(&table, "caf\xc3\xa9");
	table_addf(&table, "%d", 7);
	table_add(&table, "A");
	table_add(&table, "\x1b[2J\xc2\x9b");
	table_add(&table, NULL);
	assert_int_equal(table_format(&table, &out), 0);
	assert_string_equal(out.data, "NAME      NOTE   N\n"
				      "GH_TOKEN  caf\xc3\xa9   7\n"
				      "A         ?[2J?  -\n");
	buf_reset(&out);
	table_line(&out, 6, "name", "a\tb");
	assert_string_equal(out.data, "name:   a?b\n");
	buf_reset(&out);
	table_prose(&out, "a\tb\r\nc\r\x1b[m \xe2\x80\xae\xe2\x81\xa9 \xe2\x80\x93");
	assert_string_equal(out.data, "a\tb\nc??[m ?? \xe2\x80\x93");
}

static void test_tokens_leave_the_environment(void **state)
{
	(void)state;
	setenv("GH_TOKEN", "x", 1);
	setenv("CODEX_MONITOR_GH_TOKEN_FIRST", "x", 1);
	setenv("CODEX_MONITOR_GH_TOKEN_SECOND", "x", 1);
	setenv("GH_HOST", "example.org", 1);
	assert_int_equal(environment_drop_tokens(), 0);
	assert_null(getenv("GH_TOKEN"));
	assert_null(getenv("CODEX_MONITOR_GH_TOKEN_FIRST"));
	assert_null(getenv("CODEX_MONITOR_GH_TOKEN_SECOND"));
	assert_string_equal(getenv("GH_HOST"), "example.org");
}

/* ---- terminal ---- */

static void test_colours_are_for_terminals_alone(void **state)
{
	int ours, theirs, pipes[2];

	(void)state;
	assert_int_equal(openpty(&ours, &theirs, NULL, NULL, NULL), 0);
	assert_int_equal(pipe(pipes), 0);
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	assert_true(terminal_has_colour(theirs));
	assert_false(terminal_has_colour(pipes[1]));
	setenv("TERM", "dumb", 1);
	assert_false(terminal_has_colour(theirs));
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "", 1);
	assert_true(terminal_has_colour(theirs));
	setenv("NO_COLOR", "1", 1);
	assert_false(terminal_has_colour(theirs));
	unsetenv("NO_COLOR");
	close(ours);
	close(theirs);
	close(pipes[0]);
	close(pipes[1]);
}

static void test_a_shaded_table_is_as_wide_as_a_plain_one(void **state)
{
	table_auto table = table_make("NAME", "STATE", "MORE", NULL);
	buf_auto plain = {0}, coloured = {0};

	(void)state;
	table_add(&table, "a");
	table_add_shaded(&table, SHADE_GOOD, "fine");
	table_add(&table, NULL);
	assert_int_equal(table_format(&table, &plain), 0);
	assert_string_equal(buf_text(&plain), "NAME  STATE  MORE\na     fine   -\n");
	table.coloured = true;
	assert_int_equal(table_format(&table, &coloured), 0);
	assert_string_equal(
	    buf_text(&coloured), "NAME  STATE  MORE\na     \033[32mfine\033[0m   -\n");
}

/* What a loop of so many steps, 50 ms each, writes to a terminal. */
static void progress_of(unsigned steps, char *text, size_t size)
{
	int ours, theirs, before = dup(STDERR_FILENO);
	struct progress progress;
	ssize_t len;

	assert_int_equal(openpty(&ours, &theirs, NULL, NULL, NULL), 0);
	dup2(theirs, STDERR_FILENO);
	progress = progress_begin("counting");
	for (unsigned i = 0; i < steps; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
		progress_step(&progress);
	}
	progress_end(&progress);
	dup2(before, STDERR_FILENO);
	fcntl(ours, F_SETFL, O_NONBLOCK);
	while ((len = read(ours, text, size - 1)) > 0) {
		text += len;
		size -= (size_t)len;
	}
	*text = '\0';
	close(before);
	close(ours);
	close(theirs);
}

static void test_a_long_loop_says_how_far_it_is(void **state)
{
	char text[512];

	(void)state;
	progress_of(2, text, sizeof(text));
	assert_string_equal(text, "");
	progress_of(25, text, sizeof(text));
	assert_non_null(strstr(text, "\rcounting: "));
	/* The line is taken away. */
	assert_string_equal(text + strlen(text) - 4, "\r\033[K");
}

static void test_a_document_becomes_a_member(void **state)
{
	jsonout_auto j = {0}, inner = {0};

	(void)state;
	jsonout_open(&inner, NULL, '[');
	jsonout_text(&inner, NULL, "x");
	jsonout_close(&inner, ']');
	jsonout_open(&j, NULL, '{');
	jsonout_number(&j, "n", 1);
	jsonout_take(&j, "list", &inner);
	jsonout_bool(&j, "b", true);
	jsonout_close(&j, '}');
	assert_string_equal(
	    buf_text(&j.text), "{\n  \"n\": 1,\n  \"list\": [\n    \"x\"\n  ],\n  \"b\": true\n}");
	assert_int_equal(inner.text.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_buf_grows_and_remembers_errors),
	    cmocka_unit_test(test_numbers_are_digits_only),
	    cmocka_unit_test(test_pairs),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_json_output_is_valid),
	    cmocka_unit_test(test_json_knows_text_from_bytes),
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_tables_are_aligned_and_safe_for_a_terminal),
	    cmocka_unit_test(test_files_are_checked),
	    cmocka_unit_test(test_spawn_collects_and_kills),
	    cmocka_unit_test(test_what_is_killed_and_does_not_go_is_not_waited_for),
	    cmocka_unit_test(test_a_wrapper_finds_the_real_program),
	    cmocka_unit_test(test_spawn_in_a_host_that_ignores_sigchld),
	    cmocka_unit_test(test_spawn_without_a_descriptor_to_watch_by),
	    cmocka_unit_test(test_tokens_leave_the_environment),
	    cmocka_unit_test(test_colours_are_for_terminals_alone),
	    cmocka_unit_test(test_a_shaded_table_is_as_wide_as_a_plain_one),
	    cmocka_unit_test(test_a_long_loop_says_how_far_it_is),
	    cmocka_unit_test(test_a_document_becomes_a_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

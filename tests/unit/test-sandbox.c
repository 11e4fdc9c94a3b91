/* SPDX-License-Identifier: MIT */
/* What is left to ravi-fetch once it has confined itself: to look names up and to talk, and nothing else. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"
#include "unit.h"

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/* Runs `probe` confined, in a process of its own; it returns 0 when all is as it should be. */
static void confined(int (*probe)(void), const char *ca, bool with_unix)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		struct reason why = {0};

		if (sandbox_enter(ca, with_unix, &why) < 0) {
			fprintf(stderr, "%s\n", why.text);
			_exit(99);
		}
		_exit(probe());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail_msg("probe %d", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

static int opens(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	return fd < 0 ? errno : close(fd);
}

static char ca[] = "/tmp/ravi-test-ca.XXXXXX";

static int files(void)
{
	if (opens("/etc/passwd", O_RDONLY) != EACCES)
		return 1;
	if (opens(ca, O_RDONLY) != 0)
		return 2;
	if (opens(ca, O_WRONLY) != EACCES)
		return 3;
	if (opens("/etc/nsswitch.conf", O_RDONLY) != 0)
		return 4;
	if (opens("/tmp/ravi-test-new", O_WRONLY | O_CREAT) != EACCES)
		return 5;
	return opens("/proc/self/environ", O_RDONLY) == EACCES ? 0 : 6;
}

static void test_files(void **state)
{
	int fd = mkstemp(ca);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	if (has_landlock())
		confined(files, ca, true);
	unlink(ca);
}

static struct sockaddr_un abstract = {.sun_family = AF_UNIX, .sun_path = "\0ravi-test-sandbox"};

static int reaches_abstract(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		return 1;
	return connect(fd, (struct sockaddr *)&abstract, sizeof(abstract)) < 0 && errno == EPERM
		   ? 0
		   : 2;
}

static void test_abstract_sockets(void **state)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	snprintf(abstract.sun_path + 1, sizeof(abstract.sun_path) - 1, "ravi-test-sandbox-%d",
	    (int)getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&abstract, sizeof(abstract)), 0);
	assert_int_equal(listen(fd, 1), 0);
	/* Landlock scopes since its version 6. */
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 6)
		confined(reaches_abstract, NULL, true);
	close(fd);
}

#ifndef WITH_SANITIZERS /* built without the filter then */

static void *nothing(void *argument)
{
	return argument;
}

static int calls(void)
{
	char *argv[] = {(char *)(uintptr_t) "true", NULL};
	struct rlimit limit;
	pthread_t thread;
	int fd;

	if (execv("/bin/true", argv) == 0 || errno != EPERM)
		return 1;
	if (fork() >= 0 || errno != EPERM)
		return 2;
	if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
		return 3;
	if (syscall(SYS_keyctl, 0, -3, 0) >= 0 || errno != EPERM)
		return 4;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) >= 0 || errno != EPERM)
		return 5;
	if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EAFNOSUPPORT)
		return 6;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return 7;
	if (syscall(SYS_kill, getppid(), 0) >= 0 || errno != EPERM)
		return 8;
	if (prctl(PR_SET_DUMPABLE, 1) >= 0 || errno != EPERM)
		return 9;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 10;
	if (prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit) >= 0 || errno != EPERM)
		return 11;
	return 0;
}

/* An agent's daemons are out of reach; the resolver's are not, where it is a user of its own. */
static int no_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EAFNOSUPPORT ? 0 : 1;
}

static int with_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : 1;
}

static void test_calls(void **state)
{
	(void)state;
	confined(calls, NULL, true);
	confined(no_unix, NULL, false);
	confined(with_unix, NULL, true);
}

#endif

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_files),
    cmocka_unit_test(test_abstract_sockets),
#ifndef WITH_SANITIZERS
    cmocka_unit_test(test_calls),
#endif
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}

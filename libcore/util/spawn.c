/* SPDX-License-Identifier: MIT */
/* Runs one program with a deadline: see spawn.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/spawn.h"

/* Milliseconds: how long what has ended, or was killed, has to be gone, and between two looks. */
#define REAP_TIME  1000
#define REAP_PAUSE 1

/* Milliseconds that a program has to end when its whole answer of fixed size is there. */
#define LINGER_TIME 1000

/* A pipe whose ends are above 2, so that they never collide with the child's own 0, 1 and 2. */
static int high_pipe(int ends[2])
{
	int low[2], error = 0;

	if (pipe2(low, O_CLOEXEC) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 3);
		if (ends[i] < 0)
			error = -errno;
		close(low[i]);
	}
	/* Our end alone: the child must be able to write more than a pipe holds. */
	if (!error && fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		error = -errno;
	if (!error)
		return 0;
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	return error;
}

/* `input` -1 and `output` -1 are /dev/null; `attributes` NULL: none. */
static int spawn_start_as(const struct spawn *what, int input, int output,
    const posix_spawnattr_t *attributes, pid_t *pid)
{
	static const char *const nothing[] = {NULL};
	const char *const *envp = what->envp ? what->envp : nothing;
	posix_spawn_file_actions_t files;
	int r;

	r = posix_spawn_file_actions_init(&files);
	if (r)
		return -r;
	if (input >= 0)
		r = posix_spawn_file_actions_adddup2(&files, input, 0);
	else
		r = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	if (!r && output >= 0)
		r = posix_spawn_file_actions_adddup2(&files, output, 1);
	else if (!r)
		r = posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	if (!r && output >= 0 && what->with_errors)
		r = posix_spawn_file_actions_adddup2(&files, output, 2);
	else if (!r)
		r = posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	if (!r)
		r = posix_spawn(pid, what->path, &files, attributes,
		    (char *const *)(uintptr_t)what->argv, (char *const *)(uintptr_t)envp);
	posix_spawn_file_actions_destroy(&files);
	return -r;
}

static int spawn_start(const struct spawn *what, int input, int output, pid_t *pid)
{
	return spawn_start_as(what, input, output, NULL, pid);
}

int spawn_detached(const struct spawn *what)
{
	posix_spawnattr_t attributes;
	pid_t pid;
	int r = posix_spawnattr_init(&attributes);

	if (r)
		return -r;
	r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	r = r ? -r : spawn_start_as(what, -1, -1, &attributes, &pid);
	posix_spawnattr_destroy(&attributes);
	return r;
}

/*
 * Reads until the end of the output, the end of the process or the deadline; `fixed`: or all of `cap` bytes.
 * `pidfd` -1: it has ended, and what it said is in the pipe.
 */
static int spawn_read(int reader, int pidfd, struct deadline deadline, bool fixed, char *out,
    size_t cap, size_t *len)
{
	struct pollfd wait[2] = {{.fd = reader, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
	char rest[512];

	for (;;) {
		int left = deadline_left(deadline);
		ssize_t got;

		if (!left)
			return -ETIMEDOUT;
		if (pidfd >= 0 && poll(wait, 2, left) < 0 && errno != EINTR)
			return -errno;
		got = *len < cap ? read(reader, out + *len, cap - *len)
				 : read(reader, rest, sizeof(rest));
		if (got > 0 && *len < cap)
			*len += (size_t)got;
		if (got == 0 || (fixed && *len == cap))
			return 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != EAGAIN)
			return -errno;
		/* It ended and left nothing to read; a grandchild may hold the pipe open. */
		if (got < 0 && (pidfd < 0 || wait[1].revents))
			return 0;
	}
}

/*
 * Never waits for good: what the kernel cannot kill, on a disk or a network file system that does not answer,
 * ends when that does.
 */
int spawn_reap(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = REAP_PAUSE * 1000000L};
	const struct deadline deadline = deadline_in(REAP_TIME);
	int status;
	pid_t r;

	while ((r = waitpid(pid, &status, WNOHANG)) == 0 || (r < 0 && errno == EINTR)) {
		if (!deadline_left(deadline))
			return SPAWN_STATUS_UNKNOWN;
		nanosleep(&pause, NULL);
	}
	if (r != pid)
		return SPAWN_STATUS_UNKNOWN;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool spawn_ends(int pidfd, struct deadline deadline)
{
	struct pollfd gone = {.fd = pidfd, .events = POLLIN};
	int r;

	do
		r = poll(&gone, 1, deadline_left(deadline));
	while (r < 0 && errno == EINTR);
	return r > 0;
}

/*
 * The pidfd of what was just started. -1 with 0: it is gone and the host has reaped it; then nobody is left
 * to kill. With nothing to watch it by it must not run: the pid is still its own, and is killed.
 */
static int spawn_watch(pid_t pid, int *pidfd)
{
	int error;

	*pidfd = pidfd_open(pid, 0);
	if (*pidfd >= 0 || errno == ESRCH)
		return 0;
	error = -errno;
	kill(pid, SIGKILL);
	spawn_reap(pid);
	return error;
}

int spawn_collect(const struct spawn *what, struct deadline deadline, void *out, size_t cap,
    size_t *len, int *status)
{
	fd_auto reader = -1;
	fd_auto writer = -1;
	fd_auto pidfd = -1;
	int ends[2], r;
	pid_t pid;

	*len = 0;
	*status = SPAWN_STATUS_UNKNOWN;
	r = high_pipe(ends);
	if (r < 0)
		return r;
	reader = ends[0];
	writer = ends[1];
	r = spawn_start(what, what->input, writer, &pid);
	if (r < 0)
		return r;
	cleanup_fd(&writer);
	writer = -1;
	r = spawn_watch(pid, &pidfd);
	if (r < 0)
		return r;
	r = spawn_read(reader, pidfd, deadline, what->fixed, out, cap, len);
	/*
	 * It may have said everything and still not end: that, too, only until the deadline. It is waited for,
	 * because a host that waits for children of its own must not find this one.
	 */
	if (what->fixed && r == 0)
		deadline = deadline_sooner(deadline, deadline_in(LINGER_TIME));
	if (pidfd >= 0 && (r < 0 || !spawn_ends(pidfd, deadline)))
		pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	*status = spawn_reap(pid);
	return r;
}

/* Both ends above 2, as those of high_pipe. */
static int high_sockets(int *ours, int *theirs)
{
	int low[2], error = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, low) < 0)
		return -errno;
	*ours = fcntl(low[0], F_DUPFD_CLOEXEC, 3);
	if (*ours < 0)
		error = -errno;
	*theirs = fcntl(low[1], F_DUPFD_CLOEXEC, 3);
	if (*theirs < 0 && !error)
		error = -errno;
	close(low[0]);
	close(low[1]);
	return error;
}

int spawn_begin(const struct spawn *what, struct spawn_talk *talk)
{
	fd_auto ours = -1;
	fd_auto theirs = -1;
	int r;

	*talk = (struct spawn_talk){.fd = -1, .pidfd = -1, .pid = -1};
	r = high_sockets(&ours, &theirs);
	if (r == 0)
		r = spawn_start(what, theirs, -1, &talk->pid);
	if (r == 0)
		r = spawn_watch(talk->pid, &talk->pidfd);
	if (r < 0)
		talk->pid = -1;
	else
		talk->fd = take_fd(&ours);
	return r;
}

int spawn_end(struct spawn_talk *talk, struct deadline deadline)
{
	int status = SPAWN_STATUS_UNKNOWN;

	cleanup_fd(&talk->fd);
	if (talk->pidfd >= 0 && !spawn_ends(talk->pidfd, deadline))
		pidfd_send_signal(talk->pidfd, SIGKILL, NULL, 0);
	if (talk->pid > 0)
		status = spawn_reap(talk->pid);
	cleanup_fd(&talk->pidfd);
	*talk = (struct spawn_talk){.fd = -1, .pidfd = -1, .pid = -1};
	return status;
}

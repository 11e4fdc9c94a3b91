/* SPDX-License-Identifier: MIT */
/* The accept loop: see listen.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "broker/protocol.h"
#include "util/wire.h"
#include "config/paths.h"
#include "confine.h"
#include "listen.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/file.h"

#define BACKLOG           512
#define SOCKET_NEW        PATH_BROKER_SOCKET ".new"
#define LOCK_NAME         ".listener" /* no user name starts with a dot */
#define TROUBLE_PAUSE     100 /* milliseconds after the kernel had no room for a connection */
#define SEND_MILLISECONDS 100
#define IDLE_MILLISECONDS 60000 /* until whoever gave us the socket shall start us again */

struct listener {
	int fd;
	bool is_given; /* the socket is somebody else's, who starts us again when it is needed */
	size_t count;
	/* The listening socket first, then a pidfd for each process. */
	struct pollfd wait[1 + LISTEN_CHILDREN];
};

/* Held as long as this process lives. */
static int lock_listener(struct reason *why)
{
	fd_auto run = dir_make(AT_FDCWD, RAVI_RUNDIR, 0711, 0, why);
	fd_auto dir = run < 0 ? run : dir_make(AT_FDCWD, PATH_BROKER_STATE, 0700, 0, why);
	fd_auto fd = -1;

	if (dir < 0)
		return dir;
	fd = openat(dir, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return reason_errno(why, -errno, "%s/%s", PATH_BROKER_STATE, LOCK_NAME);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return reason_set(why, -EADDRINUSE, "another ravi-broker --listen runs already");
	return take_fd(&fd);
}

static bool somebody_listens(void)
{
	fd_auto fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;

	if (fd < 0 || wire_address(PATH_BROKER_SOCKET, &address) < 0)
		return false;
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
	       errno == EAGAIN;
}

/* The socket is there with its mode, and listens, before anybody can find it by its name. */
static int open_socket(struct reason *why)
{
	fd_auto fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	mode_t before;
	int r = fd < 0 ? -errno : wire_address(SOCKET_NEW, &address);

	if (r < 0)
		return reason_errno(why, r, "%s", PATH_BROKER_SOCKET);
	unlink(SOCKET_NEW);
	before = umask(0111);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	umask(before);
	if (r == 0 && (listen(fd, BACKLOG) < 0 || rename(SOCKET_NEW, PATH_BROKER_SOCKET) < 0))
		r = -errno;
	return r < 0 ? reason_errno(why, r, "%s", PATH_BROKER_SOCKET) : take_fd(&fd);
}

/* One process, with the connection as its descriptor 0: as a socket unit of systemd starts it. */
static int start(int connection, pid_t *pid)
{
	char name[] = "ravi-broker";
	char *const argv[] = {name, NULL}, *const envp[] = {NULL};
	posix_spawn_file_actions_t files;
	int r = posix_spawn_file_actions_init(&files);

	if (r)
		return -r;
	r = posix_spawn_file_actions_adddup2(&files, connection, STDIN_FILENO);
	if (!r)
		r = posix_spawn(pid, PATH_BROKER, &files, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&files);
	return -r;
}

static void refuse(int connection, int error)
{
	struct broker_answer answer = {.error = -EAGAIN};
	buf_auto line = {0};

	syslog(LOG_ERR, "starting %s: %s", PATH_BROKER, strerror(-error));
	reason_set(&answer.reason, 0, "the broker cannot start another process; try again");
	if (broker_answer_format(&answer, &line) == 0)
		wire_send(connection, line.data, line.len, deadline_in(SEND_MILLISECONDS));
}

static void take_connection(struct listener *listener)
{
	fd_auto connection = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	int r, pidfd;
	pid_t pid;

	if (connection < 0) {
		/* Who connected may be gone again; all else is want of memory or descriptors. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			nanosleep(&(struct timespec){.tv_nsec = TROUBLE_PAUSE * 1000000L}, NULL);
		return;
	}
	r = start(connection, &pid);
	if (r < 0) {
		refuse(connection, r);
		return;
	}
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0) {
		/* Nobody can wait for it with the others, so it is waited for here. */
		waitpid(pid, NULL, 0);
		return;
	}
	listener->wait[++listener->count] = (struct pollfd){.fd = pidfd, .events = POLLIN};
}

static void reap(struct listener *listener)
{
	for (size_t i = listener->count; i > 0; i--) {
		struct pollfd *child = &listener->wait[i];
		siginfo_t info;

		if (!child->revents)
			continue;
		waitid(P_PIDFD, (id_t)child->fd, &info, WEXITED);
		close(child->fd);
		*child = listener->wait[listener->count--];
	}
}

static int loop(struct listener *listener, struct reason *why)
{
	for (;;) {
		int idle = listener->is_given && !listener->count ? IDLE_MILLISECONDS : -1, r;

		/* No room: connections wait in the queue until a process has ended. */
		listener->wait[0] = (struct pollfd){
		    .fd = listener->count < LISTEN_CHILDREN ? listener->fd : -1, .events = POLLIN};
		r = poll(listener->wait, 1 + listener->count, idle);
		if (r == 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return reason_errno(why, -errno, "waiting for agents");
		if (r < 0)
			continue;
		reap(listener);
		if (listener->wait[0].revents)
			take_connection(listener);
	}
}

/* A socket of our own: 0 with it in `*fd`, and in `*lock` what keeps others from doing the same. */
static int make_socket(int *fd, int *lock, struct reason *why)
{
	*lock = lock_listener(why);
	if (*lock < 0)
		return *lock;
	if (somebody_listens())
		return reason_set(why, -EADDRINUSE,
		    "somebody listens at %s already; see: systemctl status ravi-broker.socket",
		    PATH_BROKER_SOCKET);
	*fd = open_socket(why);
	return *fd < 0 ? *fd : 0;
}

int listen_for_agents(int inherited, struct reason *why)
{
	struct listener listener = {.fd = inherited, .is_given = inherited >= 0};
	fd_auto lock = -1;
	fd_auto fd = -1;
	int r = inherited < 0 ? make_socket(&fd, &lock, why) : 0;

	if (r < 0)
		return r;
	if (inherited < 0)
		listener.fd = fd;
	else if (fcntl(inherited, F_SETFL, O_NONBLOCK) < 0)
		return reason_errno(why, -errno, "the socket on descriptor %d", inherited);
	/* In a unit of systemd it has one already, and not the right to another. */
	r = inherited < 0 ? confine_network() : 0;
	if (r < 0)
		cli_note("this machine gives the broker no network namespace of its own: %s",
		    strerror(-r));
	r = confine(why);
	return r < 0 ? r : loop(&listener, why);
}

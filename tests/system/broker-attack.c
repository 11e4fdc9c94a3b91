/* SPDX-License-Identifier: MIT */
/*
 * broker-attack KIND [ARGUMENT]: a client of the broker's socket that means no good, or many that do. Prints
 * what the broker answers. Exits with 0 when it got an answer in time, 1 when not.
 *
 *	send TEXT	exactly these bytes, and their end
 *	half TEXT	the same, but neither a newline nor the end
 *	endless		a line that never ends
 *	claim		a line that claims to be a value of 1 GiB, as fast as it is taken
 *	slow		a byte each 50 ms
 *	silent		nothing at all
 *	descriptors	a request, with as many open files as the kernel lets through, again and again
 *	linger		a request that passes a TCP socket whose closing takes 60 s
 *	vanish TEXT	the request, and away without reading
 *	many COUNT	COUNT processes at once, each of which stores MANY_n through the client's own code
 *	given WHAT	as root: becomes a broker whose descriptor 0 is a listening socket ("listener") or a
 *			connection, of a process of the user `first` that asks twice or once
 */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "broker/client.h"
#include "broker/protocol.h"
#include "util/wire.h"
#include "config/paths.h"
#include "util/cleanup.h"

#define PATIENCE  9000 /* milliseconds; the broker promises an answer within 5000 */
#define GOOD      "{\"op\":\"set\",\"name\":\"ATTACK\",\"text\":\"v\"}\n"
#define RIGHTS    253 /* descriptors in one message: SCM_MAX_FD of the kernel */
#define GIVEN     "/tmp/given"

static int call(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;

	if (fd < 0 || wire_address(PATH_BROKER_SOCKET, &address) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("connecting");
		exit(1);
	}
	return fd;
}

/* The broker's answer, whatever became of our sending. */
static int hear(int fd)
{
	buf_auto answer = {0};
	int r = wire_receive(fd, BROKER_MESSAGE_MAX, deadline_in(PATIENCE), &answer);

	if (r < 0 || !answer.len) {
		printf("no answer: %s\n", r < 0 ? strerror(-r) : "closed");
		return 1;
	}
	printf("%s\n", buf_text(&answer));
	return 0;
}

static int attack_send(const char *text)
{
	fd_auto fd = call();

	wire_send(fd, text, strlen(text), deadline_in(PATIENCE));
	shutdown(fd, SHUT_WR);
	return hear(fd);
}

static int attack_half(const char *text)
{
	fd_auto fd = call();

	wire_send(fd, text, strlen(text), deadline_in(PATIENCE));
	return hear(fd);
}

/* Sends `piece` until the broker has had enough, at most 1 GiB. */
static int flood(const char *start, const char *piece, size_t len)
{
	fd_auto fd = call();
	int r = wire_send(fd, start, strlen(start), deadline_in(PATIENCE));

	for (size_t sent = 0; r == 0 && sent < 1u << 30; sent += len)
		r = wire_send(fd, piece, len, deadline_in(PATIENCE));
	if (r == 0)
		printf("it took a GiB\n");
	return r == 0 ? 1 : hear(fd);
}

static int attack_endless(const char *text)
{
	char block[4096];

	(void)text;
	memset(block, '[', sizeof(block));
	return flood("", block, sizeof(block));
}

static int attack_claim(const char *text)
{
	static char block[65536];

	(void)text;
	memset(block, 'A', sizeof(block));
	return flood("{\"op\":\"set\",\"name\":\"ATTACK\",\"base64\":\"", block, sizeof(block));
}

static int attack_slow(const char *text)
{
	const struct timespec interval = {.tv_nsec = 50000000};
	fd_auto fd = call();
	struct pollfd answer = {.fd = fd, .events = POLLIN};
	const struct deadline deadline = deadline_in(PATIENCE);

	(void)text;
	while (deadline_left(deadline) && poll(&answer, 1, 0) == 0) {
		if (wire_send(fd, " ", 1, deadline) < 0)
			break;
		nanosleep(&interval, NULL);
	}
	return hear(fd);
}

static int attack_silent(const char *text)
{
	fd_auto fd = call();

	(void)text;
	return hear(fd);
}

/* `len` bytes of text with `count` descriptors. */
static ssize_t send_with(int fd, const char *text, size_t len, const int *fds, size_t count)
{
	union {
		char room[CMSG_SPACE(RIGHTS * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	char copy[256];
	struct iovec piece = {.iov_base = copy, .iov_len = len};
	struct msghdr message = {.msg_iov = &piece,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	memcpy(copy, text, len);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), fds, count * sizeof(int));
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int attack_descriptors(const char *text)
{
	fd_auto fd = call();
	int fds[RIGHTS];
	ssize_t r = 1;

	(void)text;
	for (size_t i = 0; i < RIGHTS; i++)
		fds[i] = fd;
	for (int i = 0; i < 200 && r > 0; i++)
		r = send_with(fd, " ", 1, fds, RIGHTS);
	wire_send(fd, GOOD, strlen(GOOD), deadline_in(PATIENCE));
	return hear(fd);
}

/* A connected TCP socket with data that nobody takes and SO_LINGER: close(2) of the last of it waits. */
static int lingering_socket(void)
{
	const struct linger linger = {.l_onoff = 1, .l_linger = 60};
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listening = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	char block[65536] = "";

	if (listening < 0 || fd < 0 ||
	    bind(listening, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listening, 1) < 0 ||
	    getsockname(listening, (struct sockaddr *)&address, &len) < 0 ||
	    connect(fd, (struct sockaddr *)&address, len) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0) {
		perror("loopback");
		exit(77);
	}
	while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
		;
	return fd;
}

/* The first connection may be cut off by the broker's own end; those after it are served. */
static int attack_linger(const char *text)
{
	fd_auto fd = call();
	int passed = lingering_socket();

	(void)text;
	send_with(fd, " ", 1, &passed, 1);
	close(passed);
	wire_send(fd, GOOD, strlen(GOOD), deadline_in(PATIENCE));
	hear(fd);
	return attack_send(GOOD);
}

static int attack_vanish(const char *text)
{
	fd_auto fd = call();

	wire_send(fd, text, strlen(text), deadline_in(PATIENCE));
	wire_send(fd, "\n", 1, deadline_in(PATIENCE));
	return 0;
}

static int store(const char *name, const char *value, struct reason *why)
{
	const struct broker_write write = {.name = name, .value = value, .len = strlen(value)};

	return broker_set(&write, deadline_in(BROKER_MILLISECONDS), NULL, why);
}

static int attack_many(const char *count)
{
	int wanted = atoi(count), stored = 0, limited = 0, other = 0, status;

	for (int i = 0; i < wanted; i++) {
		char name[32];
		struct reason why = {0};
		int r;

		if (fork())
			continue;
		snprintf(name, sizeof(name), "MANY_%d", i);
		r = store(name, name, &why);
		if (r < 0 && r != -EDQUOT)
			fprintf(stderr, "%s: %s\n", name, why.text);
		_exit(r == 0 ? 0 : r == -EDQUOT ? 1 : 2);
	}
	while (wait(&status) > 0) {
		int code = WIFEXITED(status) ? WEXITSTATUS(status) : 2;

		stored += code == 0;
		limited += code == 1;
		other += code == 2;
	}
	printf("stored=%d limited=%d other=%d\n", stored, limited, other);
	return other != 0;
}

static void ask_as_first(const struct sockaddr_un *address, int times)
{
	const struct passwd *pw = getpwnam("first");

	if (!pw || setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		_exit(2);
	while (times--) {
		fd_auto fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
			_exit(2);
		wire_send(fd, GOOD, strlen(GOOD), deadline_in(PATIENCE));
		hear(fd);
	}
	_exit(0);
}

static int attack_given(const char *what)
{
	char program[] = PATH_BROKER, *const argv[] = {program, NULL};
	bool listener = !strcmp(what, "listener");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;

	umask(0);
	unlink(GIVEN);
	if (fd < 0 || wire_address(GIVEN, &address) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 5) < 0)
		return 2;
	if (fork() == 0)
		ask_as_first(&address, 1 + listener);
	if (!listener)
		fd = accept(fd, NULL, NULL);
	if (fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO)
		execv(program, argv);
	return 2;
}

static const struct {
	const char *name;
	int (*run)(const char *argument);
	bool takes_argument;
} attacks[] = {
    {"send", attack_send, true},
    {"half", attack_half, true},
    {"endless", attack_endless, false},
    {"claim", attack_claim, false},
    {"slow", attack_slow, false},
    {"silent", attack_silent, false},
    {"descriptors", attack_descriptors, false},
    {"linger", attack_linger, false},
    {"vanish", attack_vanish, true},
    {"many", attack_many, true},
    {"given", attack_given, true},
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc > 1 && i < sizeof(attacks) / sizeof(*attacks); i++)
		if (!strcmp(argv[1], attacks[i].name) && argc == 2 + attacks[i].takes_argument)
			return attacks[i].run(argv[2]);
	fprintf(stderr, "broker-attack: see its source for what it takes\n");
	return 2;
}

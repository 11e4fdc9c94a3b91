/* SPDX-License-Identifier: MIT */
/*
 * The daemon's wire: one JSON object a line over TCP. A request has an unsigned id (others get no answer),
 * the first must be `auth`; events without an id may come in between.
 */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor.h"
#include "util/cleanup.h"
#include "util/deadline.h"
#include "util/file.h"
#include "util/text.h"
#include "vault/value.h"

#define WIRE_SECONDS  5
#define WIRE_LINE_MAX (1u << 20) /* bytes of one line of the daemon's */

/* HOST:PORT, [HOST]:PORT; a daemon that listens on all addresses is asked on the loopback one. */
static int resolve(const char *listen, struct addrinfo **found, struct reason *why)
{
	const struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	const char *colon = strrchr(listen, ':'), *host;
	char text[64] = "";
	uint64_t port;
	size_t len;

	if (!colon || text_number(colon + 1, 10, 1, 65535, &port) < 0)
		return reason_set(why, -EINVAL, "--listen %s is not HOST:PORT (such as %s)", listen,
		    DEFAULT_LISTEN);
	host = *listen == '[' ? listen + 1 : listen;
	len = (size_t)(colon - host) - (*listen == '[' && colon[-1] == ']');
	if (len < sizeof(text))
		memcpy(text, host, len);
	if (!strcmp(text, "0.0.0.0") || !strcmp(text, "localhost"))
		strcpy(text, "127.0.0.1");
	if (!strcmp(text, "::"))
		strcpy(text, "::1");
	if (!*text || getaddrinfo(text, colon + 1, &hints, found) != 0)
		return reason_set(why, -EINVAL, "--listen %s names no IP address", listen);
	return 0;
}

int wire_check_address(const char *listen, bool *loopback, struct reason *why)
{
	struct addrinfo *address = NULL;
	int r = resolve(listen, &address, why);

	if (r < 0)
		return r;
	freeaddrinfo(address);
	*loopback = !strncmp(listen, "127.", 4) || !strncmp(listen, "[::1]", 5) ||
		    !strncmp(listen, "localhost:", 10);
	return 0;
}

/*
 * Whose socket listens at this port, from /proc/net/tcp and tcp6 (proc(5)): local address:port in hex in
 * the second column, state 0A, the uid in the eighth. Where several do, each at an address of its own, it
 * is another user's, if there is one: which of them was reached is not told.
 */
static int listener_uid(uint16_t port, uid_t *uid)
{
	static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
	char line[512];
	int r = -ENOENT;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		file_auto table = fopen(tables[i], "re");

		while (table && fgets(line, sizeof(line), table)) {
			unsigned local, state, owner;

			if (sscanf(line,
				" %*[^:]: %*[0-9A-F]:%4X %*[0-9A-F]:%*X %2X %*s %*s %*s %u", &local,
				&state, &owner) != 3 ||
			    local != port || state != 0x0a)
				continue;
			*uid = owner;
			r = 0;
			if (owner != getuid())
				return 0;
		}
	}
	return r;
}

static uint16_t port_of(const struct addrinfo *address)
{
	if (address->ai_family == AF_INET6)
		return ntohs(
		    ((const struct sockaddr_in6 *)(const void *)address->ai_addr)->sin6_port);
	return ntohs(((const struct sockaddr_in *)(const void *)address->ai_addr)->sin_port);
}

/* The connected socket; -ECONNREFUSED when nobody listens. */
static int connect_to(const struct addrinfo *address)
{
	fd_auto fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = {.tv_sec = WIRE_SECONDS};

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(fd, address->ai_addr, address->ai_addrlen) < 0)
		return -errno;
	return take_fd(&fd);
}

static int send_request(int fd, int id, const char *method, const char *token)
{
	json_auto_t *request = json_pack("{s:i, s:s, s:{}}", "id", id, "method", method, "params");
	buf_auto line = {0};

	if (!request)
		return -ENOMEM;
	if (token && json_object_set_new(
			 json_object_get(request, "params"), "token", json_string(token)) < 0)
		return -EINVAL;
	if (vault_value_dump(request, JSON_COMPACT, &line) < 0 || buf_add_char(&line, '\n') < 0)
		return -ENOMEM;
	return send(fd, line.data, line.len, MSG_NOSIGNAL) == (ssize_t)line.len ? 0 : -EIO;
}

/* The answer to request `id`; events and other lines are passed over. NULL: none came in time. */
static json_t *read_answer(int fd, int id)
{
	struct deadline deadline = deadline_in(WIRE_SECONDS * 1000);
	buf_auto line = {0};
	char byte;

	while (deadline_left(deadline) && line.len < WIRE_LINE_MAX && read(fd, &byte, 1) == 1) {
		json_t *answer;

		if (byte != '\n') {
			if (buf_add_char(&line, byte) < 0)
				return NULL;
			continue;
		}
		answer = json_loadb(buf_text(&line), line.len, 0, NULL);
		if (json_integer_value(json_object_get(answer, "id")) == id)
			return answer;
		json_decref(answer);
		buf_reset(&line);
	}
	return NULL;
}

static void copy_member(const json_t *from, const char *key, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(from, key));

	snprintf(to, size, "%s", text ? text : "");
}

static int ask(int fd, const char *token, struct wire_daemon *found, struct reason *why)
{
	json_auto_t *auth = NULL, *info = NULL;
	const json_t *result;

	if (send_request(fd, 1, "auth", token) == 0)
		auth = read_answer(fd, 1);
	if (!auth)
		return reason_set(
		    why, -EPROTO, "what listens there does not answer as CodexMonitor's daemon");
	found->authenticated = json_is_true(json_object_get(json_object_get(auth, "result"), "ok"));
	if (!found->authenticated)
		return 0;
	if (send_request(fd, 2, "daemon_info", NULL) == 0)
		info = read_answer(fd, 2);
	result = json_object_get(info, "result");
	copy_member(result, "name", found->name, sizeof(found->name));
	copy_member(result, "version", found->version, sizeof(found->version));
	copy_member(result, "mode", found->mode, sizeof(found->mode));
	found->pid = json_integer_value(json_object_get(result, "pid"));
	return 0;
}

int wire_ask(const char *listen, const char *token, struct wire_daemon *found, struct reason *why)
{
	struct addrinfo *address = NULL;
	fd_auto fd = -1;
	uid_t uid = 0;
	int r = resolve(listen, &address, why);

	*found = (struct wire_daemon){0};
	if (r < 0)
		return r;
	fd = connect_to(address);
	r = fd < 0 ? 0 : listener_uid(port_of(address), &uid);
	freeaddrinfo(address);
	found->reachable = fd >= 0;
	if (fd < 0 || !token)
		return 0;
	if (r < 0 || uid != getuid())
		return reason_set(why, -EACCES,
		    "uid %u listens at %s and not this user: the token is not sent; stop that "
		    "program, or "
		    "choose another --listen",
		    uid, listen);
	return ask(fd, token, found, why);
}

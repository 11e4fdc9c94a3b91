/* SPDX-License-Identifier: MIT */
/* Messages on a stream socket: see wire.h. */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "util/wire.h"

#define PIECE 4096 /* bytes asked for at a time */

/* Waits until the socket can be read or written: 0, -ETIMEDOUT, -errno. */
static int wait_for(int fd, short events, struct deadline deadline)
{
	struct pollfd wait = {.fd = fd, .events = events};
	int r;

	do {
		int left = deadline_left(deadline);

		if (!left)
			return -ETIMEDOUT;
		r = poll(&wait, 1, left);
	} while (r == 0 || (r < 0 && errno == EINTR));
	return r < 0 ? -errno : 0;
}

/* One more piece: how many bytes, 0 at the end, or a negative errno. */
static ssize_t receive_piece(int fd, struct deadline deadline, struct buf *message)
{
	char *to = buf_reserve(message, PIECE);

	if (!to)
		return message->error;
	for (;;) {
		ssize_t got = recv(fd, to, PIECE, MSG_DONTWAIT);
		int r;

		if (got >= 0)
			return got;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_for(fd, POLLIN, deadline);
		if (r < 0)
			return r;
	}
}

int wire_receive(int fd, size_t max, struct deadline deadline, struct buf *message)
{
	for (;;) {
		size_t before = message->len;
		ssize_t got;
		char *end;

		/* Somebody who sends a byte now and then never makes poll wait. */
		if (!deadline_left(deadline))
			return -ETIMEDOUT;
		got = receive_piece(fd, deadline, message);
		if (got <= 0)
			return (int)got;
		end = memchr(message->data + before, '\n', (size_t)got);
		message->len += (size_t)got;
		if (end && end + 1 != message->data + message->len)
			return -EBADMSG;
		if (end)
			buf_cut(message, message->len - 1);
		if (message->len > max)
			return -EMSGSIZE;
		if (end)
			return 0;
	}
}

int wire_send(int fd, const void *data, size_t len, struct deadline deadline)
{
	const char *from = data;

	while (len) {
		ssize_t sent = send(fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		int r;

		if (sent >= 0) {
			from += sent;
			len -= (size_t)sent;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_for(fd, POLLOUT, deadline);
		if (r < 0)
			return r;
	}
	return 0;
}

int wire_address(const char *path, struct sockaddr_un *address)
{
	size_t len = strlen(path);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memcpy(address->sun_path, path, len);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * One message on a stream socket, each way, until a deadline and up to a size. A message ends with a newline
 * or with the end of what the other side sends. Descriptors that come along are closed by the kernel: no
 * room is offered for them.
 */
#ifndef RAVI_WIRE_H
#define RAVI_WIRE_H

#include <stddef.h>
#include <sys/un.h>

#include "util/buf.h"
#include "util/deadline.h"

/*
 * Receives a message of at most `max` bytes, without its newline. 0 with a message that may be empty (the
 * other side sent nothing); -EMSGSIZE (longer); -EBADMSG (something after the newline); -ETIMEDOUT; another
 * negative errno.
 */
int wire_receive(int fd, size_t max, struct deadline deadline, struct buf *message);

/* Sends all of it, without SIGPIPE: 0, -EPIPE or -ECONNRESET (nobody reads), -ETIMEDOUT, -errno. */
int wire_send(int fd, const void *data, size_t len, struct deadline deadline);

/* The address of the socket at `path`: 0 or -ENAMETOOLONG. */
int wire_address(const char *path, struct sockaddr_un *address);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What git says to a credential helper: key=value lines, ended by an empty line or the end. It comes from
 * URLs that others wrote (a submodule's, a redirect's), and helpers have been talked into giving tokens
 * away with a line end inside a value, so whatever git itself would not write is refused.
 */
#ifndef RAVI_CREDENTIAL_REQUEST_H
#define RAVI_CREDENTIAL_REQUEST_H

#include "util/buf.h"
#include "util/reason.h"

#define REQUEST_MAX (64u << 10) /* bytes; a server's wwwauth[] lines are in it */

struct request {
	struct buf text;      /* what the texts point into */
	const char *protocol; /* never NULL or empty once it was read */
	const char *host;     /* HOST or HOST:PORT; NULL: protocol "cert", which has none */
};

#define request_auto __attribute__((cleanup(request_free))) struct request

void request_free(struct request *request);

/* 0; -EPERM with the reason when it is refused; another negative errno when it cannot be read. */
int request_read(int fd, struct request *request, struct reason *why);

/* Reads to the end and forgets it: 0 or -errno. */
int request_skip(int fd);

#endif

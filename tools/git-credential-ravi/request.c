/* SPDX-License-Identifier: MIT */
/* What git says to a credential helper: see request.h. */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "request.h"

#define CHUNK 4096

void request_free(struct request *request)
{
	buf_free(&request->text);
}

/* One read: 1, 0 at the end, or -errno. */
static int read_some(int fd, struct buf *text)
{
	char *to = buf_reserve(text, CHUNK);
	ssize_t got;

	if (!to)
		return text->error;
	do
		got = read(fd, to, CHUNK);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	text->len += (size_t)got;
	text->data[text->len] = '\0';
	return got > 0;
}

int request_skip(int fd)
{
	buf_auto text = {0};
	int r;

	do {
		buf_reset(&text);
		r = read_some(fd, &text);
	} while (r > 0);
	return r;
}

/* Whether the empty line that ends a request has come. A NUL hides one: then it goes on to the end. */
static bool is_whole(const struct buf *text)
{
	return text->len && (*text->data == '\n' || strstr(text->data, "\n\n"));
}

static int read_all(int fd, struct buf *text, struct reason *why)
{
	int r;

	do {
		r = read_some(fd, text);
		if (text->len > REQUEST_MAX)
			return reason_set(why, -EPERM,
			    "the request is longer than %u bytes: refused", REQUEST_MAX);
	} while (r > 0 && !is_whole(text));
	return r < 0 ? reason_errno(why, r, "standard input") : 0;
}

/* One line, its end cut off. Keys that nothing here depends on are passed over, arrays (key[]) too. */
static int take_line(struct request *request, char *line, struct reason *why)
{
	const struct {
		const char *key;
		const char **to;
	} wanted[] = {{"protocol", &request->protocol}, {"host", &request->host}};
	char *equals = strchr(line, '=');

	if (!equals || equals == line)
		return reason_set(why, -EPERM, "a line of the request is not key=value: refused");
	if (strchr(line, '\r'))
		return reason_set(why, -EPERM,
		    "the request has a carriage return in \"%.*s\": refused",
		    equals - line > 32 ? 32 : (int)(equals - line), line);
	*equals = '\0';
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		if (strcmp(line, wanted[i].key) != 0)
			continue;
		/* A line end smuggled into a value makes a second one. */
		if (*wanted[i].to)
			return reason_set(
			    why, -EPERM, "the request says \"%s\" twice: refused", line);
		*wanted[i].to = equals + 1;
	}
	return 0;
}

int request_read(int fd, struct request *request, struct reason *why)
{
	char *line, *rest;
	int r = read_all(fd, &request->text, why);

	if (r < 0)
		return r;
	rest = request->text.data;
	if (request->text.len && memchr(rest, '\0', request->text.len))
		return reason_set(why, -EPERM, "the request has a NUL byte: refused");
	while ((line = strsep(&rest, "\n")) && *line) {
		r = take_line(request, line, why);
		if (r < 0)
			return r;
	}
	if (!request->protocol || !*request->protocol)
		return reason_set(why, -EPERM, "the request names no protocol: refused");
	/* The passphrase of a client certificate, which has none. */
	if (!strcmp(request->protocol, "cert")) {
		request->host = NULL;
		return 0;
	}
	if (!request->host || !*request->host)
		return reason_set(why, -EPERM, "the request names no host: refused");
	return 0;
}

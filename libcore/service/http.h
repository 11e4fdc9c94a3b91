/* SPDX-License-Identifier: MIT */
/*
 * One HTTPS request and its answer, over libcurl, to one host alone: certificate and name verified, no
 * redirects, no proxy but the one that is named, no .netrc, no cookies, sizes capped.
 */
#ifndef RAVI_SERVICE_HTTP_H
#define RAVI_SERVICE_HTTP_H

#include <stdbool.h>

#include "util/buf.h"
#include "util/deadline.h"
#include "util/reason.h"

#define HTTP_BODY_MAX    (8u << 20)   /* bytes of one answer */
#define HTTP_HEADERS_MAX (64u << 10)  /* all of its header lines */
#define HTTP_WAIT_MAX    (24L * 3600) /* s; a Retry-After beyond is cut */

struct http;

struct http_where {
	const char *url;   /* https://HOST[:PORT][/PREFIX], checked by who started us */
	const char *ca;    /* NULL: the system's certificates */
};

int http_open(const struct http_where *where, struct http **http, struct reason *why);
void http_close(struct http *http);

/*
 * The proxy that requests go through from now on, NULL: none. Plain http is for this machine itself and goes
 * through none, which would read the key.
 */
int http_use_proxy(struct http *http, const char *proxy, struct reason *why);

struct http_request {
	const char *method;
	const char *path;       /* from its '/', with the query, encoded */
	const char *credential; /* NULL: none */
	const struct buf *body; /* NULL: none */
	/*
	 * On a connection of its own. libcurl says a request again by itself when a connection that it had
	 * kept turns out to be dead, also one that was sent and may have been carried out.
	 */
	bool fresh;
	struct deadline deadline;
};

struct http_answer {
	int status;
	struct buf body;
	long retry_after; /* s; -1: there was no such header */
	bool sent;        /* some of the request was */
	bool final;       /* trying again would come to the same */
	bool too_large;   /* more than HTTP_BODY_MAX or HTTP_HEADERS_MAX */
};

#define http_answer_auto __attribute__((cleanup(http_answer_free))) struct http_answer

void http_answer_free(struct http_answer *answer);

/*
 * 0 with whatever status came, or a negative errno with the reason (fetch.h lists them); `answer->sent`
 * counts in either case.
 */
int http_send(struct http *http, const struct http_request *request, struct http_answer *answer,
    struct reason *why);

/* The host, for sentences. */
const char *http_host(const struct http *http);

/*
 * The path and query of an absolute URL that is on this very host (`next` of a page): NULL when it is
 * elsewhere. The caller frees it.
 */
char *http_own_path(const struct http *http, const char *url);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The client of the Ravi service: an operation (fetch/operation.h), the credential and the arguments become
 * requests; what comes back becomes one document of the operation's shape. Linked into ravi-fetch alone.
 *
 * A call is said again (a GET up to `tries` times; anything else only when none of it was sent, or when it
 * was refused as one too many), within its deadline and with pauses; lists are read to their end.
 */
#ifndef RAVI_SERVICE_H
#define RAVI_SERVICE_H

#include <jansson.h>

#include "fetch/operation.h"
#include "service/http.h"

struct service_call {
	const struct operation *operation;
	const char *credential; /* NULL: none */
	const json_t *arguments;
	struct deadline deadline;
	unsigned tries; /* 1: none after a failure */
};

struct service_answer {
	int status; /* of the last request; 0: there was no answer */
	long wait;  /* s that a 429 asks for; 0: none */
	bool sent;  /* of the last request, some was */
	bool too_large; /* its answer was */
	int64_t large_id;   /* and what it says as the id of its first row; 0: nothing */
	unsigned skipped;   /* rows that are too large by themselves, left out of the list */
	int64_t skipped_id; /* of the first of those; 0: not known */
	json_t *result;
};

/* 0, or a negative errno of fetch.h with the reason. Free `answer->result`. */
int service_call(struct http *http, const struct service_call *call, struct service_answer *answer,
    struct reason *why);

/* ---- between call.c and pages.c ---- */

/* One request, said again where it may be; `*body` is what came as JSON, NULL for an empty answer. */
int service_ask(struct http *http, const struct service_call *call, const char *path,
    const struct buf *content, struct service_answer *answer, json_t **body, struct reason *why);

/* A list, whether it comes whole or in pages: every row once. */
int service_list(struct http *http, const struct service_call *call, const char *path,
    struct service_answer *answer, json_t **rows, struct reason *why);

#endif

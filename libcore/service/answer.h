/* SPDX-License-Identifier: MIT */
/* What an HTTP status of the service means: an errno of fetch.h and one sentence. */
#ifndef RAVI_SERVICE_ANSWER_H
#define RAVI_SERVICE_ANSWER_H

#include <jansson.h>

#include "service/http.h"

/* The body as JSON; NULL when it is none. */
json_t *answer_json(const struct buf *body);

/* 0 for 2xx, else the failure. `wait`: the seconds that a 429 or 5xx asks for, -1 when it does not say. */
int answer_judge(
    const struct http *http, const struct http_answer *answer, long *wait, struct reason *why);

#endif

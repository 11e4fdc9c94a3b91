/* SPDX-License-Identifier: MIT */
/*
 * Statuses and their sentences: see answer.h. What the service says itself is `detail`, or a list of messages
 * by member; never branched on, only shown. Other bodies (a proxy's HTML) are not.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "service/answer.h"
#include "service/clean.h"
#include "util/cleanup.h"

#define SAID_MAX 200 /* bytes of the service's own words */

static void free_json(json_t **json)
{
	json_decref(*json);
}

#define json_auto __attribute__((cleanup(free_json))) json_t *

json_t *answer_json(const struct buf *body)
{
	buf_auto text = {0};

	if (clean_json(body->data, body->len, &text) < 0 || !text.len)
		return NULL;
	return json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
}

/* One message a member: {"domain": ["Not a domain."]}. */
static void add_messages(const json_t *body, struct buf *out)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)body, name, value)
	{
		const json_t *text = json_is_array(value) ? json_array_get(value, 0) : value;

		if (!json_is_string(text) || out->len > SAID_MAX)
			continue;
		buf_addf(out, "%s%s: %s", out->len ? "; " : "", name, json_string_value(text));
	}
}

/* ": the service's words", or "" when it has none. */
static void add_said(const json_t *body, struct buf *out)
{
	const char *detail = json_string_value(json_object_get(body, "detail"));
	buf_auto said = {0};

	if (detail)
		buf_add_text(&said, detail);
	else
		add_messages(body, &said);
	buf_cut(&said, SAID_MAX);
	if (said.len)
		buf_addf(out, ": %s", said.data);
}

static long find_wait(const struct http_answer *answer, const json_t *body)
{
	const json_t *seconds = json_object_get(body, "retry_after_seconds");
	json_int_t number = json_is_real(seconds) ? (json_int_t)json_real_value(seconds) + 1
						  : json_integer_value(seconds);

	/* The number in the body is the better one of the two. */
	if (json_is_number(seconds) && number >= 0)
		return number > HTTP_WAIT_MAX ? HTTP_WAIT_MAX : (long)number;
	return answer->retry_after;
}

static int say_throttled(long wait, const char *said, struct reason *why)
{
	if (wait < 0)
		return reason_set(
		    why, -EUSERS, "the service was asked too often (429)%s; try again later", said);
	return reason_set(
	    why, -EUSERS, "the service was asked too often (429)%s; try again in %ld s", said, wait);
}

static int say_out_of_order(int status, const char *said, long wait, struct reason *why)
{
	if (wait < 0)
		return reason_set(why, -EHOSTDOWN,
		    "the service is out of order (%d)%s; try again later", status, said);
	return reason_set(why, -EHOSTDOWN, "the service is out of order (%d)%s; try again in %ld s",
	    status, said, wait);
}

static int say(const struct http *http, int status, const char *said, struct reason *why)
{
	switch (status) {
	case 401:
		return reason_set(why, -EKEYREJECTED,
		    "the service does not accept this key (401)%s; it was revoked or is another "
		    "service's",
		    said);
	case 402:
		return reason_set(why, -EPERM, "the account's plan does not allow it (402)%s", said);
	case 403:
		return reason_set(why, -EACCES, "this key may not do that (403)%s", said);
	case 404:
		return reason_set(why, -ENOKEY, "the service has no such thing (404)%s", said);
	case 409:
		return reason_set(
		    why, -EEXIST, "it conflicts with what is at the service (409)%s", said);
	default:
		break;
	}
	if (status >= 400)
		return reason_set(
		    why, -EBADRQC, "the service did not take the request (%d)%s", status, said);
	if (status >= 300)
		return reason_set(why, -EREMOTE,
		    "%s answers with a redirect (%d), which is not followed; is service_url right?",
		    http_host(http), status);
	return reason_set(
	    why, -EBADE, "%s does not answer as the service does (%d)", http_host(http), status);
}

int answer_judge(
    const struct http *http, const struct http_answer *answer, long *wait, struct reason *why)
{
	json_auto body = NULL;
	buf_auto said = {0};

	*wait = -1;
	if (answer->status >= 200 && answer->status < 300)
		return 0;
	body = answer_json(&answer->body);
	add_said(body, &said);
	if (answer->status != 429 && answer->status < 500)
		return say(http, answer->status, buf_text(&said), why);
	*wait = find_wait(answer, body);
	return answer->status == 429
		   ? say_throttled(*wait, buf_text(&said), why)
		   : say_out_of_order(answer->status, buf_text(&said), *wait, why);
}

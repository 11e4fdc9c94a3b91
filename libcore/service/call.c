/* SPDX-License-Identifier: MIT */
/* An operation as requests: see service.h. */
#include <config.h>

#include <curl/curl.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "fetch/fetch.h"
#include "service/answer.h"
#include "service/service.h"
#include "util/text.h"

#define PAUSE_FIRST 200u /* ms after the first failure; twice that after each further one */

/* ---- what is sent ---- */

static int add_escaped(struct buf *out, const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, (int)strlen(text));
	int r = escaped ? buf_add_text(out, escaped) : -ENOMEM;

	curl_free(escaped);
	return r;
}

static int add_value(struct buf *out, const char *name, const json_t *value, struct reason *why)
{
	if (json_is_integer(value))
		return buf_addf(out, "%lld", (long long)json_integer_value(value));
	if (json_is_boolean(value))
		return buf_add_text(out, json_is_true(value) ? "true" : "false");
	/* An empty segment would be the collection itself; "." and ".." another path. */
	if (!json_string_length(value) || !strcmp(json_string_value(value), ".") ||
	    !strcmp(json_string_value(value), ".."))
		return reason_set(why, -EINVAL, "\"%s\" names nothing", name);
	return add_escaped(out, json_string_value(value));
}

/* The path with its {NAME}s filled in. */
static int add_path(
    const char *path, const json_t *arguments, struct buf *out, struct reason *why)
{
	while (*path) {
		size_t plain = strcspn(path, "{");
		char name[32] = "";
		size_t len;
		int r;

		buf_add(out, path, plain);
		path += plain;
		if (!*path)
			break;
		len = strcspn(path + 1, "}");
		if (len >= sizeof(name))
			return -EINVAL;
		memcpy(name, path + 1, len);
		path += len + 2;
		r = add_value(out, name, json_object_get(arguments, name), why);
		if (r < 0)
			return r;
	}
	return out->error;
}

static int add_query(const struct service_call *call, struct buf *out, struct reason *why)
{
	const char *name;
	json_t *value;
	char lead = '?';

	json_object_foreach((json_t *)(uintptr_t)call->arguments, name, value)
	{
		int r;

		if (!operation_lists(call->operation->query, name, strlen(name)))
			continue;
		buf_addf(out, "%c%s=", lead, name);
		r = add_value(out, name, value, why);
		if (r < 0)
			return r;
		lead = '&';
	}
	return out->error;
}

/* The arguments that the body takes, and no others. */
static int build_body(const struct service_call *call, struct buf *out)
{
	fetch_json_auto body = json_object();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)call->arguments, name, value)
		if (operation_lists(call->operation->body, name, strlen(name)) &&
		    json_object_set(body, name, value) < 0)
			return -ENOMEM;
	return body ? fetch_dump(body, out) : -ENOMEM;
}

/* An argument that goes nowhere is a mistake of ours, not one to find out later. */
static int check_arguments(const struct service_call *call, struct reason *why)
{
	const struct operation *o = call->operation;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)call->arguments, name, value)
	{
		size_t len = strlen(name);
		const char *in_path = strstr(o->path, name);

		if (!operation_lists(o->query, name, len) && !operation_lists(o->body, name, len) &&
		    !(in_path && in_path != o->path && in_path[-1] == '{' && in_path[len] == '}'))
			return reason_set(why, -EINVAL, "%s takes no \"%s\"", o->name, name);
	}
	return 0;
}

/* The contract and the right come with the credential; nothing is found out by trying. */
static int check_credential(const struct service_call *call, struct reason *why)
{
	enum operation_who wanted = call->operation->who, kind;

	if (!call->credential && wanted == BY_NOBODY)
		return 0;
	if (!call->credential)
		return reason_set(why, -EKEYREJECTED, "%s needs a key", call->operation->name);
	kind = fetch_credential_kind(call->credential);
	if (kind == BY_NOBODY || wanted == BY_NOBODY)
		return reason_set(why, -EKEYREJECTED,
		    "this is no key of the service's (they begin with ravi_mgmt_ or ravi_id_)");
	if (kind == BY_EITHER || wanted == BY_EITHER || kind == wanted)
		return 0;
	return reason_set(why, -EKEYREJECTED,
	    wanted == BY_ACCOUNT ? "%s needs the account's management key, not an identity's"
				 : "%s needs the identity's own key, not the account's",
	    call->operation->name);
}

/* ---- when it is said again ---- */

static unsigned pause_for(unsigned try)
{
	unsigned most = PAUSE_FIRST << try, random = 0;

	if (getrandom(&random, sizeof(random), 0) < 0)
		random = 0;
	return most / 2 + random % (most / 2 + 1);
}

static void sleep_for(long milliseconds)
{
	struct timespec time = {
	    .tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

static bool may_repeat(enum operation_kind kind, const struct http_answer *answer)
{
	if (answer->status == 429)
		return true;
	if (answer->final)
		return false;
	if (!answer->sent)
		return true;
	if (kind != OPERATION_READ)
		return false;
	return !answer->status || answer->status == 502 || answer->status == 503 ||
	       answer->status == 504;
}

/* A read that may be said again does not wait for one answer all the time it has. */
static struct deadline share(const struct service_call *call, unsigned try)
{
	int left = deadline_left(call->deadline), tries = (int)(call->tries - try);

	if (call->operation->kind != OPERATION_READ || tries < 2)
		return call->deadline;
	return deadline_in(left / tries);
}

static int say_uncertain(struct reason *why)
{
	struct reason how = *why;

	return reason_set(why, -EINPROGRESS,
	    "what was asked of the service may have been done or not: %.300s", how.text);
}

static int take_body(
    struct http *http, const struct http_answer *answer, json_t **body, struct reason *why)
{
	if (!answer->body.len)
		return 0;
	*body = answer_json(&answer->body);
	if (!*body)
		return reason_set(why, -EBADE,
		    "what answers at %s does not speak as the service does: its answer is no JSON, or "
		    "not all of it came",
		    http_host(http));
	return 0;
}

static int try_once(struct http *http, const struct service_call *call,
    struct http_request *request, struct http_answer *answer, long *wait, struct reason *why)
{
	int r = http_send(http, request, answer, why);

	*wait = -1;
	if (r < 0) {
		/* The status of an answer that did not come whole counts for nothing. */
		answer->status = 0;
		return r;
	}
	/* The device flow says in words of 400 how it stands (facts of RFC 8628). */
	if (answer->status == 400 && call->operation->shape &&
	    !strcmp(call->operation->shape, "{grant")) {
		fetch_json_auto body = answer_json(&answer->body);

		if (fetch_text(body, "error"))
			return 0;
	}
	return answer_judge(http, answer, wait, why);
}

/* In what came of an answer that was too large. */
static int64_t first_id(const struct buf *body)
{
	static const char name[] = "\"id\":";
	const char *at = memmem(body->data, body->len, name, sizeof(name) - 1);
	char digits[24];
	size_t len, left;
	uint64_t id;

	if (!at)
		return 0;
	at += sizeof(name) - 1;
	left = (size_t)(body->data + body->len - at);
	for (; left && *at == ' '; at++)
		left--;
	for (len = 0; len < left && len < sizeof(digits) - 1 && isdigit((unsigned char)at[len]);)
		len++;
	snprintf(digits, sizeof(digits), "%.*s", (int)len, at);
	return text_number(digits, 10, 1, INT64_MAX, &id) < 0 ? 0 : (int64_t)id;
}

int service_ask(struct http *http, const struct service_call *call, const char *path,
    const struct buf *content, struct service_answer *answer, json_t **body, struct reason *why)
{
	http_answer_auto came = {0};
	struct http_request request = {.method = call->operation->method,
	    .path = path,
	    .credential = call->credential,
	    .body = content,
	    .fresh = call->operation->kind != OPERATION_READ};
	long wait;
	int r;

	for (unsigned try = 0;; try++) {
		long pause;

		request.deadline = share(call, try);
		r = try_once(http, call, &request, &came, &wait, why);
		answer->status = came.status;
		answer->sent = came.sent;
		answer->wait = wait > 0 ? wait : 0;
		answer->too_large = came.too_large;
		answer->large_id = came.too_large ? first_id(&came.body) : 0;
		if (r == 0)
			return take_body(http, &came, body, why);
		pause = wait >= 0 ? wait * 1000 : (long)pause_for(try);
		if (try + 1 >= call->tries || !may_repeat(call->operation->kind, &came) ||
		    pause >= deadline_left(call->deadline))
			break;
		sleep_for(pause);
	}
	return r;
}

/*
 * Whether the service may have done what it was asked, although this call failed: no answer came, or one that
 * a proxy made of a lost one, or one that cannot be read. 503 is the service's own word for "not now".
 */
static bool is_uncertain(const struct service_call *call, const struct service_answer *answer)
{
	if (call->operation->kind != OPERATION_ONCE || !answer->sent)
		return false;
	return answer->status < 300 || (answer->status >= 500 && answer->status != 503);
}

static int ask_operation(struct http *http, const struct service_call *call, const char *path,
    const struct buf *content, struct service_answer *answer, struct reason *why)
{
	const char *shape = call->operation->shape;
	fetch_json_auto body = NULL;
	int r = shape && *shape == '['
		    ? service_list(http, call, path, answer, &body, why)
		    : service_ask(http, call, path, content, answer, &body, why);

	if (r < 0 || !shape)
		return r;
	if (!body)
		return reason_set(why, -EBADE, "the service's answer is empty");
	return shape_take(shape, body, &answer->result, why);
}

int service_call(struct http *http, const struct service_call *call, struct service_answer *answer,
    struct reason *why)
{
	const struct operation *o = call->operation;
	buf_auto path = {0};
	buf_auto content = {0};
	int r = check_credential(call, why);

	*answer = (struct service_answer){0};
	if (r == 0)
		r = check_arguments(call, why);
	if (r == 0)
		r = add_path(o->path, call->arguments, &path, why);
	if (r == 0)
		r = add_query(call, &path, why);
	if (r == 0 && o->body)
		r = build_body(call, &content);
	if (r < 0)
		return r == -ENOMEM ? reason_errno(why, r, "asking the service") : r;
	r = ask_operation(http, call, path.data, o->body ? &content : NULL, answer, why);
	return r < 0 && is_uncertain(call, answer) ? say_uncertain(why) : r;
}

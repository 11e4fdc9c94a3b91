/* SPDX-License-Identifier: MIT */
/*
 * The side of ravi and ravi-load: see fetch.h. A request and an answer are each one line of JSON on the
 * socket that ravi-fetch has as descriptor 0:
 *
 *	{"operation": "secret.list", "credential": "ravi_id_...", "arguments": {"key": "X"},
 *	 "milliseconds": 30000, "tries": 3, "proxy": "http://..."}
 *	{"error": 0, "status": 200, "wait": 0, "skipped": 0, "skipped_id": 0, "result": [...]}
 *	{"error": -113, "status": 0, "wait": 0, "text": "..."}
 *
 * The proxy is told in the request, because its URL may have a password in it: everybody sees argv.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/paths.h"
#include "fetch/down.h"
#include "fetch/fetch.h"
#include "util/cleanup.h"
#include "util/spawn.h"
#include "util/text.h"
#include "util/wire.h"

#define TRIES       3
#define GRACE       500  /* ms beyond the deadline for ravi-fetch to say that it has passed */
#define END_WITHIN  1000 /* ms for it to end */
#define LOADER_FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL)

struct fetch {
	struct spawn_talk talk;
	enum fetch_use use;
	int status;
	long wait;
	unsigned skipped;
	int64_t skipped_id;
	char *url, *proxy;
};

enum operation_who fetch_credential_kind(const char *credential)
{
	size_t dots = 0;

	if (!strncmp(credential, "ravi_mgmt_", 10) && credential[10])
		return BY_ACCOUNT;
	if (!strncmp(credential, "ravi_id_", 8) && credential[8])
		return BY_IDENTITY;
	/* A JWT: three parts of base64url. rvt_ marks a proof, which is no credential. */
	if (!strncmp(credential, "rvt_", 4))
		return BY_NOBODY;
	for (const char *c = credential; *c; c++) {
		if (*c == '.')
			dots++;
		else if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
			return BY_NOBODY;
		if (*c == '.' && (c == credential || c[1] == '.' || !c[1]))
			return BY_NOBODY;
	}
	return dots == 2 ? BY_EITHER : BY_NOBODY;
}

static bool is_loopback(const char *host, size_t len)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == len && !strncasecmp(names[i], host, len))
			return true;
	return false;
}

/* Scheme, host, port and nothing else that could carry a name, a password or a query. */
static int check_url(const char *url, struct reason *why)
{
	bool plain = !strncmp(url, "http://", 7);
	const char *host = url + (plain ? 7 : 8);
	size_t len = strcspn(host, "/");
	size_t name = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");

	if (!plain && strncmp(url, "https://", 8))
		return reason_set(why, -EINVAL,
		    "service_url = %s in %s: it must begin with https://", url, PATH_CONF);
	for (const char *c = url; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("?#@\\\"'<>%", *c))
			return reason_set(why, -EINVAL,
			    "service_url in %s holds '%c'; it is a scheme and a host: "
			    "https://api.ravi.id",
			    PATH_CONF, *c > ' ' && *c <= '~' ? *c : '?');
	if (!len || !name || name > len || len > 300)
		return reason_set(why, -EINVAL, "service_url = %s in %s names no host", url, PATH_CONF);
	if (host[len] && strcmp(host + len, "/"))
		return reason_set(why, -EINVAL,
		    "service_url = %s in %s has a path; it is a scheme and a host: "
		    "https://api.ravi.id",
		    url, PATH_CONF);
	if (plain && !is_loopback(host, name))
		return reason_set(why, -EINVAL,
		    "service_url = %s in %s: keys go over https alone; http is for this machine itself",
		    url, PATH_CONF);
	return 0;
}

int fetch_check_conf(const struct conf *conf, struct reason *why)
{
	if (!conf->service_url)
		return reason_set(why, -EDESTADDRREQ,
		    "no service is configured; name it in %s: service_url = https://api.ravi.id",
		    PATH_CONF);
	if (conf->service_ca && *conf->service_ca != '/')
		return reason_set(why, -EINVAL, "service_ca = %s in %s is no absolute path",
		    conf->service_ca, PATH_CONF);
	return check_url(conf->service_url, why);
}

/* A proxy's URL may have a password in it. */
static void release(struct fetch *fetch)
{
	if (fetch->proxy)
		wipe(fetch->proxy, strlen(fetch->proxy));
	free(fetch->proxy);
	free(fetch->url);
	free(fetch);
}

int fetch_open(const struct conf *conf, enum fetch_use use, struct fetch **fetch, struct reason *why)
{
	const char *argv[8] = {"ravi-fetch", "--url", conf->service_url};
	const struct spawn what = {.path = PATH_FETCH, .argv = argv, .input = -1};
	size_t n = 3;
	int r = fetch_check_conf(conf, why);

	*fetch = NULL;
	if (r < 0)
		return r;
	if (use == FETCH_LOGIN) {
		r = down_check(conf->service_url, why);
		if (r < 0)
			return r;
	}
	if (conf->service_ca) {
		argv[n++] = "--ca";
		argv[n++] = conf->service_ca;
	}
	if (conf_has_remote_store(conf)) {
		argv[n++] = "--store";
		argv[n++] = conf->store;
	}
	*fetch = calloc(1, sizeof(**fetch));
	if (!*fetch)
		return reason_errno(why, -ENOMEM, "asking the service");
	(*fetch)->use = use;
	(*fetch)->url = strdup(conf->service_url);
	(*fetch)->proxy = conf->service_proxy ? strdup(conf->service_proxy) : NULL;
	r = (*fetch)->url && (!conf->service_proxy || (*fetch)->proxy)
		? spawn_begin(&what, &(*fetch)->talk)
		: -ENOMEM;
	if (r == 0)
		return 0;
	release(*fetch);
	*fetch = NULL;
	return reason_errno(why, r, "starting %s", PATH_FETCH);
}

void fetch_close(struct fetch *fetch)
{
	if (!fetch)
		return;
	spawn_end(&fetch->talk, deadline_in(END_WITHIN));
	release(fetch);
}

void fetch_cleanup(struct fetch **fetch)
{
	fetch_close(*fetch);
	*fetch = NULL;
}

int fetch_status(const struct fetch *fetch)
{
	return fetch->status;
}

long fetch_wait(const struct fetch *fetch)
{
	return fetch->wait;
}

unsigned fetch_skipped(const struct fetch *fetch, int64_t *id)
{
	*id = fetch->skipped_id;
	return fetch->skipped;
}

bool fetch_is_down(int error)
{
	switch (-error) {
	case EHOSTUNREACH:
	case ECONNREFUSED:
	case ETIMEDOUT:
	case EHOSTDOWN:
	case EUSERS:
	case EBADE:
		return true;
	default:
		return false;
	}
}

/* The request as a line. */
static int build(const struct fetch *fetch, const struct fetch_request *request, struct buf *line)
{
	fetch_json_auto root = json_pack("{s:s, s:s*, s:s?, s:O?, s:i, s:i}", "operation",
	    request->operation, "proxy", fetch->proxy, "credential", request->credential,
	    "arguments", request->arguments, "milliseconds", deadline_left(request->deadline),
	    "tries", fetch->use == FETCH_LOGIN ? 1 : TRIES);
	int r = root ? fetch_dump(root, line) : -ENOMEM;

	if (r == 0 && line->len > FETCH_REQUEST_MAX)
		return -E2BIG;
	return r < 0 ? r : buf_add_char(line, '\n');
}

/* Whatever ravi-fetch says that is no failure we know is one of its own. */
static int take_error(struct fetch *fetch, const json_t *answer, struct reason *why)
{
	const char *text = fetch_text(answer, "text");
	int error = (int)json_integer_value(json_object_get(answer, "error"));
	struct reason said = {0};

	if (error >= 0 || error < -4095 || !text || !*text)
		return reason_set(why, -EPROTO, "%s gave no answer that makes sense", PATH_FETCH);
	/* These words came past strangers: nothing in them moves a terminal or a log. */
	reason_set(&said, 0, "%s", text);
	text_tame(said.text);
	if (fetch_is_down(error) && error != -EUSERS)
		down_note(fetch->url, said.text);
	return reason_set(why, error, "%s", said.text);
}

static int take_answer(struct fetch *fetch, const struct operation *operation,
    const struct buf *line, json_t **result, struct reason *why)
{
	fetch_json_auto answer = json_loadb(line->data, line->len, LOADER_FLAGS, NULL);
	const json_t *error = json_object_get(answer, "error");

	if (!json_is_integer(error))
		return reason_set(why, -EPROTO, "%s gave no answer that makes sense", PATH_FETCH);
	fetch->status = (int)json_integer_value(json_object_get(answer, "status"));
	fetch->wait = (long)json_integer_value(json_object_get(answer, "wait"));
	if (fetch->wait < 0 || fetch->wait > 1000000)
		fetch->wait = 0;
	fetch->skipped = (unsigned)json_integer_value(json_object_get(answer, "skipped"));
	fetch->skipped_id = json_integer_value(json_object_get(answer, "skipped_id"));
	if (json_integer_value(error))
		return take_error(fetch, answer, why);
	if (fetch->use == FETCH_LOGIN)
		down_forget();
	if (!operation->shape || !result)
		return 0;
	return shape_take(operation->shape, json_object_get(answer, "result"), result, why);
}

static int converse(struct fetch *fetch, const struct fetch_request *request,
    struct buf *answer, struct reason *why)
{
	struct deadline deadline = {.at = request->deadline.at + GRACE};
	buf_auto line = {0};
	int r = build(fetch, request, &line);

	if (r == -E2BIG)
		return reason_set(why, r, "the request is larger than %u bytes", FETCH_REQUEST_MAX);
	if (r == 0)
		r = wire_send(fetch->talk.fd, line.data, line.len, deadline);
	if (r == 0)
		r = wire_receive(fetch->talk.fd, FETCH_RESULT_MAX, deadline, answer);
	if (r == -ETIMEDOUT)
		return reason_set(why, r, "the service gave no answer in time");
	if (r == 0 && answer->len)
		return 0;
	return reason_set(why, -EPROTO, "%s ended or failed before it answered; the log may say why",
	    PATH_FETCH);
}

int fetch_call(struct fetch *fetch, const struct fetch_request *request, json_t **result,
    struct reason *why)
{
	const struct operation *operation = operation_find(request->operation);
	buf_auto answer = {0};
	int r;

	if (result)
		*result = NULL;
	fetch->status = 0;
	fetch->wait = 0;
	fetch->skipped = 0;
	fetch->skipped_id = 0;
	if (!operation)
		return reason_set(why, -EINVAL, "there is no operation %s", request->operation);
	if (fetch->talk.fd < 0)
		return reason_set(why, -EPROTO, "%s has ended", PATH_FETCH);
	if (!deadline_left(request->deadline))
		return reason_set(why, -ETIMEDOUT, "no time is left to ask the service");
	r = converse(fetch, request, &answer, why);
	if (r == 0)
		return take_answer(fetch, operation, &answer, result, why);
	/* What is out of step stays so. */
	spawn_end(&fetch->talk, deadline_in(0));
	/* It may have been sent before it died. */
	if (operation->kind == OPERATION_ONCE && r != -E2BIG)
		return reason_set(why, -EINPROGRESS,
		    "no answer came; what was asked of the service may have been done or not");
	return r;
}

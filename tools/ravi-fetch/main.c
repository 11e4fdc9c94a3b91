/* SPDX-License-Identifier: MIT */
/*
 * ravi-fetch: asks the Ravi service, for ravi and ravi-load, over the socket that its descriptor 0 is
 * (fetch/fetch.h says what goes over it). It is the one program that touches the network: it has no
 * privileges, sees no vault, and holds a key for as long as one request takes.
 */
#include <config.h>

#include <curl/curl.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "fetch/fetch.h"
#include "reading.h"
#include "sandbox.h"
#include "service/service.h"
#include "stores.h"
#include "util/cli.h"
#include "util/takeover.h"
#include "util/wire.h"
#include "vault/vault.h"

#define IDLE_MILLISECONDS (24 * 3600 * 1000) /* who started it may think so long */

struct values {
	const char *url, *ca, *store;
};

/* What requests are answered with. */
struct serving {
	struct http *http;
	struct stores stores;
};

#define ROW(member) .name = #member, .offset = offsetof(struct values, member)

static const struct option_row options[] = {
    {ROW(url), .kind = OPTION_TEXT, .argument = "URL", .help = "the service"},
    {ROW(ca), .kind = OPTION_TEXT, .argument = "PATH",
	.help = "certificates that may vouch for it, instead of the system's"},
    {ROW(store), .kind = OPTION_TEXT, .argument = "NAME",
	.help = "the store that documents are moved to and from"},
    {0},
};

/* ---- one request ---- */

static int read_request(const json_t *root, struct service_call *call, struct reason *why)
{
	json_int_t milliseconds = json_integer_value(json_object_get(root, "milliseconds"));
	json_int_t tries = json_integer_value(json_object_get(root, "tries"));
	const char *name = fetch_text(root, "operation");

	call->operation = operation_find(name);
	if (!call->operation)
		return reason_set(why, -EINVAL, "there is no operation %s", name ? name : "(none)");
	call->credential = fetch_text(root, "credential");
	call->arguments = json_object_get(root, "arguments");
	if (milliseconds < 0 || milliseconds > 3600 * 1000 || tries < 1 || tries > 10)
		return reason_set(why, -EINVAL, "a deadline or a count that makes no sense");
	call->deadline = deadline_in(milliseconds);
	call->tries = (unsigned)tries;
	return 0;
}

static int say_call(const struct serving *serving, const struct service_call *call,
    struct service_answer *came, struct reason *why)
{
	if (call->operation->method)
		return service_call(serving->http, call, came, why);
	if (!strncmp(call->operation->name, "store.", 6))
		return stores_ask(&serving->stores, serving->http, call, came, why);
	return reading_find(call->operation->name, call->arguments, &came->result, why);
}

static int answer_request(
    const struct serving *serving, const struct buf *request, struct buf *line)
{
	fetch_json_auto root =
	    json_loadb(request->data, request->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	fetch_json_auto answer = NULL;
	struct service_call call = {0};
	struct service_answer came = {0};
	struct reason why = {0};
	int r = read_request(root, &call, &why);

	if (r == 0)
		r = http_use_proxy(serving->http, fetch_text(root, "proxy"), &why);
	if (r == 0)
		r = say_call(serving, &call, &came, &why);
	if (r == 0)
		answer = json_pack("{s:i, s:i, s:I, s:i, s:I, s:o?}", "error", 0, "status",
		    came.status, "wait", (json_int_t)came.wait, "skipped", (int)came.skipped,
		    "skipped_id", (json_int_t)came.skipped_id, "result", came.result);
	else
		answer = json_pack("{s:i, s:i, s:I, s:s}", "error", r, "status", came.status, "wait",
		    (json_int_t)came.wait, "text", *why.text ? why.text : strerror(-r));
	r = answer ? fetch_dump(answer, line) : -ENOMEM;
	return r < 0 ? r : buf_add_char(line, '\n');
}

static int serve(const struct serving *serving)
{
	for (;;) {
		struct deadline idle = deadline_in(IDLE_MILLISECONDS);
		buf_auto request = {0};
		buf_auto line = {0};
		int r = wire_receive(STDIN_FILENO, FETCH_REQUEST_MAX, idle, &request);

		/* Nothing: who started us has no more to ask. */
		if (r < 0 || !request.len)
			return r < 0 ? EXIT_FAILED : EXIT_DONE;
		r = answer_request(serving, &request, &line);
		if (r == 0)
			r = wire_send(STDIN_FILENO, line.data, line.len, idle);
		if (r < 0)
			return EXIT_FAILED;
	}
}

/* ---- what it is ---- */

/* As root does with takeover.h; an agent's own is left behind too. */
static int become_small(struct reason *why)
{
	int r;

	if (geteuid() == 0) {
		r = process_take_over(why);
		if (r == 0)
			r = sandbox_leave_root(FETCH_USER, why);
		return r;
	}
	umask(077);
	clearenv();
	if (close_range(3, ~0u, 0) < 0 || chdir("/") < 0)
		return reason_errno(why, -errno, "leaving behind what was inherited");
	return 0;
}

static int run(void *opaque, int argc, char **argv)
{
	const struct values *values = opaque;
	const struct http_where where = {.url = values->url, .ca = values->ca};
	struct reason why = {0};
	struct serving serving = {0};
	const struct passwd *own = getpwnam(FETCH_USER);
	bool is_own = own && own->pw_uid == geteuid();
	struct stat st;
	int r, code;

	(void)argc, (void)argv;
	if (!values->url)
		return cli_usage("--url is needed: ravi and ravi-load start this program");
	if (fstat(STDIN_FILENO, &st) < 0 || !S_ISSOCK(st.st_mode))
		return cli_usage("descriptor 0 is no socket: ravi and ravi-load start this program");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return cli_fail(-ENOMEM, NULL);
	r = http_open(&where, &serving.http, &why);
	stores_load(values->store, &serving.stores);
	if (r == 0)
		r = sandbox_enter(values->ca, is_own, &why);
	if (r < 0) {
		syslog(LOG_ERR, "%s", why.text);
		return cli_fail(r, &why);
	}
	code = serve(&serving);
	http_close(serving.http);
	return code;
}

static const struct cli_command commands[] = {
    {.name = "", .summary = "Asks the Ravi service.", .options = options, .run = run},
    {0},
};

static const struct cli_program program = {
    .name = "ravi-fetch",
    .summary = "Asks the Ravi service for ravi and ravi-load, without privileges.",
    .commands = commands,
    .see = "ravi(1), ravi.conf(5), ravi(7)",
};

int main(int argc, char **argv)
{
	struct reason why = {0};
	int r;

	r = become_small(&why);
	if (r == 0)
		r = process_guard(&why);
	openlog("ravi-fetch", LOG_PID, LOG_AUTHPRIV);
	if (r < 0) {
		syslog(LOG_ERR, "%s", why.text);
		return cli_fail(r, &why);
	}
	vault_memory_init();
	return cli_main(&program, argc, argv);
}

/* SPDX-License-Identifier: MIT */
/*
 * The client of the service against the contract server: what it sends, what it takes, what it makes of every
 * way in which that can fail, and what it says again.
 */
#include <config.h>

#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract.h"
#include "fetch/fetch.h"
#include "service/clean.h"
#include "service/service.h"
#include "unit.h"
#include "util/cleanup.h"

#define LONG 20000 /* ms; a busy machine */

static struct contract *server;
static struct http *http;

/* One call with all that it came to. */
struct outcome {
	int error;
	struct service_answer answer;
	struct reason why;
};

static void free_outcome(struct outcome *outcome)
{
	json_decref(outcome->answer.result);
}

#define outcome_auto __attribute__((cleanup(free_outcome))) struct outcome

static struct outcome call_at(struct http *where, const char *operation, const char *key,
    const char *arguments, int milliseconds, unsigned tries)
{
	struct outcome o = {0};
	json_t *json = arguments ? json_loads(arguments, 0, NULL) : NULL;
	const struct service_call call = {.operation = operation_find(operation),
	    .credential = key,
	    .arguments = json,
	    .deadline = deadline_in(milliseconds),
	    .tries = tries};

	assert_non_null(call.operation);
	assert_true(!arguments || json);
	o.error = service_call(where, &call, &o.answer, &o.why);
	json_decref(json);
	/* Every failure has its words. */
	assert_true(o.error == 0 || strlen(o.why.text) > 10);
	return o;
}

static struct outcome call(const char *operation, const char *key, const char *arguments)
{
	return call_at(http, operation, key, arguments, LONG, 3);
}

static void tell(const char *command, const char *json)
{
	json_decref(contract_tell(server, command, json));
}

static const char *account(void)
{
	return contract_value(server, "management_key");
}

static const char *agent(void)
{
	return contract_value(server, "identity_key");
}

static struct http *open_at(const char *url)
{
	const struct http_where where = {
	    .url = contract_value(server, url), .ca = contract_value(server, "service_ca")};
	struct http *opened;

	assert_int_equal(http_open(&where, &opened, NULL), 0);
	return opened;
}

/* Everything as it was, but the keys. */
static int clear(void **state)
{
	(void)state;
	tell("faults/clear", NULL);
	tell("log/clear", NULL);
	tell("set", "{\"lists\": \"array\", \"duplicate_rows\": false, \"moving_page\": \"\", "
		    "\"foreign_next\": false, \"page_size\": 50, \"text_ids\": false, "
		    "\"object_channels\": false, \"paid\": true, \"upstream\": true}");
	return 0;
}

/* The failure, and that its sentence has this in it. */
static void fails(const struct outcome *o, int error, const char *words)
{
	if (o->error != error || !strstr(o->why.text, words))
		fail_msg("wanted %d \"%s\", got %d \"%s\"", error, words, o->error, o->why.text);
}

/* ---- what is sent and taken ---- */

static void test_reads_what_it_knows(void **state)
{
	outcome_auto o = call("identity.list", account(), NULL);
	const json_t *first = json_array_get(o.answer.result, 0);

	(void)state;
	assert_int_equal(o.error, 0);
	assert_string_equal(fetch_text(first, "name"), "demo-agent");
	assert_string_equal(fetch_text(first, "uuid"), contract_value(server, "identity"));
	/* Members that no client knows are there, and are not taken. */
	assert_null(json_object_get(first, "x_added_later"));
	contract_check(server);
}

static void test_keeps_its_connection(void **state)
{
	outcome_auto a = call("owner.get", account(), NULL);
	outcome_auto b = call("owner.get", account(), NULL);
	json_t *log = contract_tell(server, "log", NULL);

	(void)state;
	assert_int_equal(a.error + b.error, 0);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(log, 0), "connection")),
	    json_integer_value(json_object_get(json_array_get(log, 1), "connection")));
	json_decref(log);
}

static void test_channels_as_objects(void **state)
{
	outcome_auto o = {0};

	(void)state;
	tell("set", "{\"object_channels\": true}");
	o = call("identity.list", account(), NULL);
	assert_int_equal(o.error, 0);
	assert_memory_equal(fetch_text(json_array_get(o.answer.result, 0), "phone"), "+1555", 5);
}

static void test_secrets(void **state)
{
	outcome_auto made = call("secret.create", agent(), "{\"key\": \"UNIT\", \"value\": \"v1\"}");
	outcome_auto found = call("secret.list", agent(), "{\"key\": \"UNIT\"}");
	outcome_auto changed = {0}, gone = {0}, again = {0};
	char arguments[128];

	(void)state;
	assert_int_equal(made.error, 0);
	assert_int_equal(json_array_size(found.answer.result), 1);
	snprintf(arguments, sizeof(arguments), "{\"uuid\": \"%s\", \"value\": \"v2\"}",
	    fetch_text(made.answer.result, "uuid"));
	changed = call("secret.update", agent(), arguments);
	assert_int_equal(changed.error, 0);
	assert_string_equal(fetch_text(changed.answer.result, "value"), "v2");
	snprintf(arguments, sizeof(arguments), "{\"uuid\": \"%s\"}",
	    fetch_text(made.answer.result, "uuid"));
	gone = call("secret.delete", agent(), arguments);
	assert_int_equal(gone.error, 0);
	again = call("secret.delete", agent(), arguments);
	fails(&again, -ENOKEY, "404");
	contract_check(server);
}

static void test_escapes_what_goes_into_a_path(void **state)
{
	outcome_auto flat = call("mail.list", agent(), NULL);
	outcome_auto thread = {0}, nothing = {0}, up = {0};
	json_t *arguments = json_pack("{s:s}", "id",
	    fetch_text(json_array_get(flat.answer.result, 0), "thread_id"));
	char *text = json_dumps(arguments, 0);

	(void)state;
	assert_non_null(strpbrk(text, "<"));
	thread = call("thread.get", agent(), text);
	assert_int_equal(thread.error, 0);
	assert_int_equal(
	    json_array_size(json_object_get(thread.answer.result, "messages")), 1);
	free(text);
	json_decref(arguments);
	/* An empty id would be the whole collection. */
	nothing = call("mail.get", agent(), "{\"id\": \"\"}");
	fails(&nothing, -EINVAL, "names nothing");
	up = call("mail.get", agent(), "{\"id\": \"..\"}");
	fails(&up, -EINVAL, "names nothing");
	contract_check(server);
}

/* ---- lists ---- */

/* Ids of the mails that are there, each of `count` once. */
static void check_mails(size_t count, const char *arguments)
{
	outcome_auto o = call("mail.list", agent(), arguments);

	assert_int_equal(o.error, 0);
	for (size_t i = 0; i < json_array_size(o.answer.result); i++)
		for (size_t j = 0; j < i; j++)
			assert_false(
			    json_equal(json_object_get(json_array_get(o.answer.result, i), "id"),
				json_object_get(json_array_get(o.answer.result, j), "id")));
	assert_int_equal(json_array_size(o.answer.result), count);
}

static void test_pages(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++)
		tell("mail", "{\"subject\": \"one of many\"}");
	tell("set", "{\"lists\": \"paged\", \"page_size\": 7, \"text_ids\": true}");
	check_mails(31, NULL);
	check_mails(31, "{\"limit\": 200}");
	/* Pages smaller than what is asked for twice. */
	tell("set", "{\"page_size\": 3}");
	check_mails(31, NULL);
	tell("set", "{\"page_size\": 1}");
	check_mails(31, NULL);
	tell("set", "{\"page_size\": 7}");
	tell("set", "{\"duplicate_rows\": true}");
	check_mails(31, NULL);
	contract_check(server);
}

/* Ten mails of a MiB: one page of them is more than an answer may be. */
static void test_pages_of_large_mails(void **state)
{
	buf_auto mail = {0};
	outcome_auto o = {0};

	(void)state;
	buf_add_text(&mail, "{\"subject\": \"large\", \"identity\": \"demo-agent\", \"from\": "
			    "\"large@example.org\", \"text\": \"");
	for (int i = 0; i < 1 << 20; i++)
		buf_add_char(&mail, 'x');
	buf_add_text(&mail, "\"}");
	for (int i = 0; i < 10; i++)
		tell("mail", mail.data);
	o = call("mail.list", agent(), "{\"from_email\": \"large@example.org\"}");
	assert_int_equal(o.error, 0);
	assert_int_equal(json_array_size(o.answer.result), 10);
	contract_check(server);
}

/* Some mails that need pages of one: those behind them, and there are many, are read in larger pages again. */
static void test_pages_grow_again(void **state)
{
	buf_auto mail = {0};
	outcome_auto o = {0};

	(void)state;
	buf_add_text(&mail, "{\"subject\": \"large\", \"identity\": \"demo-agent\", \"from\": "
			    "\"grow@example.org\", \"text\": \"");
	for (int i = 0; i < 5 << 20; i++)
		buf_add_char(&mail, 'x');
	buf_add_text(&mail, "\"}");
	for (int i = 0; i < 2; i++)
		tell("mail", mail.data);
	for (int i = 0; i < 600; i++)
		tell("mail", "{\"subject\": \"small\", \"identity\": \"demo-agent\", \"from\": "
			     "\"grow@example.org\"}");
	tell("log/clear", NULL);
	o = call_at(
	    http, "mail.list", agent(), "{\"from_email\": \"grow@example.org\"}", 120000, 3);
	if (o.error)
		fail_msg("%d: %s", o.error, o.why.text);
	assert_int_equal(json_array_size(o.answer.result), 602);
	contract_check(server);
}

static void test_pages_that_move(void **state)
{
	outcome_auto o = {0};
	bool last = false;

	(void)state;
	tell("set", "{\"lists\": \"paged\", \"page_size\": 7, \"moving_page\": \"delete\"}");
	/* The first row goes while the second page is asked for: none of the others is lost by that. */
	check_mails(31, NULL);
	tell("set", "{\"moving_page\": \"insert\"}");
	o = call("mail.list", agent(), NULL);
	for (size_t i = 0; i < json_array_size(o.answer.result); i++)
		last |= json_integer_value(json_object_get(json_array_get(o.answer.result, i), "id")) < 900000;
	assert_true(last && json_array_size(o.answer.result) >= 31);
}

static void test_pages_stay_on_the_host(void **state)
{
	outcome_auto o = {0};

	(void)state;
	tell("set", "{\"lists\": \"paged\", \"page_size\": 7, \"foreign_next\": true}");
	o = call("mail.list", agent(), NULL);
	fails(&o, -EBADE, "another host");
}

static void test_a_list_that_does_not_end(void **state)
{
	outcome_auto o = {0};
	char fault[512];

	(void)state;
	snprintf(fault, sizeof(fault),
	    "{\"kind\": \"body\", \"path\": \"email-messages\", \"times\": 0, \"body\": {\"count\": 1, "
	    "\"next\": \"%s/api/email-messages/?limit=1&offset=1\", \"results\": [{\"id\": 1}]}}",
	    contract_value(server, "service_url"));
	tell("fault", fault);
	o = call("mail.list", agent(), NULL);
	fails(&o, -EBADE, "does not end");
}

/* ---- failures ---- */

/* A fault on GET /api/master/ that lasts, and what a single try of it comes to. */
static struct outcome strike(const char *fault, int milliseconds)
{
	struct outcome o;

	tell("faults/clear", NULL);
	tell("fault", fault);
	o = call_at(http, "owner.get", account(), NULL, milliseconds, 1);
	tell("faults/clear", NULL);
	return o;
}

static void test_statuses(void **state)
{
	static const struct {
		int status, error;
		const char *words;
	} rows[] = {
	    {400, -EBADRQC, "did not take the request (400): An error on purpose."},
	    {401, -EKEYREJECTED, "does not accept this key (401)"},
	    {402, -EPERM, "plan does not allow it (402)"},
	    {403, -EACCES, "may not do that (403)"},
	    {404, -ENOKEY, "no such thing (404)"},
	    {409, -EEXIST, "conflicts with what is at the service (409)"},
	    {418, -EBADRQC, "(418)"},
	    {500, -EHOSTDOWN, "out of order (500)"},
	    {503, -EHOSTDOWN, "out of order (503)"},
	    {301, -EREMOTE, "redirect (301)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char fault[64];
		outcome_auto o = {0};

		snprintf(fault, sizeof(fault), "{\"kind\": \"status\", \"status\": %d}", rows[i].status);
		o = strike(fault, LONG);
		fails(&o, rows[i].error, rows[i].words);
		assert_int_equal(o.answer.status, rows[i].status);
	}
}

static void test_validation_is_told_by_member(void **state)
{
	outcome_auto o = strike("{\"kind\": \"status\", \"status\": 400, \"body\": {\"email_identifier\": "
				"[\"Too short.\"], \"domain\": [\"Not yours.\"]}}",
	    LONG);

	(void)state;
	fails(&o, -EBADRQC, "email_identifier: Too short.; domain: Not yours.");
}

static void test_throttled(void **state)
{
	outcome_auto body = strike("{\"kind\": \"429-body\", \"seconds\": 7}", LONG);
	outcome_auto header = strike("{\"kind\": \"429-seconds\", \"seconds\": 42}", LONG);
	outcome_auto date = strike("{\"kind\": \"429-date\", \"seconds\": 60}", LONG);
	outcome_auto bare = strike("{\"kind\": \"429-bare\"}", LONG);
	outcome_auto down =
	    strike("{\"kind\": \"status\", \"status\": 503, \"seconds\": 42}", LONG);
	outcome_auto long_off = strike("{\"kind\": \"429-seconds\", \"seconds\": 200000}", LONG);

	(void)state;
	/* The header said an hour. */
	fails(&body, -EUSERS, "try again in 7 s");
	assert_int_equal(body.answer.wait, 7);
	fails(&header, -EUSERS, "try again in 42 s");
	fails(&date, -EUSERS, "try again in ");
	assert_in_range(date.answer.wait, 30, 61);
	fails(&bare, -EUSERS, "try again later");
	/* A service that is being mended says when, too: it is not asked again at once. */
	fails(&down, -EHOSTDOWN, "try again in 42 s");
	/* A wait beyond what is waited at all is no reason to ask again at once. */
	fails(&long_off, -EUSERS, "try again in 86400 s");
}

static void test_what_is_no_answer(void **state)
{
	static const struct {
		const char *fault;
		int error;
		const char *words;
	} rows[] = {
	    {"{\"kind\": \"html-502\"}", -EHOSTDOWN, "out of order (502)"},
	    {"{\"kind\": \"html-200\"}", -EBADE, "no JSON"},
	    {"{\"kind\": \"truncated\"}", -EBADE, "no JSON, or not all of it"},
	    {"{\"kind\": \"deep\"}", -EBADE, "no JSON"},
	    {"{\"kind\": \"null\"}", -EBADE, "not the object"},
	    {"{\"kind\": \"wrong-type\"}", -EBADE, "not the object"},
	    {"{\"kind\": \"empty\"}", -EBADE, "empty"},
	    {"{\"kind\": \"huge-field\"}", -EOVERFLOW, "larger than 8 MiB"},
	    {"{\"kind\": \"endless\"}", -EOVERFLOW, "larger than 8 MiB"},
	    {"{\"kind\": \"huge-header\"}", -EBADE, "larger than"},
	    {"{\"kind\": \"reset\", \"times\": 0}", -EHOSTUNREACH, "broke off"},
	    {"{\"kind\": \"reset-mid-body\"}", -EHOSTUNREACH, "broke off"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		outcome_auto o = strike(rows[i].fault, LONG);

		fails(&o, rows[i].error, rows[i].words);
	}
}

static void test_one_deadline(void **state)
{
	int64_t before = deadline_now();
	outcome_auto hang = strike("{\"kind\": \"hang\"}", 300);
	/* A byte now and then keeps no deadline off. */
	outcome_auto slow = strike("{\"kind\": \"slow\"}", 700);

	(void)state;
	fails(&hang, -ETIMEDOUT, "no answer in time");
	fails(&slow, -ETIMEDOUT, "no answer in time");
	assert_true(deadline_now() - before >= 1000);
	assert_true(deadline_now() - before < LONG);
}

static void test_nobody_listens(void **state)
{
	outcome_auto o = {0};

	(void)state;
	tell("refuse", NULL);
	o = call_at(http, "owner.get", account(), NULL, LONG, 1);
	tell("accept", NULL);
	fails(&o, -ECONNREFUSED, "refuses connections");
}

static void test_unknown_name(void **state)
{
	const struct http_where where = {.url = "https://no-such-host.invalid"};
	struct http *nowhere;
	outcome_auto o = {0};

	(void)state;
	assert_int_equal(http_open(&where, &nowhere, NULL), 0);
	o = call_at(nowhere, "owner.get", account(), NULL, LONG, 1);
	fails(&o, -EHOSTUNREACH, "no-such-host.invalid is not known");
	http_close(nowhere);
}

static void test_bad_certificates(void **state)
{
	static const char *const rows[][2] = {
	    {"wrong_host_url", "is not for this name"},
	    {"self_signed_url", "signed by nobody"},
	    {"expired_url", "has expired"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http *bad = open_at(rows[i][0]);
		outcome_auto o = call_at(bad, "owner.get", account(), NULL, LONG, 3);

		fails(&o, -EHOSTUNREACH, rows[i][1]);
		assert_false(o.answer.sent);
		http_close(bad);
	}
	/* No request, and so no key, got through. */
	assert_int_equal(contract_count(server, NULL), 0);
}

static void test_redirects_are_not_followed(void **state)
{
	outcome_auto o = {0};
	char fault[128];

	(void)state;
	snprintf(fault, sizeof(fault), "{\"kind\": \"redirect\", \"path\": \"master\", \"to\": \"%s/api/identities/\"}",
	    contract_value(server, "service_url"));
	tell("fault", fault);
	o = call("owner.get", account(), NULL);
	fails(&o, -EREMOTE, "service_url");
	assert_int_equal(contract_count(server, NULL), 1);
}

static void test_no_proxy_from_the_environment(void **state)
{
	outcome_auto o = {0};

	(void)state;
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	o = call("owner.get", account(), NULL);
	unsetenv("https_proxy");
	unsetenv("HTTPS_PROXY");
	unsetenv("ALL_PROXY");
	assert_int_equal(o.error, 0);
}

/* Plain http is this machine; a proxy would read the key on its way there. */
static void test_no_proxy_for_plain_http(void **state)
{
	const struct http_where where = {.url = contract_value(server, "control")};
	struct http *plain;
	outcome_auto o = {0}, proxied = {0};

	(void)state;
	assert_int_equal(http_open(&where, &plain, NULL), 0);
	assert_int_equal(http_use_proxy(plain, "http://127.0.0.1:1", NULL), 0);
	o = call_at(plain, "owner.get", account(), NULL, LONG, 1);
	fails(&o, -EBADRQC, "(400)");
	http_close(plain);
	assert_int_equal(http_use_proxy(http, "http://127.0.0.1:1", NULL), 0);
	proxied = call_at(http, "owner.get", account(), NULL, LONG, 1);
	assert_int_equal(http_use_proxy(http, NULL, NULL), 0);
	assert_int_equal(proxied.error, -ECONNREFUSED);
}

static _Noreturn void refuse_all(int listener)
{
	char request[4096];

	for (;;) {
		int client = accept(listener, NULL, NULL);

		if (client < 0 || read(client, request, sizeof(request)) < 0 ||
		    dprintf(client, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") < 0)
			_exit(1);
		close(client);
	}
}

/* A proxy that lets nobody through: its process, and its address in `url`. */
static pid_t start_proxy(char url[64])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (const struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
	snprintf(url, 64, "http://127.0.0.1:%u", ntohs(at.sin_port));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		refuse_all(listener);
	close(listener);
	return pid;
}

/* What went to the proxy alone was not sent to the service: nothing there is uncertain. */
static void test_a_proxy_that_refuses(void **state)
{
	outcome_auto o = {0};
	char url[64];
	pid_t proxy = start_proxy(url);

	(void)state;
	assert_int_equal(http_use_proxy(http, url, NULL), 0);
	o = call_at(http, "identity.create", account(), "{\"name\": \"behind-a-proxy\"}", LONG, 1);
	assert_int_equal(http_use_proxy(http, NULL, NULL), 0);
	kill(proxy, SIGKILL);
	assert_int_equal(waitpid(proxy, NULL, 0), proxy);
	fails(&o, -EHOSTUNREACH, "the proxy does not let it through (403)");
	assert_false(o.answer.sent);
}

/* ---- what is said again ---- */

static void test_reads_are_said_again(void **state)
{
	outcome_auto o = {0}, once = {0};

	(void)state;
	tell("fault", "{\"kind\": \"html-502\", \"times\": 1}");
	tell("fault", "{\"kind\": \"reset\", \"times\": 1}");
	o = call("owner.get", account(), NULL);
	assert_int_equal(o.error, 0);
	assert_int_equal(contract_count(server, NULL), 3);
	tell("fault", "{\"kind\": \"html-502\", \"times\": 0}");
	once = call("owner.get", account(), NULL);
	fails(&once, -EHOSTDOWN, "502");
	assert_int_equal(contract_count(server, NULL), 6);
}

static void test_throttled_writes_are_said_again(void **state)
{
	outcome_auto o = {0}, late = {0};

	(void)state;
	tell("fault", "{\"kind\": \"429-seconds\", \"seconds\": 1, \"times\": 1}");
	o = call("identity.create", account(), "{\"name\": \"throttled\"}");
	assert_int_equal(o.error, 0);
	assert_int_equal(contract_count(server, NULL), 2);
	/* Longer than there is time: said at once. */
	tell("fault", "{\"kind\": \"429-seconds\", \"seconds\": 3000, \"times\": 1}");
	late = call("identity.create", account(), "{\"name\": \"throttled\"}");
	fails(&late, -EUSERS, "3000 s");
	assert_int_equal(contract_count(server, NULL), 3);
}

static size_t identities_named(const char *name)
{
	json_t *all = contract_tell(server, "identities", NULL), *one;
	size_t i, count = 0;

	json_array_foreach(all, i, one)
		count += !strcmp(fetch_text(one, "name"), name);
	json_decref(all);
	return count;
}

/* On a connection that it keeps, libcurl would say a request again by itself. */
static void test_a_lost_answer_makes_no_second_thing(void **state)
{
	outcome_auto warm = call("owner.get", account(), NULL);
	outcome_auto o = {0};

	(void)state;
	assert_int_equal(warm.error, 0);
	tell("fault", "{\"kind\": \"lost-answer\", \"method\": \"POST\", \"times\": 1}");
	o = call("identity.create", account(), "{\"name\": \"only-one\"}");
	fails(&o, -EINPROGRESS, "may have been done or not");
	assert_int_equal(identities_named("only-one"), 1);
	assert_int_equal(contract_count(server, "/api/identities/"), 1);
}

static void test_uncertain_answers(void **state)
{
	static const char *const faults[] = {"html-502", "reset", "truncated", "html-200", "wrong-type"};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		char fault[96];
		outcome_auto o = {0};

		tell("log/clear", NULL);
		snprintf(fault, sizeof(fault), "{\"kind\": \"%s\", \"method\": \"POST\"}", faults[i]);
		tell("fault", fault);
		o = call("identity.create", account(), "{\"name\": \"perhaps\"}");
		fails(&o, -EINPROGRESS, "may have been done or not");
		assert_int_equal(contract_count(server, NULL), 1);
	}
}

/* 503 is the service's own word: it has not done it. */
static void test_provider_down(void **state)
{
	outcome_auto o = {0};

	(void)state;
	tell("set", "{\"upstream\": false}");
	o = call("identity.create", account(), "{\"name\": \"no-phone\", \"provision_phone\": true}");
	fails(&o, -EHOSTDOWN, "phone provider");
	assert_int_equal(identities_named("no-phone"), 0);
}

/* ---- credentials ---- */

static void test_the_credential_decides(void **state)
{
	outcome_auto narrow = call("identity.list", agent(), NULL);
	outcome_auto wide = call("secret.list", account(), NULL);
	outcome_auto proof = call("owner.get", "rvt_a.b.c", NULL);
	outcome_auto junk = call("owner.get", "hello", NULL);
	outcome_auto none = call("owner.get", NULL, NULL);

	(void)state;
	fails(&narrow, -EKEYREJECTED, "management key");
	fails(&wide, -EKEYREJECTED, "identity's own key");
	fails(&proof, -EKEYREJECTED, "no key of the service's");
	fails(&junk, -EKEYREJECTED, "no key of the service's");
	fails(&none, -EKEYREJECTED, "needs a key");
	/* All of it before anything is sent. */
	assert_int_equal(contract_count(server, NULL), 0);
	assert_int_equal(fetch_credential_kind("eyJh.eyJi.c2ln"), BY_EITHER);
	assert_int_equal(fetch_credential_kind("a.b"), BY_NOBODY);
	assert_int_equal(fetch_credential_kind("..."), BY_NOBODY);
	assert_int_equal(fetch_credential_kind("a.b.c\r\nX: y"), BY_NOBODY);
}

static void test_a_revoked_key(void **state)
{
	json_t *made = contract_tell(server, "management-key", NULL);
	json_t *body = json_pack("{s:O}", "key", json_object_get(made, "key"));
	char *text = json_dumps(body, 0);
	outcome_auto o = {0};

	(void)state;
	tell("revoke", text);
	o = call("owner.get", fetch_text(made, "key"), NULL);
	fails(&o, -EKEYREJECTED, "401");
	free(text);
	json_decref(body);
	json_decref(made);
}

static void test_device_flow(void **state)
{
	outcome_auto begun = call("device.begin", NULL, NULL);
	outcome_auto pending = {0}, bad = {0};
	char arguments[256];

	(void)state;
	assert_int_equal(begun.error, 0);
	snprintf(arguments, sizeof(arguments), "{\"device_code\": \"%s\", \"wait\": true}",
	    fetch_text(begun.answer.result, "device_code"));
	pending = call("device.poll", NULL, arguments);
	assert_int_equal(pending.error, 0);
	assert_string_equal(fetch_text(pending.answer.result, "error"), "authorization_pending");
	/* A 400 without a word is no answer of this flow. */
	tell("fault", "{\"kind\": \"status\", \"status\": 400, \"body\": {\"message\": \"no\"}}");
	bad = call("device.poll", NULL, arguments);
	fails(&bad, -EBADRQC, "400");
}

/* ---- what strangers write ---- */

static void check_clean(const char *in, size_t len, const char *out)
{
	buf_auto cleaned = {0};

	assert_int_equal(clean_json(in, len, &cleaned), 0);
	assert_string_equal(buf_text(&cleaned), out);
}

#define CLEAN(in, out) check_clean(in, sizeof(in) - 1, out)

static void test_cleaning(void **state)
{
	(void)state;
	CLEAN("{\"a\": \"b\\u00e9\\n\\\\u0000\"}", "{\"a\": \"b\\u00e9\\n\\\\u0000\"}");
	CLEAN("\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\"");
	CLEAN("\"\\ud83d!\"", "\"\xEF\xBF\xBD!\"");
	CLEAN("\"\\ude00\"", "\"\xEF\xBF\xBD\"");
	CLEAN("\"\\u0000\"", "\"\xEF\xBF\xBD\"");
	CLEAN("\"\xC0\x80\xED\xA0\x80\"", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
	CLEAN("\"\xE2\x82\xAC\xF0\x9F\x98\x80\"", "\"\xE2\x82\xAC\xF0\x9F\x98\x80\"");
	CLEAN("\"\xF4\x90", "\"\xEF\xBF\xBD\xEF\xBF\xBD");
	CLEAN("\\", "\\");
	CLEAN("\\ud8", "\\ud8");
}

static void test_one_bad_mail_hides_no_other(void **state)
{
	outcome_auto o = {0};

	(void)state;
	tell("fault", "{\"kind\": \"body\", \"body\": \"[{\\\"id\\\": 1, \\\"subject\\\": \\\"\\\\ud800\\\\u0000\\\"}, "
		      "{\\\"id\\\": 2, \\\"subject\\\": \\\"fine\\\"}]\"}");
	o = call("mail.list", agent(), NULL);
	assert_int_equal(o.error, 0);
	assert_string_equal(fetch_text(json_array_get(o.answer.result, 0), "subject"),
	    "\xEF\xBF\xBD\xEF\xBF\xBD");
	assert_string_equal(fetch_text(json_array_get(o.answer.result, 1), "subject"), "fine");
}

#define TEST(name) cmocka_unit_test_setup(name, clear)

static const struct CMUnitTest tests[] = {
    TEST(test_reads_what_it_knows),
    TEST(test_keeps_its_connection),
    TEST(test_channels_as_objects),
    TEST(test_secrets),
    TEST(test_escapes_what_goes_into_a_path),
    TEST(test_pages),
    TEST(test_pages_that_move),
    TEST(test_pages_stay_on_the_host),
    TEST(test_a_list_that_does_not_end),
    TEST(test_statuses),
    TEST(test_validation_is_told_by_member),
    TEST(test_throttled),
    TEST(test_what_is_no_answer),
    TEST(test_one_deadline),
    TEST(test_nobody_listens),
    TEST(test_unknown_name),
    TEST(test_bad_certificates),
    TEST(test_redirects_are_not_followed),
    TEST(test_no_proxy_from_the_environment),
    TEST(test_no_proxy_for_plain_http),
    TEST(test_a_proxy_that_refuses),
    TEST(test_reads_are_said_again),
    TEST(test_throttled_writes_are_said_again),
    TEST(test_a_lost_answer_makes_no_second_thing),
    TEST(test_uncertain_answers),
    TEST(test_provider_down),
    TEST(test_the_credential_decides),
    TEST(test_a_revoked_key),
    TEST(test_device_flow),
    TEST(test_cleaning),
    TEST(test_one_bad_mail_hides_no_other),
    TEST(test_pages_of_large_mails),
    TEST(test_pages_grow_again),
};

int main(void)
{
	int failed;

	server = contract_start();
	if (!server) {
		printf("1..0 # SKIP the contract server wants node and openssl\n");
		return 0;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	http = open_at("service_url");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	http_close(http);
	curl_global_cleanup();
	contract_stop(server);
	return failed;
}

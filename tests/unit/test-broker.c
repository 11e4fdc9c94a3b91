/* SPDX-License-Identifier: MIT */
/* libcore/broker: what is said on the broker's socket, and how it gets there, in time or not. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/protocol.h"
#include "util/wire.h"
#include "unit.h"
#include "util/cleanup.h"
#include "util/when.h"
#include "vault/vault.h"

#define SHORT 60 /* milliseconds: a deadline that shall pass */
#define LONG  5000

static int parse(const char *text, struct broker_request *request, struct reason *why)
{
	return broker_request_parse(text, strlen(text), request, why);
}

static void test_a_request_survives_both_ends(void **state)
{
	broker_request_auto sent = {.op = BROKER_SET,
	    .identity = "payments-agent",
	    .name = "CODEX_SESSION_TOKEN",
	    .has_note = true,
	    .has_base = true,
	    .base = 41};
	broker_request_auto got = {0};
	buf_auto line = {0};

	(void)state;
	assert_int_equal(when_parse("2027-01-31T00:00:00Z", &sent.expires), 0);
	buf_add(&sent.value, "a\0\xff\n", 4);
	buf_add_text(&sent.note, "für \"Tests\"");
	assert_int_equal(broker_request_format(&sent, &line), 0);
	/* One line, whatever is in the value. */
	assert_ptr_equal(memchr(line.data, '\n', line.len), line.data + line.len - 1);
	assert_int_equal(broker_request_parse(line.data, line.len, &got, NULL), 0);
	assert_int_equal(got.op, BROKER_SET);
	assert_string_equal(got.identity, sent.identity);
	assert_string_equal(got.name, sent.name);
	assert_int_equal(got.value.len, 4);
	assert_memory_equal(got.value.data, "a\0\xff\n", 4);
	assert_string_equal(buf_text(&got.note), "für \"Tests\"");
	assert_int_equal(got.expires, sent.expires);
	assert_int_equal(got.base, 41);
}

static void test_the_largest_value_fits_a_message(void **state)
{
	broker_request_auto sent = {.op = BROKER_SET, .name = "A", .has_note = true};
	broker_request_auto got = {0};
	buf_auto line = {0};

	(void)state;
	/* What JSON has the longest escapes for. */
	memset(buf_reserve(&sent.value, VAULT_VALUE_MAX), 1, VAULT_VALUE_MAX);
	sent.value.len = VAULT_VALUE_MAX;
	for (unsigned i = 0; i < VAULT_NOTE_MAX; i++)
		buf_add_char(&sent.note, '"');
	assert_int_equal(broker_request_format(&sent, &line), 0);
	assert_true(line.len <= BROKER_MESSAGE_MAX);
	assert_int_equal(broker_request_parse(line.data, line.len, &got, NULL), 0);
	assert_int_equal(got.value.len, VAULT_VALUE_MAX);
	broker_request_free(&got);
	buf_add_char(&sent.value, 1);
	buf_reset(&line);
	assert_int_equal(broker_request_format(&sent, &line), 0);
	assert_int_equal(broker_request_parse(line.data, line.len, &got, NULL), -E2BIG);
}

static void test_what_is_left_out_has_a_meaning(void **state)
{
	broker_request_auto set = {0};
	broker_request_auto gone = {0};

	(void)state;
	assert_int_equal(parse("{\"op\":\"set\",\"name\":\"gh_token\",\"text\":\"v\","
			       "\"expires\":null,\"note\":null,\"base\":0}",
			     &set, NULL),
	    0);
	assert_string_equal(set.name, "GH_TOKEN");
	assert_string_equal(set.identity, "");
	assert_string_equal(buf_text(&set.value), "v");
	assert_false(set.has_note);
	assert_int_equal(set.expires, 0);
	/* None is something else than none said. */
	assert_true(set.has_base);
	assert_int_equal(set.base, 0);
	broker_request_free(&set);
	assert_int_equal(parse("{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\"}", &set, NULL), 0);
	assert_false(set.has_base);
	assert_int_equal(parse(" {\"op\":\"delete\",\"name\":\"A\"} \r", &gone, NULL), 0);
	assert_int_equal(gone.op, BROKER_DELETE);
}

/* What a hostile client may send. Each is refused, with a reason, by bounds and not by luck. */
static const char *const malformed[] = {
    "",
    " ",
    "\n",
    "{",
    "}",
    "{}",
    "null",
    "true",
    "1",
    "\"set\"",
    "[]",
    "[{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\"}]",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\"",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\"}}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\"} {\"op\":\"delete\",\"name\":\"A\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",}",
    "{'op':'set','name':'A','text':'v'}",
    "{\"op\":\"set\",\"op\":\"delete\",\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"name\":\"B\",\"text\":\"v\"}",
    "{\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"A\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"base64\":\"\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"base64\":\"dg==\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"extra\":1}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"\":1}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"uid\":0}",
    "{\"op\":\"get\",\"name\":\"A\"}",
    "{\"op\":\"lease\",\"name\":\"A\"}",
    "{\"op\":\"lease\",\"since\":null}",
    "{\"op\":\"SET\",\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"\",\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":null,\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":0,\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":[\"set\"],\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":{\"op\":\"set\"},\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":1,\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":null,\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":[\"A\"],\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"1A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"_A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"A B\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"A=B\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"@profile\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"../A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"other/A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"A\\u0000B\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"A\\nB\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"\\u00c4\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"identity\":null,\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"identity\":1,\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"identity\":\"\",\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"identity\":\"..\",\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"identity\":\"../agents/first\",\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"identity\":\"/etc/passwd\",\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"identity\":\"first\\u0000\",\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"identity\":\"FIRST\",\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"set\",\"identity\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"name\":\"A\","
    "\"text\":\"v\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":1}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":null}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":[\"v\"]}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":{\"v\":1}}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"a\\u0000b\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"\\ud800\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"\xff\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"\xc0\x80\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"\xed\xa0\x80\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"\x01\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"base64\":\"*\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"base64\":\"dg=\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"base64\":\"dg\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"base64\":\"dh==\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"base64\":\"dg==\\n\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"base64\":\" dg==\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"base64\":1}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"expires\":0}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"expires\":\"\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"expires\":\"tomorrow\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"expires\":\"2027-13-31T00:00:00Z\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"note\":1}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"note\":{}}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"note\":\"a\\u0000b\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"base\":-1}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"base\":1.5}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"base\":1e3}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"base\":\"1\"}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"base\":null}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"base\":true}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"base\":9007199254740992}",
    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"base\":99999999999999999999999999}",
    "{\"op\":\"delete\",\"name\":\"A\",\"text\":\"v\"}",
    "{\"op\":\"delete\",\"name\":\"A\",\"base\":1}",
    "{\"op\":\"delete\",\"name\":\"A\",\"expires\":null}",
    "{\"op\":\"delete\"}",
    "\xef\xbb\xbf{\"op\":\"delete\",\"name\":\"A\"}",
    "\x7f"
    "ELF",
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
};

static void assert_refused(const char *text, size_t len)
{
	broker_request_auto request = {0};
	struct reason why = {0};
	int r = broker_request_parse(text, len, &request, &why);

	if (r != -EINVAL && r != -E2BIG)
		fail_msg("%d for %.200s", r, text);
	if (!*why.text)
		fail_msg("no reason for %.200s", text);
}

static void test_malformed_requests_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++)
		assert_refused(malformed[i], strlen(malformed[i]));
	assert_refused("{\"op\":\"delete\",\"name\":\"A\"}\0", 27);
}

static void test_deep_and_wide_requests_are_refused(void **state)
{
	buf_auto deep = {0}, wide = {0}, note = {0};

	(void)state;
	while (deep.len < BROKER_MESSAGE_MAX)
		buf_add_char(&deep, '[');
	assert_refused(deep.data, deep.len);
	buf_add_text(&wide, "{\"op\":\"delete\",\"name\":\"A\"");
	for (unsigned i = 0; wide.len < BROKER_MESSAGE_MAX; i++)
		buf_addf(&wide, ",\"%u\":1", i);
	buf_add_char(&wide, '}');
	assert_refused(wide.data, wide.len);
	buf_add_text(&note, "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"note\":\"");
	for (unsigned i = 0; i <= VAULT_NOTE_MAX; i++)
		buf_add_char(&note, 'n');
	buf_add_text(&note, "\"}");
	assert_refused(note.data, note.len);
}

/* A good request with one byte changed, cut or added is good or refused, and never read past its end. */
static void test_a_damaged_request_is_read_within_its_bounds(void **state)
{
	static const char good[] = "{\"op\":\"set\",\"identity\":\"payments-agent\",\"name\":\"A\","
				   "\"base64\":\"dg==\",\"expires\":\"2027-01-31T00:00:00Z\","
				   "\"note\":\"n\",\"base\":3}";
	static const unsigned char bytes[] = {
	    0, 1, ' ', '"', ',', '0', ':', '\\', '[', '{', 0x80, 0xff};
	size_t len = sizeof(good) - 1;

	(void)state;
	for (size_t at = 0; at <= len; at++) {
		for (size_t b = 0; b <= sizeof(bytes); b++) {
			broker_request_auto request = {0};
			/* Of exactly its size: the sanitizer sees a read behind it. */
			free_auto char *text = malloc(len);
			size_t size = b == sizeof(bytes) ? at : len;
			int r;

			assert_non_null(text);
			memcpy(text, good, len);
			if (b < sizeof(bytes) && at < len)
				text[at] = (char)bytes[b];
			r = broker_request_parse(text, size, &request, NULL);
			if (r != 0 && r != -EINVAL)
				fail_msg("%d at byte %zu", r, at);
			if (size < len)
				assert_int_equal(r, -EINVAL);
		}
	}
}

static void test_no_reason_quotes_a_value(void **state)
{
	static const char *const texts[] = {
	    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"hunter2\"",
	    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"hunter2\"} hunter2",
	    "{\"op\":\"set\",\"name\":\"A\",\"base64\":\"hunter2\"}",
	    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"hunter2\":1}",
	    "hunter2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		broker_request_auto request = {0};
		struct reason why = {0};

		assert_int_equal(parse(texts[i], &request, &why), -EINVAL);
		assert_null(strstr(why.text, "hunter"));
	}
}

static void test_answers_survive_both_ends(void **state)
{
	static const int errors[] = {-ESTALE, -EACCES, -EPERM, -EINVAL, -ENOKEY, -E2BIG, -EDQUOT,
	    -EAGAIN, -EBUSY, -ETIMEDOUT, -EMSGSIZE, -EIO};
	struct broker_answer got, done = {.version = 7};
	buf_auto line = {0};

	(void)state;
	assert_int_equal(broker_answer_format(&done, &line), 0);
	assert_string_equal(buf_text(&line), "{\"ok\":true,\"version\":7}\n");
	assert_int_equal(broker_answer_parse(line.data, line.len, &got), 0);
	assert_int_equal(got.error, 0);
	assert_int_equal(got.version, 7);
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		struct broker_answer failed = {.error = errors[i]};

		reason_set(&failed.reason, 0, "because of \"x\"");
		buf_reset(&line);
		assert_int_equal(broker_answer_format(&failed, &line), 0);
		assert_int_equal(broker_answer_parse(line.data, line.len, &got), 0);
		assert_int_equal(got.error, errors[i]);
		assert_string_equal(got.reason.text, "because of \"x\"");
	}
}

static void test_an_answer_comes_whatever_the_reason_holds(void **state)
{
	struct broker_answer failed = {.error = -EKEYREJECTED}, got;
	buf_auto line = {0};

	(void)state;
	reason_set(&failed.reason, 0, "cut \xc3 and \x1b[31m");
	assert_int_equal(broker_answer_format(&failed, &line), 0);
	assert_int_equal(broker_answer_parse(line.data, line.len, &got), 0);
	/* What the other side can do nothing about is EIO. */
	assert_int_equal(got.error, -EIO);
	assert_string_equal(got.reason.text, "cut ? and ?[31m");
}

static void test_an_agent_asks_for_its_events(void **state)
{
	broker_request_auto sent = {.op = BROKER_AUDIT, .identity = "further"}, got = {0},
			    bad = {0};
	broker_answer_auto told = {.has_events = true, .cut = true}, heard = {0};
	struct reason why = {0};
	buf_auto line = {0};
	static const char *const refused[] = {"{\"op\":\"audit\",\"name\":\"A\"}",
	    "{\"op\":\"audit\",\"text\":\"v\"}", "{\"op\":\"audit\",\"since\":1}",
	    "{\"op\":\"audit\",\"since\":\"yesterday\"}",
	    "{\"op\":\"audit\",\"since\":\"1900-01-01T00:00:00Z\"}",
	    "{\"op\":\"set\",\"name\":\"A\",\"text\":\"v\",\"since\":null}",
	    "{\"op\":\"audit\",\"identity\":\"../x\"}"};

	(void)state;
	assert_int_equal(when_parse("2027-01-31T00:00:00Z", &sent.since), 0);
	assert_int_equal(broker_request_format(&sent, &line), 0);
	assert_int_equal(broker_request_parse(line.data, line.len, &got, NULL), 0);
	assert_int_equal(got.op, BROKER_AUDIT);
	assert_string_equal(got.identity, "further");
	assert_int_equal(got.since, sent.since);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_int_equal(parse(refused[i], &bad, &why), -EINVAL);
	buf_add_text(&told.events, "1 event=a cause=\"x \\\"y\\\"\"\n2 event=b\n");
	buf_reset(&line);
	assert_int_equal(broker_answer_format(&told, &line), 0);
	assert_int_equal(broker_answer_parse(line.data, line.len, &heard), 0);
	assert_true(heard.has_events && heard.cut);
	assert_string_equal(buf_text(&heard.events), buf_text(&told.events));
}

/* As many as the answer is said to hold, each of the characters that take the most. */
static void test_as_many_events_as_may_be_fit_a_message(void **state)
{
	broker_answer_auto told = {.has_events = true};
	buf_auto line = {0};
	size_t size = 0, one;
	char event[101];

	(void)state;
	memset(event, '"', sizeof(event) - 1);
	event[sizeof(event) - 1] = '\0';
	one = broker_event_size(event, sizeof(event) - 1);
	for (; size + one <= BROKER_EVENTS_MAX; size += one) {
		buf_add_text(&told.events, event);
		buf_add_char(&told.events, '\n');
	}
	assert_int_equal(broker_answer_format(&told, &line), 0);
	assert_true(line.len > size && line.len <= BROKER_MESSAGE_MAX);
}

static void test_what_is_no_answer_is_told(void **state)
{
	static const char *const texts[] = {"", "{}", "[]", "{\"ok\":1}", "{\"ok\":true}",
	    "{\"ok\":true,\"version\":\"7\"}", "{\"ok\":true,\"version\":-1}", "{\"ok\":false}",
	    "{\"ok\":false,\"error\":1}", "HTTP/1.1 400",
	    "{\"ok\":true,\"version\":0,\"events\":[1]}",
	    "{\"ok\":true,\"version\":0,\"events\":[\"a\\nb\"]}"};
	struct broker_answer got;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(broker_answer_parse(texts[i], strlen(texts[i]), &got), -EPROTO);
}

/* ---- on the wire ---- */

struct pair {
	int here, there;
};

static void pair_make(struct pair *pair)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*pair = (struct pair){.here = ends[0], .there = ends[1]};
}

static void pair_close(struct pair *pair)
{
	close(pair->here);
	close(pair->there);
}

static int receive_of(const char *sent, bool end, size_t max, struct buf *message)
{
	struct pair pair;
	int r;

	pair_make(&pair);
	assert_int_equal(wire_send(pair.there, sent, strlen(sent), deadline_in(LONG)), 0);
	if (end)
		shutdown(pair.there, SHUT_WR);
	r = wire_receive(pair.here, max, deadline_in(SHORT), message);
	pair_close(&pair);
	return r;
}

static void test_a_message_ends_with_its_line_or_its_sender(void **state)
{
	buf_auto line = {0}, end = {0}, nothing = {0}, more = {0}, half = {0};

	(void)state;
	assert_int_equal(receive_of("abc\n", false, 10, &line), 0);
	assert_string_equal(buf_text(&line), "abc");
	assert_int_equal(receive_of("abc", true, 10, &end), 0);
	assert_string_equal(buf_text(&end), "abc");
	assert_int_equal(receive_of("", true, 10, &nothing), 0);
	assert_int_equal(nothing.len, 0);
	assert_int_equal(receive_of("abc\nd", false, 10, &more), -EBADMSG);
	assert_int_equal(receive_of("abc", false, 10, &half), -ETIMEDOUT);
}

static void test_a_message_has_a_largest_size(void **state)
{
	buf_auto fits = {0}, over = {0}, endless = {0};

	(void)state;
	assert_int_equal(receive_of("0123456789\n", false, 10, &fits), 0);
	assert_int_equal(receive_of("0123456789a\n", false, 10, &over), -EMSGSIZE);
	/* It is not waited for the end of what is too long already. */
	assert_int_equal(receive_of("0123456789a", false, 10, &endless), -EMSGSIZE);
}

static void test_descriptors_that_come_along_are_dropped(void **state)
{
	union {
		char room[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	char text[] = "abc\n";
	struct iovec piece = {.iov_base = text, .iov_len = sizeof(text) - 1};
	struct msghdr message = {.msg_iov = &piece,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	buf_auto got = {0};
	struct pair pair;
	int next, fds[8];

	(void)state;
	pair_make(&pair);
	for (size_t i = 0; i < 8; i++)
		fds[i] = pair.there;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(header), fds, sizeof(fds));
	assert_int_equal(sendmsg(pair.there, &message, 0), 4);
	next = dup(0);
	close(next);
	assert_int_equal(wire_receive(pair.here, 10, deadline_in(SHORT), &got), 0);
	assert_string_equal(buf_text(&got), "abc");
	fds[0] = dup(0);
	assert_int_equal(fds[0], next);
	close(fds[0]);
	pair_close(&pair);
}

static void test_sending_to_nobody_is_an_error_and_no_signal(void **state)
{
	char block[4096] = "";
	struct pair pair;
	int r = 0;

	(void)state;
	pair_make(&pair);
	/* Somebody who does not read. */
	for (int i = 0; i < 1024 && r == 0; i++)
		r = wire_send(pair.here, block, sizeof(block), deadline_in(SHORT));
	assert_int_equal(r, -ETIMEDOUT);
	close(pair.there);
	r = wire_send(pair.here, block, sizeof(block), deadline_in(SHORT));
	assert_true(r == -EPIPE || r == -ECONNRESET);
	close(pair.here);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_request_survives_both_ends),
	    cmocka_unit_test(test_the_largest_value_fits_a_message),
	    cmocka_unit_test(test_what_is_left_out_has_a_meaning),
	    cmocka_unit_test(test_malformed_requests_are_refused),
	    cmocka_unit_test(test_deep_and_wide_requests_are_refused),
	    cmocka_unit_test(test_a_damaged_request_is_read_within_its_bounds),
	    cmocka_unit_test(test_no_reason_quotes_a_value),
	    cmocka_unit_test(test_answers_survive_both_ends),
	    cmocka_unit_test(test_an_answer_comes_whatever_the_reason_holds),
	    cmocka_unit_test(test_an_agent_asks_for_its_events),
	    cmocka_unit_test(test_as_many_events_as_may_be_fit_a_message),
	    cmocka_unit_test(test_what_is_no_answer_is_told),
	    cmocka_unit_test(test_a_message_ends_with_its_line_or_its_sender),
	    cmocka_unit_test(test_a_message_has_a_largest_size),
	    cmocka_unit_test(test_descriptors_that_come_along_are_dropped),
	    cmocka_unit_test(test_sending_to_nobody_is_an_error_and_no_signal),
	};

	vault_memory_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * What an agent sends to the broker, and what the broker answers: over the wire, then as a request and as an
 * answer. What is taken can be said again, and means the same.
 */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/protocol.h"
#include "util/wire.h"
#include "fuzz.h"
#include "util/cleanup.h"
#include "vault/vault.h"

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

static void request(const void *text, size_t len)
{
	broker_request_auto first = {0}, second = {0};
	struct reason why = {0};
	buf_auto line = {0};
	int r = broker_request_parse(text, len, &first, &why);

	MUST(r == 0 || r == -EINVAL || r == -E2BIG);
	MUST(r == 0 || *why.text);
	if (r < 0)
		return;
	MUST(first.op != BROKER_SET || (first.value.len && first.value.len <= VAULT_VALUE_MAX));
	r = broker_request_format(&first, &line);
	MUST(r == 0 || r == -E2BIG);
	if (r < 0)
		return;
	MUST(line.data[line.len - 1] == '\n' && memchr(line.data, '\n', line.len - 1) == NULL);
	MUST(broker_request_parse(line.data, line.len - 1, &second, &why) == 0);
	MUST(first.op == second.op && first.expires == second.expires && first.base == second.base);
	MUST(first.since == second.since);
	MUST(!strcmp(first.identity, second.identity) && !strcmp(first.name, second.name));
	MUST(same(&first.value, &second.value) && same(&first.note, &second.note));
}

static void answer(const void *text, size_t len)
{
	broker_answer_auto first = {0}, second = {0};
	buf_auto line = {0}, again = {0};
	int r = broker_answer_parse(text, len, &first);

	MUST(r == 0 || r == -EPROTO);
	if (r < 0)
		return;
	MUST(first.error <= 0);
	MUST(broker_answer_format(&first, &line) == 0);
	MUST(broker_answer_parse(line.data, line.len - 1, &second) == 0);
	MUST(first.error == second.error && first.version == second.version);
	MUST(first.has_events == second.has_events && first.cut == second.cut);
	MUST(same(&first.events, &second.events));
	/* In words that are plain ASCII after the first time. */
	MUST(broker_answer_format(&second, &again) == 0 && same(&line, &again));
}

/* All of it at once, then the end. */
static void wire(const uint8_t *data, size_t size)
{
	buf_auto message = {0};
	int ends[2], r;

	if (size > 60000)
		return; /* more than a socket takes without a reader */
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	MUST(!size || write(ends[0], data, size) == (ssize_t)size);
	close(ends[0]);
	r = wire_receive(ends[1], 32768, deadline_in(10000), &message);
	close(ends[1]);
	MUST(r == 0 || r == -EMSGSIZE || r == -EBADMSG);
	if (r < 0)
		return;
	MUST(message.len <= 32768 && message.len <= size);
	MUST(!message.len || !memchr(message.data, '\n', message.len));
	MUST(!message.len || !memcmp(message.data, data, message.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;

	if (!ready)
		vault_memory_init();
	ready = true;
	request(data, size);
	answer(data, size);
	wire(data, size);
	return 0;
}

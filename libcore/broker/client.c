/* SPDX-License-Identifier: MIT */
/* Asking the broker: see client.h. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "broker/client.h"
#include "broker/protocol.h"
#include "util/wire.h"
#include "config/paths.h"
#include "util/cleanup.h"

#define PAUSE_LEAST 5 /* milliseconds before a busy broker is asked again */
#define PAUSE_MOST  50

static void pause_a_little(void)
{
	unsigned random = 0;
	long milliseconds;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (unsigned)getpid();
	milliseconds = PAUSE_LEAST + (long)(random % (PAUSE_MOST - PAUSE_LEAST));
	nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000L}, NULL);
}

static int not_running(int error, struct reason *why)
{
	if (error == -ENOENT || error == -ECONNREFUSED)
		return reason_set(why, -ECONNREFUSED,
		    "the broker is not running; as root: systemctl enable --now "
		    "ravi-broker.socket, or %s --listen",
		    PATH_BROKER);
	return reason_errno(why, error, "connecting to the broker at %s", PATH_BROKER_SOCKET);
}

/* A full backlog is EAGAIN here, and not EINPROGRESS. */
static int broker_connect(struct deadline deadline, struct reason *why)
{
	fd_auto fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;

	if (fd < 0)
		return reason_errno(why, -errno, "asking the broker");
	if (wire_address(PATH_BROKER_SOCKET, &address) < 0)
		return not_running(-ENAMETOOLONG, why);
	while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return not_running(-errno, why);
		if (!deadline_left(deadline))
			return reason_set(why, -ETIMEDOUT,
			    "the broker is busy and took no connection in time; try again");
		pause_a_little();
	}
	return take_fd(&fd);
}

static int no_answer(int error, struct reason *why)
{
	if (error == -EPROTO)
		return reason_set(why, error,
		    "the broker's answer is none; are ravi-broker and this program of one "
		    "version?");
	if (error == -ETIMEDOUT)
		return reason_set(why, error,
		    "the broker did not answer in time; whether it was stored: ravi secrets list");
	return reason_errno(
	    why, error, "the broker gave no answer; whether it was stored: ravi secrets list");
}

/* One connection. A broker that refuses without reading makes sending fail, and still has an answer. */
static int exchange(const struct buf *line, struct deadline deadline, struct broker_answer *answer,
    struct reason *why)
{
	buf_auto message = {0};
	fd_auto fd = broker_connect(deadline, why);
	int r;

	if (fd < 0)
		return fd;
	r = wire_send(fd, line->data, line->len, deadline);
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		return no_answer(r, why);
	r = wire_receive(fd, BROKER_MESSAGE_MAX, deadline, &message);
	if (r == 0 && !message.len)
		r = -ECONNRESET;
	if (r == 0)
		r = broker_answer_parse(message.data, message.len, answer);
	return r < 0 ? no_answer(r, why) : 0;
}

/* The answer's own error is returned, too. */
static int ask(const struct broker_request *request, struct deadline deadline,
    struct broker_answer *answer, struct reason *why)
{
	buf_auto line = {0};
	int r = broker_request_format(request, &line);

	if (r < 0)
		return reason_errno(why, r, "asking the broker to %s %s",
		    broker_op_word(request->op), request->name);
	for (;;) {
		broker_answer_free(answer);
		r = exchange(&line, deadline, answer, why);
		if (r < 0)
			return r;
		if (answer->error != -EAGAIN || !deadline_left(deadline))
			break;
		pause_a_little();
	}
	return answer->error < 0 ? reason_set(why, answer->error, "%s", answer->reason.text) : 0;
}

static int name_it(
    struct broker_request *request, const char *identity, const char *name, struct reason *why)
{
	int r = identity ? identity_name_check(identity, why) : 0;

	if (r < 0)
		return r;
	if (identity)
		strcpy(request->identity, identity);
	return secret_name_fold(name, request->name, why);
}

int broker_set(const struct broker_write *write, struct deadline deadline, uint64_t *version,
    struct reason *why)
{
	broker_request_auto request = {.op = BROKER_SET,
	    .expires = write->expires,
	    .has_base = write->has_base,
	    .base = write->base,
	    .has_note = write->note != NULL};
	broker_answer_auto answer = {0};
	int r = name_it(&request, write->identity, write->name, why);

	if (r < 0)
		return r;
	buf_add(&request.value, write->value, write->len);
	if (write->note)
		buf_add_text(&request.note, write->note);
	if (request.value.error || request.note.error)
		return reason_errno(why, -ENOMEM, "asking the broker to set %s", request.name);
	r = ask(&request, deadline, &answer, why);
	if (version)
		*version = answer.version;
	return r;
}

int broker_delete(
    const char *identity, const char *name, struct deadline deadline, struct reason *why)
{
	broker_request_auto request = {.op = BROKER_DELETE};
	broker_answer_auto answer = {0};
	int r = name_it(&request, identity, name, why);

	return r < 0 ? r : ask(&request, deadline, &answer, why);
}

int broker_lease(const char *identity, struct deadline deadline, struct reason *why)
{
	broker_request_auto request = {.op = BROKER_LEASE};
	broker_answer_auto answer = {0};
	int r = identity ? identity_name_check(identity, why) : 0;

	if (r == 0 && identity)
		strcpy(request.identity, identity);
	return r < 0 ? r : ask(&request, deadline, &answer, why);
}

int broker_events(const char *identity, time_t since, struct deadline deadline, struct buf *events,
    bool *cut, struct reason *why)
{
	broker_request_auto request = {.op = BROKER_AUDIT, .since = since};
	broker_answer_auto answer = {0};
	int r = identity ? identity_name_check(identity, why) : 0;

	if (r == 0 && identity)
		strcpy(request.identity, identity);
	if (r == 0)
		r = ask(&request, deadline, &answer, why);
	if (r < 0)
		return r;
	buf_move(events, &answer.events);
	*cut = answer.cut;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* One connection: see serve.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "broker/protocol.h"
#include "util/wire.h"
#include "lease.h"
#include "limits.h"
#include "peer.h"
#include "serve.h"
#include "tell.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "write.h"

#define REQUEST_MILLISECONDS 2000 /* until the request is here */
#define TOTAL_MILLISECONDS   5000 /* until the answer is out */
#define LAST_SECONDS         9 /* until the kernel ends us: that, the wait for the trail, and some */

struct serving {
	int fd;
	struct deadline deadline;
	uid_t uid;
	struct agent agent;
	bool has_agent;
	struct conf conf;
	struct broker_request request;
	struct writing writing;
};

#define serving_auto __attribute__((cleanup(serving_free))) struct serving

static void serving_free(struct serving *serving)
{
	broker_request_free(&serving->request);
	conf_free(&serving->conf);
}

/* Reported by every login already; it changes nothing here. */
static void ignore_unknown(void *context, const char *where, const char *key)
{
	(void)context, (void)where, (void)key;
}

static int receive(struct serving *serving, struct buf *message, struct reason *why)
{
	int r = wire_receive(
	    serving->fd, BROKER_MESSAGE_MAX, deadline_in(REQUEST_MILLISECONDS), message);

	if (r == -EMSGSIZE)
		return reason_set(why, r, "the request has more than %u bytes", BROKER_MESSAGE_MAX);
	if (r == -EBADMSG)
		return reason_set(why, -EINVAL, "the request goes on behind its line");
	if (r == -ETIMEDOUT)
		return reason_set(why, r, "the request did not come within %d seconds",
		    REQUEST_MILLISECONDS / 1000);
	return r < 0 ? reason_errno(why, r, "receiving the request") : 0;
}

/* The identity that is meant: another user's is refused in the words of one that does not exist. */
static int choose_identity(struct serving *serving, struct reason *why)
{
	const struct agent *agent = &serving->agent;
	const char *named = serving->request.identity;

	if (*named && !agent_has(agent, named))
		return reason_set(why, -EACCES, "%s has no identity %s", agent->user, named);
	serving->writing = (struct writing){
	    .conf = &serving->conf,
	    .agent = agent,
	    .identity = *named ? named : agent->identities[0],
	    .request = &serving->request,
	};
	return 0;
}

static int handle(struct serving *serving, struct broker_answer *answer, struct reason *why)
{
	fd_auto limits = -1;
	buf_auto message = {0};
	int r = peer_agent(serving->fd, &serving->uid, &serving->agent, why);

	serving->has_agent = r == 0;
	if (r < 0)
		return r;
	limits = limits_enter(serving->agent.user, why);
	if (limits < 0)
		return limits;
	r = receive(serving, &message, why);
	if (r == 0)
		r = limits_wait_turn(limits, serving->deadline, why);
	if (r == 0)
		r = limits_count(limits, why);
	if (r == 0)
		r = broker_request_parse(message.data, message.len, &serving->request, why);
	if (r == 0)
		r = conf_load(&serving->conf, 0, NULL, ignore_unknown, NULL, why) < 0 ? -EIO : 0;
	if (r == 0)
		r = choose_identity(serving, why);
	if (r < 0)
		return r;
	if (serving->request.op == BROKER_LEASE)
		return lease_ask(&serving->writing, why);
	if (serving->request.op == BROKER_AUDIT)
		return tell_events(&serving->agent, &serving->request, answer, why);
	return write_secret(&serving->writing, serving->deadline, why);
}

static const char *result_word(int error)
{
	if (error == 0)
		return "done";
	return error == -EPERM || error == -EACCES || error == -EDQUOT || error == -EAGAIN
		   ? "denied"
		   : "failed";
}

/* What became of the secret, in the same words whoever changed it. */
static void audit_change(const struct serving *serving, struct audit_batch *events, const char *uid)
{
	const struct broker_request *request = &serving->request;
	const struct writing *writing = &serving->writing;
	char version[24], revision[24];
	const char *event = request->op == BROKER_DELETE ? "delete"
			    : request->has_base          ? "write-back"
							 : audit_set_event(writing->version);

	if (!writing->is_stored && !writing->is_stale)
		return;
	snprintf(version, sizeof(version), "%llu", (unsigned long long)writing->version);
	snprintf(revision, sizeof(revision), "%llu", (unsigned long long)writing->revision);
	audit_add(events, event, writing->is_stale ? "conflict" : "done", "user",
	    serving->agent.user, "identity", writing->identity, "name", request->name, "version",
	    writing->version ? version : NULL, "revision", revision, "by", uid, "via", "broker",
	    NULL);
}

static void audit_request(
    const struct serving *serving, struct audit_batch *events, int error, const struct reason *why)
{
	const struct broker_request *request = &serving->request;
	const char *identity = serving->writing.identity;
	char uid[12], version[24];

	if (!identity && *request->identity)
		identity = request->identity;
	snprintf(uid, sizeof(uid), "%u", serving->uid);
	snprintf(version, sizeof(version), "%llu", (unsigned long long)serving->writing.version);
	audit_add(events, "broker", result_word(error), "op",
	    *request->name || request->op >= BROKER_AUDIT ? broker_op_word(request->op) : NULL,
	    "user", serving->has_agent ? serving->agent.user : NULL, "uid", uid, "identity",
	    identity, "name", *request->name ? request->name : NULL, "version",
	    serving->writing.version ? version : NULL, "cause", error < 0 ? why->text : NULL, NULL);
	audit_change(serving, events, uid);
}

int serve(int fd)
{
	serving_auto serving = {.fd = fd, .deadline = deadline_in(TOTAL_MILLISECONDS)};
	broker_answer_auto answer = {0};
	audit_batch_auto events = {0};
	buf_auto line = {0};

	/* Closing a descriptor that came along can take as long as its sender likes. */
	alarm(LAST_SECONDS);
	answer.error = handle(&serving, &answer, &answer.reason);
	answer.version = serving.writing.version;
	audit_request(&serving, &events, answer.error, &answer.reason);
	/* Whoever went away before the answer does not need it. */
	if (broker_answer_format(&answer, &line) == 0)
		wire_send(fd, line.data, line.len, serving.deadline);
	/* Who asks in vain all day shall not push out of the trail what others did. */
	if (answer.error == 0 || serving.writing.is_stored || limits_note_refusal(serving.uid))
		audit_flush(&events);
	return cli_exit_code(answer.error);
}

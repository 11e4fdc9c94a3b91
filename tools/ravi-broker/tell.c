/* SPDX-License-Identifier: MIT */
/* What the audit trail has of an agent: see tell.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "audit/query.h"
#include "tell.h"

#define FILES 2 /* of the trail, the newest, in which an agent's events are looked for */

struct telling {
	struct audit_query query;
	struct broker_answer *answer;
};

static int tell_line(void *context, const struct audit_place *place, const char *bytes, size_t len)
{
	struct telling *telling = context;
	struct buf *events = &telling->answer->events;
	struct audit_line line;

	(void)place;
	if (audit_parse_line(bytes, len, &line) < 0)
		return 0;
	/* An agent of the same name that was here before is another one. */
	if (audit_made_agent(telling->query.own, &line))
		buf_cut(events, 0);
	if (!audit_matches(&telling->query, &line))
		return 0;
	buf_add(events, bytes, len);
	return buf_add_char(events, '\n');
}

/* The newest lines that fit. */
static int keep_newest(struct broker_answer *answer)
{
	const char *data = buf_text(&answer->events);
	size_t at = answer->events.len, size = 0;
	buf_auto kept = {0};

	while (at) {
		const char *newline = at > 1 ? memrchr(data, '\n', at - 1) : NULL;
		size_t start = newline ? (size_t)(newline - data) + 1 : 0;

		size += broker_event_size(data + start, at - 1 - start);
		if (size > BROKER_EVENTS_MAX)
			break;
		at = start;
	}
	answer->cut = at > 0;
	if (!at)
		return 0;
	buf_add(&kept, data + at, answer->events.len - at);
	buf_move(&answer->events, &kept);
	return answer->events.error;
}

int tell_events(const struct agent *agent, const struct broker_request *request,
    struct broker_answer *answer, struct reason *why)
{
	struct telling telling = {.answer = answer,
	    .query = {.own = agent,
		.identity = *request->identity ? request->identity : NULL,
		.carrier = agent->user,
		.since = (int64_t)request->since * 1000}};
	const struct audit_walk walk = {.newest = FILES, .since = telling.query.since};
	int r = audit_walk(&audit_machine_trail, &walk, tell_line, &telling, why);

	answer->has_events = true;
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = keep_newest(answer);
	return r < 0 ? reason_errno(why, r, "reading the audit trail") : 0;
}

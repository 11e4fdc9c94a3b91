/* SPDX-License-Identifier: MIT */
/* Which lines of the trail somebody asks for. */
#ifndef RAVI_AUDIT_QUERY_H
#define RAVI_AUDIT_QUERY_H

#include "audit/trail.h"
#include "identity/agent.h"

/* Every condition that is not NULL (0) must hold. */
struct audit_query {
	/* An agent's lines: of its user, and of its identities when they are its. */
	const struct agent *own;
	const char *identity; /* this identity's, and what became of the ring that it is in */
	const char *carrier;  /* whose ring that is; NULL: nobody's */
	const char *user;
	const char *event;
	int64_t since; /* milliseconds since 1970 */
};

bool audit_matches(const struct audit_query *query, const struct audit_line *line);

/* Whether the agent was made by this event: what was before it is a former one's. */
bool audit_made_agent(const struct agent *agent, const struct audit_line *line);

#endif

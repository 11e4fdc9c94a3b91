/* SPDX-License-Identifier: MIT */
/* Which lines of the trail somebody asks for: see query.h. */
#include <config.h>

#include "audit/query.h"

/* A ring holds all identities of its user, and its events name the default one or none. */
static bool is_ring_event(const struct audit_line *line)
{
	return audit_field_is(line, "event", "load") || audit_field_is(line, "event", "release") ||
	       audit_field_is(line, "event", "deny");
}

/* An identity's name may have been another user's before. */
static bool is_own(const struct agent *agent, const struct audit_line *line)
{
	if (audit_field(line, "user"))
		return audit_field_is(line, "user", agent->user);
	for (size_t i = 0; i < agent->count; i++)
		if (audit_field_is(line, "identity", agent->identities[i]))
			return true;
	return false;
}

static bool is_of_identity(const struct audit_query *query, const struct audit_line *line)
{
	return audit_field_is(line, "identity", query->identity) ||
	       (query->carrier && is_ring_event(line) &&
		   audit_field_is(line, "user", query->carrier));
}

bool audit_matches(const struct audit_query *query, const struct audit_line *line)
{
	return line->time >= query->since && (!query->own || is_own(query->own, line)) &&
	       (!query->identity || is_of_identity(query, line)) &&
	       (!query->user || audit_field_is(line, "user", query->user)) &&
	       (!query->event || audit_field_is(line, "event", query->event));
}

bool audit_made_agent(const struct agent *agent, const struct audit_line *line)
{
	return (audit_field_is(line, "event", "identity-create") ||
		   audit_field_is(line, "entry", "new")) &&
	       audit_field_is(line, "result", "done") &&
	       audit_field_is(line, "user", agent->user) &&
	       audit_field_is(line, "identity", agent->identities[0]);
}

/* SPDX-License-Identifier: MIT */
/*
 * That one machine alone uses a login which codex renews: see place_lease in place.h. An API key or an access token
 * may be used anywhere.
 */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "broker/client.h"
#include "place.h"

#define LOOK_AGAIN 100 /* ms */

static bool needs_lease(const struct place *place, const struct login *login)
{
	struct codex_facts facts;

	if (!*place->profile.lease || !strcmp(place->profile.lease, RING_LEASE_HERE) ||
	    login->form != CODEX_AUTH_FILE || !login->value.len)
		return false;
	codex_facts_of(login->form, &login->value, &facts);
	return facts.has_refresh;
}

static int read_again(struct place *place, struct reason *why)
{
	ring_profile_free(&place->profile);
	place->profile = (struct ring_profile){0};
	return ring_read_profile(&place->ring, place->identity, &place->profile, why);
}

/* While root's programs ask the service, as `why` says. */
static int await(
    struct place *place, const struct login *login, struct deadline deadline, struct reason *why)
{
	const struct timespec pause = {.tv_nsec = LOOK_AGAIN * 1000000L};
	struct reason said = *why;

	while (deadline_left(deadline)) {
		int r;

		nanosleep(&pause, NULL);
		r = read_again(place, why);
		if (r < 0)
			return r;
		if (!needs_lease(place, login))
			return 0;
		/* Somebody else was faster, whose name the broker knows. */
		if (strcmp(place->profile.lease, RING_LEASE_FREE) != 0)
			return broker_lease(place->identity, deadline_in(BROKER_MILLISECONDS), why);
	}
	return reason_set(why, -ETIMEDOUT,
	    "%.300s; ravi-sync.path or ravi sync --watch sees to it, an administrator with: ravi "
	    "identity lease %s --take-over",
	    said.text, place->choice.identity);
}

int place_lease(
    struct place *place, const struct login *login, struct deadline deadline, struct reason *why)
{
	int r;

	if (!needs_lease(place, login))
		return 0;
	r = broker_lease(place->identity, deadline, why);
	return r == -EINPROGRESS ? await(place, login, deadline, why) : r;
}

/* SPDX-License-Identifier: MIT */
/* Which of the identities that an OS user carries is meant: see ring.h. */
#include <config.h>

#include <stdlib.h>

#include "identity/name.h"
#include "ring/ring.h"

int ring_choose_identity(
    const struct ring *ring, const char *option, const char **identity, struct reason *why)
{
	const char *wanted = option ? option : secure_getenv("RAVI_IDENTITY");
	ring_profile_auto profile = {0};
	int r;

	*identity = NULL;
	if (!wanted || !*wanted)
		return 0;
	r = identity_name_check(wanted, why);
	if (r == 0)
		r = ring_read_profile(ring, wanted, &profile, why);
	if (r < 0)
		return reason_prefix(why, r, option ? "--identity: " : "RAVI_IDENTITY: ");
	/* The default identity's keys carry no identity in their names. */
	*identity = profile.is_default ? NULL : wanted;
	return 0;
}

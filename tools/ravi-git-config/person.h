/* SPDX-License-Identifier: MIT */
/* What git shall know about an identity: its name, its e-mail address, the key it signs with. */
#ifndef RAVI_GIT_CONFIG_PERSON_H
#define RAVI_GIT_CONFIG_PERSON_H

#include <stdbool.h>

#include "choice/choice.h"
#include "place.h"
#include "sshkey/sshkey.h"

struct person {
	struct choice choice;
	char email[EMAIL_MAX + 1];
	bool has_key;
	uint8_t key[SSHKEY_PUBLIC_SIZE];
	struct reason no_key; /* when has_key is false */
};

/*
 * Decides the identity as choice_make does (`option` is --identity or NULL); for the user's own
 * configuration no worktree has a say. `email` (--email) or NULL. An identity that this user does not carry
 * must have a token under its name, and be given an address.
 */
int person_choose(const struct ring *ring, const struct place *place, const char *option,
    const char *email, struct person *person, struct reason *why);

/*
 * Writes the allowed signers file of the place: a line for each identity in the ring that has a signing
 * key, and every line that is there already, since commits signed with a former key stay good.
 */
int person_write_signers(const struct ring *ring, const struct place *place,
    const struct person *person, struct reason *why);

#endif

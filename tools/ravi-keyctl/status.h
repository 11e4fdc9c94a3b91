/* SPDX-License-Identifier: MIT */
/* ravi-keyctl status, from the inside: what is found out first, and told then, in words or as JSON. */
#ifndef RAVI_KEYCTL_STATUS_H
#define RAVI_KEYCTL_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "choice/choice.h"
#include "identity/agent.h"
#include "keyctl.h"

#define STATUS_SIGHTS_MAX   32
#define STATUS_PROBLEMS_MAX 64 /* what does not fit is counted and not told */

struct problem {
	char what[REASON_MAX];
	char remedy[REASON_MAX];
};

struct status {
	char user[USER_NAME_MAX + 1]; /* "": this uid has no name */
	uid_t uid;
	bool has_ring;
	struct ring ring; /* the one that is taken */
	bool has_choice;
	struct choice choice; /* what tools act as here */

	struct ring_sight sights[STATUS_SIGHTS_MAX];
	size_t sight_count;
	struct inventory identities[AGENT_IDENTITIES_MAX]; /* the default one first */
	size_t identity_count;
	struct problem problems[STATUS_PROBLEMS_MAX];
	size_t problem_count;
};

/* Adds a problem and what mends it. */
void status_problem(struct status *status, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Finds out why there is no ring, and what is wrong with the rings and keys that there are. */
void diagnose(struct status *status);

/* Prints it: 0 or -errno. */
int status_print_text(const struct status *status);
int status_print_json(const struct status *status);

#endif

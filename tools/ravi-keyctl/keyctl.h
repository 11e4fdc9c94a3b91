/* SPDX-License-Identifier: MIT */
/*
 * ravi-keyctl, from the inside: what its commands share. Each command is a file of its own; all of them
 * read the ring of the agent they run as, and nothing else.
 */
#ifndef RAVI_KEYCTL_H
#define RAVI_KEYCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "ring/ring.h"
#include "util/jsonout.h"
#include "util/options.h"
#include "util/reason.h"

/* What can be asked for; a command's option table says which of it. */
struct request {
	const char *identity;
	struct option_list variables; /* VAR=NAME, or NAME */
	bool all;
	bool json;
};

/* The commands, as struct cli_command wants them: they return an exit code. */
int run_list(void *request, int argc, char **argv);
int run_print(void *request, int argc, char **argv);
int run_exec(void *request, int argc, char **argv);
int run_status(void *request, int argc, char **argv);

struct inventory_key {
	char name[SECRET_NAME_MAX + 1];
	enum ring_key_state state;
	time_t expires; /* 0: never */
};

/*
 * What one identity has in the ring. The kernel forgets an expired key some minutes later; the profile
 * still names it then, and it is listed as expired: `count` is what profile.keys should be.
 */
struct inventory {
	struct ring_profile profile;
	struct inventory_key *keys; /* by name */
	size_t count;
};

#define inventory_auto __attribute__((cleanup(inventory_free))) struct inventory

/* `inventory` is zeroed, or what an earlier call left. 0 or a negative errno. */
int inventory_take(
    const struct ring *ring, const char *identity, struct inventory *inventory, struct reason *why);

void inventory_free(struct inventory *inventory);

/* Whether every key that the profile counts is there: not so while ravi-load changes the ring. */
bool inventory_is_whole(const struct inventory *inventory);

/* "live", "expired" or "revoked". */
const char *key_state_word(enum ring_key_state state);

/* "expires TIME", "expired TIME" or "revoked"; "" for a live key that never expires. */
#define KEY_EXPIRY_TEXT 48
void key_expiry_describe(const struct inventory_key *key, char text[KEY_EXPIRY_TEXT]);

/* {"name", "expires_dt", "state"} */
void key_json(struct jsonout *j, const struct inventory_key *key);

#endif

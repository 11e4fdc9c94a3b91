/* SPDX-License-Identifier: MIT */
/* What the child that has become the agent tells root of the agent's Codex logins: records on a pipe. */
#ifndef RAVI_HARVEST_H
#define RAVI_HARVEST_H

#include <stdint.h>

#include "codex/home.h"
#include "identity/name.h"
#include "intake.h"

#define HARVEST_MAGIC     0x68617276u /* "harv" */
#define HARVEST_BYTES_MAX 33792u      /* of one file: a login and some more */

/*
 * Followed by `len` bytes of auth.json, `sent_len` of what may have arrived before, and `from_len` of what it grew
 * from.
 */
struct harvest {
	uint32_t magic;
	uint32_t len, sent_len, from_len;
	uint64_t base;
	char identity[IDENTITY_NAME_MAX + 1];
	char secret[SECRET_NAME_MAX + 1];
};

/* Exit statuses of the child; others count its steps, for the reason. */
#define HARVEST_RUNNING 100

/*
 * Becomes the agent, writes a record for each login that the vault lacks to `out`, and returns the exit
 * status: 0, HARVEST_RUNNING (nothing was looked at) or the number of the step that failed.
 */
int harvest(const struct intake *intake, int out);

#endif

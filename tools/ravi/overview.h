/* SPDX-License-Identifier: MIT */
/*
 * What ravi status shows: a row an identity, what expires soon, and what to do next; as text or JSON. Who
 * looks (root at vaults, an agent at its ring) fills it, status.c.
 */
#ifndef RAVI_OVERVIEW_H
#define RAVI_OVERVIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "util/jsonout.h"
#include "util/table.h"

enum ring_state {
	RING_STATE_NONE,
	RING_STATE_WHOLE,
	RING_STATE_PARTIAL, /* it is being changed, or that was cut short */
	RING_STATE_BEHIND,  /* it holds another revision than the vault */
};

/* What is not known is NULL, 0 or, for sessions, -1. */
struct overview_row {
	const char *identity;
	const char *user;
	const char *state;
	bool is_active;
	bool linger;
	size_t secrets;
	uint64_t revision;
	int sessions;
	enum ring_state ring;
	time_t last_login;
};

struct overview {
	bool json;
	time_t now;
	int64_t within; /* seconds: what expires in less is told */
	size_t rows;

	struct jsonout identities, expiring, next; /* an array each */
	struct table table;
	struct buf expiring_text, next_text;
};

#define overview_auto __attribute__((cleanup(overview_free))) struct overview

void overview_begin(struct overview *overview);
void overview_free(struct overview *overview);

void overview_add(struct overview *overview, const struct overview_row *row);

/* Tells it when it expires soon or has. */
void overview_expiry(
    struct overview *overview, const char *identity, const char *secret, time_t expires);

/* Something to do: a command (NULL: none can be said) and why. */
void overview_next(struct overview *overview, const char *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints it all: 0 or -errno. */
int overview_print(struct overview *overview);

#endif

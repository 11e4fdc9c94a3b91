/* SPDX-License-Identifier: MIT */
/*
 * What can be asked of the service: one row an operation, with its place in the wire contract. Nothing else
 * is ever asked, whatever comes over the socket to ravi-fetch.
 */
#ifndef RAVI_FETCH_OPERATION_H
#define RAVI_FETCH_OPERATION_H

#include <stddef.h>

/* Whose credential an operation wants. */
enum operation_who {
	BY_NOBODY,   /* none may go along */
	BY_ACCOUNT,  /* the management key (ravi_mgmt_) */
	BY_IDENTITY, /* an identity's key (ravi_id_) */
	BY_EITHER,
};

/* When it may be said again. */
enum operation_kind {
	OPERATION_READ,   /* whenever it failed on the way */
	OPERATION_CHANGE, /* the same change again changes nothing; still only when nothing was sent */
	OPERATION_ONCE,   /* a second one would make a second thing: never once a byte was sent */
};

struct operation {
	const char *name;
	const char *method; /* NULL: nothing is asked, ravi-fetch answers itself */
	const char *path; /* {NAME}: that argument, encoded */
	enum operation_who who;
	enum operation_kind kind;
	const char *query; /* arguments that go into the query; NULL: none */
	const char *body;  /* those that go into the body; "": {}; NULL: no body */
	const char *shape; /* of the answer (shape.h); NULL: nothing is taken from it */
};

/* The row, or NULL. */
const struct operation *operation_find(const char *name);

/* Whether `name` is among the words of `list` (NULL: none). */
int operation_lists(const char *list, const char *name, size_t len);

#endif

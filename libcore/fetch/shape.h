/* SPDX-License-Identifier: MIT */
/*
 * What an answer of the service must look like, and how much of it is taken. ravi-fetch checks what came
 * over the network, and who started ravi-fetch checks again what came out of it: that process is the one
 * that strangers reach.
 *
 * A shape is words "MEMBER:TYPE", "MEMBER:TYPE?" where the member may be missing:
 *
 *	u  a UUID, taken in small letters	 i  a number of a row: 17 or "17", taken as 17
 *	T  text that is not empty		 n  a whole number, null as 0
 *	t  text or null				 b  true or false
 *	k  a credential			 e  an address: text, null, or an object with "address"
 *	p  a phone number: text, null or "" (taken as null), or an object with "number"
 *	s  a list of texts, or null
 *	{NAME  an object of the shape NAME	 [NAME  a list of those
 *
 * Members that the shape does not name are dropped: the service adds some whenever it likes.
 */
#ifndef RAVI_FETCH_SHAPE_H
#define RAVI_FETCH_SHAPE_H

#include <jansson.h>
#include <stdbool.h>

#include "util/buf.h"
#include "util/reason.h"

/*
 * Takes what `shape` ("{NAME" or "[NAME") names out of `in`, as a new document. -EBADE with the reason
 * ("the service's answer ...") when it does not fit; -ENOMEM.
 */
int shape_take(const char *shape, const json_t *in, json_t **out, struct reason *why);

/* Whether the text is a UUID, in either case. */
bool shape_is_uuid(const char *text);

/* json_auto json_t *j = NULL; */
#define fetch_json_auto __attribute__((cleanup(fetch_json_free))) json_t *

void fetch_json_free(json_t **json);

/* Appends the document as text, to a buffer that wipes itself: 0 or -ENOMEM. */
int fetch_dump(const json_t *json, struct buf *out);

/* A member's text, NULL where there is none. Borrowed. */
const char *fetch_text(const json_t *object, const char *member);

#endif

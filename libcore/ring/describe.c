/* SPDX-License-Identifier: MIT */
/* What the kernel says about keys and keyrings, taken apart: see the end of ring.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring/keyctl.h"
#include "ring/ring.h"
#include "util/text.h"

/* The next of the fields that `rest` has, ended by ';'. NULL: there is none. */
static char *next_field(char **rest)
{
	char *end = strchr(*rest, ';'), *field = *rest;

	if (!end)
		return NULL;
	*end = '\0';
	*rest = end + 1;
	return field;
}

/* A negative one is a uid above 2^31, as the kernel prints it. */
static int parse_uid(const char *text, uid_t *uid)
{
	bool negative = *text == '-';
	uint64_t number;

	if (text_number(text + negative, 10, 0, UINT32_MAX, &number) < 0)
		return -EPROTO;
	*uid = negative ? (uid_t)-number : (uid_t)number;
	return 0;
}

/*
 * keyctl(2): "type;uid;gid;perm;description", the mask in hex digits; gid is not ours to judge. Taken apart by
 * hand: every login does it, and to start sscanf takes a new process longer than the call into the kernel.
 */
static int parse(char *text, struct ring_description *description)
{
	const char *type = next_field(&text), *uid = type ? next_field(&text) : NULL;
	const char *gid = uid ? next_field(&text) : NULL, *mask = gid ? next_field(&text) : NULL;
	uint64_t number;

	if (!mask || !*type || strlen(type) >= sizeof(description->type) ||
	    parse_uid(uid, &description->uid) < 0 ||
	    text_number(mask, 16, 0, UINT32_MAX, &number) < 0)
		return -EPROTO;
	strcpy(description->type, type);
	description->mask = (uint32_t)number;
	if (strlen(text) < sizeof(description->text))
		strcpy(description->text, text);
	return 0;
}

int ring_describe(int32_t id, struct ring_description *description)
{
	char text[512];
	long len = keyctl_describe(id, text, sizeof(text));

	*description = (struct ring_description){0};
	if (len < 0)
		return -errno;
	if ((size_t)len > sizeof(text))
		return 0; /* a name of up to 4,095 bytes: none of ours */
	return parse(text, description);
}

int ring_links(int32_t keyring, int32_t **serials, size_t *count)
{
	long size = 0;

	while (size >= 0) {
		size_t room = (size_t)size + 16 * sizeof(int32_t);
		int32_t *list = malloc(room);

		if (!list)
			return -ENOMEM;
		size = keyctl_read(keyring, (char *)list, room);
		if (size >= 0 && (size_t)size <= room) {
			*serials = list;
			*count = (size_t)size / sizeof(*list);
			return 0;
		}
		free(list); /* it grew meanwhile */
	}
	return -errno;
}

void ring_key_description(const char *identity, const char *name, char text[RING_DESCRIPTION_MAX])
{
	const char *lead = "", *slash = "";

	if (!identity)
		identity = "";
	if (*identity && !strcmp(name, RING_PROFILE))
		lead = RING_PROFILE "/", name = "";
	else if (*identity)
		slash = "/";
	snprintf(text, RING_DESCRIPTION_MAX, RING_PREFIX "%s%s%s%s", lead, identity, slash, name);
}

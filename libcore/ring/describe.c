/* SPDX-License-Identifier: MIT */
/* What the kernel says about keys and keyrings, taken apart: see the end of ring.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring/keyctl.h"
#include "ring/ring.h"

/* keyctl(2): "type;uid;gid;perm;description", the mask in 8 hex digits; gid is not ours to judge. */
int ring_describe(int32_t id, struct ring_description *description)
{
	char text[512];
	long len = keyctl_describe(id, text, sizeof(text));
	int start = 0;

	*description = (struct ring_description){0};
	if (len < 0)
		return -errno;
	if ((size_t)len > sizeof(text))
		return 0; /* a name of up to 4,095 bytes: none of ours */
	if (sscanf(text, "%15[^;];%u;%*d;%8x;%n", description->type, &description->uid,
		&description->mask, &start) != 3 ||
	    !start)
		return -EPROTO;
	if (strlen(text + start) < sizeof(description->text))
		strcpy(description->text, text + start);
	return 0;
}

int ring_links(int32_t keyring, int32_t **serials, size_t *count)
{
	long size = keyctl_read(keyring, NULL, 0);

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

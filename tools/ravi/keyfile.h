/* SPDX-License-Identifier: MIT */
/*
 * A key that opens vaults and is not this machine's own: a former host.key, or a recovery key. The
 * administrator names the file.
 */
#ifndef RAVI_KEYFILE_H
#define RAVI_KEYFILE_H

#include <stdbool.h>

#include "util/reason.h"
#include "vault/host.h"

struct keyfile {
	struct host host; /* of a recovery key, the age half alone */
	bool is_host;
};

#define keyfile_auto __attribute__((cleanup(keyfile_wipe))) struct keyfile

void keyfile_wipe(struct keyfile *key);

/* 0 or a negative errno with the reason, which never quotes the file. */
int keyfile_read(const char *path, struct keyfile *key, struct reason *why);

#endif

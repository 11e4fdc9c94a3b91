/* SPDX-License-Identifier: MIT */
/* A key that opens vaults and is not this machine's own: see keyfile.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "keyfile.h"
#include "named.h"
#include "recovery.h"

#define KEY_FILE_MAX 8192 /* bytes */

void keyfile_wipe(struct keyfile *key)
{
	host_wipe(&key->host);
}

int keyfile_read(const char *path, struct keyfile *key, struct reason *why)
{
	buf_auto text = {0};
	int r = named_read(path, KEY_FILE_MAX, &text, why);

	if (r < 0)
		return r;
	key->is_host = strstr(buf_text(&text), "\nsigner=") != NULL;
	if (key->is_host)
		return host_parse(&text, path, &key->host, why);
	return recovery_open(&text, path, &key->host.age, why);
}

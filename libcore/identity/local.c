/* SPDX-License-Identifier: MIT */
/* A line of /etc/passwd: see local.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "identity/local.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/text.h"

#define PASSWD_MAX (64u << 10) /* bytes, some thousand users: with more, the name service has the same work */

int local_uid(const char *user, uid_t *uid)
{
	static const struct file_rule rule = {
	    .owner = 0, .forbidden = FILE_PUBLIC, .max = PASSWD_MAX};
	size_t len = strlen(user);
	buf_auto text = {0};
	uint64_t number;
	char *rest, *line;
	int r = strchr(user, ':') ? -ENOENT : 0;

	if (r == 0)
		r = file_read(AT_FDCWD, "/etc/passwd", &rule, &text, NULL);
	if (r < 0)
		return r;
	/* NAME:PASSWORD:UID:... */
	for (rest = text.data; (line = strsep(&rest, "\n"));) {
		if (strncmp(line, user, len) != 0 || line[len] != ':')
			continue;
		strsep(&line, ":");
		strsep(&line, ":");
		line = strsep(&line, ":");
		if (!line || text_number(line, 10, 0, UINT32_MAX - 1, &number) < 0)
			return -EINVAL;
		*uid = (uid_t)number;
		return 0;
	}
	return -ENOENT;
}

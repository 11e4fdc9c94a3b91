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

/* The rest of NAME:PASSWORD:UID:GID:... behind the name. */
static int parse_line(char *rest, struct local_user *user)
{
	const char *uid, *gid;
	uint64_t numbers[2];

	strsep(&rest, ":");
	uid = strsep(&rest, ":");
	gid = strsep(&rest, ":");
	if (!uid || !gid || text_number(uid, 10, 0, UINT32_MAX - 1, &numbers[0]) < 0 ||
	    text_number(gid, 10, 0, UINT32_MAX - 1, &numbers[1]) < 0)
		return -EINVAL;
	*user = (struct local_user){.uid = (uid_t)numbers[0], .gid = (gid_t)numbers[1]};
	return 0;
}

int local_user(const char *name, struct local_user *user)
{
	static const struct file_rule rule = {
	    .owner = 0, .forbidden = FILE_PUBLIC, .max = PASSWD_MAX};
	size_t len = strlen(name);
	buf_auto text = {0};
	char *rest, *line;
	int r = strchr(name, ':') ? -ENOENT : 0;

	if (r == 0)
		r = file_read(AT_FDCWD, "/etc/passwd", &rule, &text, NULL);
	if (r < 0)
		return r;
	for (rest = text.data; (line = strsep(&rest, "\n"));)
		if (!strncmp(line, name, len) && line[len] == ':')
			return parse_line(line + len + 1, user);
	return -ENOENT;
}

bool local_is_agent(const struct agent *agent, gid_t *gid)
{
	struct local_user user;

	if (local_user(agent->user, &user) < 0 || user.uid != agent->uid)
		return false;
	*gid = user.gid;
	return true;
}

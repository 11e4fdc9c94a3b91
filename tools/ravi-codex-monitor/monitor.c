/* SPDX-License-Identifier: MIT */
/* What the commands of ravi-codex-monitor share: see monitor.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/file.h"

#define JSON_FILE_MAX                                                                              \
	(8u << 20) /* bytes; a workspaces.json of thousands of worktrees is below 1 MiB */

int monitor_identity(const struct monitor *m, struct monitor_identity *id, struct reason *why)
{
	int r = ring_find(&id->ring, why);

	return r < 0 ? r : choice_make(&id->ring, m->identity, NULL, &id->choice, why);
}

/* The daemon trims its variable and compares what a client sends byte for byte. */
static void trim(struct buf *token)
{
	size_t blanks = strspn(buf_text(token), " \t\r\n");

	if (blanks) {
		memmove(token->data, token->data + blanks, token->len - blanks);
		buf_cut(token, token->len - blanks);
	}
	while (token->len && strchr(" \t\r\n", token->data[token->len - 1]))
		buf_cut(token, token->len - 1);
	if (token->data)
		token->data[token->len] = '\0';
}

int monitor_token(const struct monitor_identity *id, struct buf *token, struct reason *why)
{
	const char *identity = id->choice.is_default ? NULL : id->choice.identity;
	int r = ring_read(&id->ring, identity, DAEMON_TOKEN, token, why);

	if (r < 0)
		return r;
	trim(token);
	if (!token->len || strlen(token->data) != token->len || strpbrk(token->data, "\r\n"))
		return reason_set(why, -EINVAL,
		    "the secret " DAEMON_TOKEN
		    " of %s can be no token: it is blank or has line ends or NUL "
		    "in it; store a new one (ravi secrets set " DAEMON_TOKEN ")",
		    id->choice.identity);
	return 0;
}

int monitor_data_dir(const struct monitor *m, char path[PATH_MAX], struct reason *why)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int len;

	if (m->data_dir && *m->data_dir != '/')
		return reason_set(why, -EINVAL, "--data-dir %s is no absolute path", m->data_dir);
	if (m->data_dir)
		len = snprintf(path, PATH_MAX, "%s", m->data_dir);
	else if (data && *data == '/')
		len = snprintf(path, PATH_MAX, "%s/codex-monitor-daemon", data);
	else if (home && *home == '/')
		len = snprintf(path, PATH_MAX, "%s/.local/share/codex-monitor-daemon", home);
	else
		return reason_set(why, -EINVAL, "HOME is not set; say --data-dir DIR");
	if (len < 0 || len >= PATH_MAX)
		return reason_set(why, -ENAMETOOLONG, "the path of the data folder is too long");
	return 0;
}

int monitor_read_json(const char *folder, const char *name, json_t **root, struct reason *why)
{
	char path[PATH_MAX];
	buf_auto text = {0};
	json_error_t error;
	fd_auto fd = -1;
	int r;

	*root = NULL;
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return reason_set(why, -ENAMETOOLONG, "the path of %s is too long", name);
	/* The user's own file, read as the user: a link is its own business, as it is for the daemon. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : reason_errno(why, -errno, "%s", path);
	r = file_read_fd(fd, JSON_FILE_MAX, &text);
	if (r < 0)
		return reason_errno(why, r, "%s", path);
	*root = json_loadb(buf_text(&text), text.len, 0, &error);
	/* Where it is is told, what stands there may be a token. */
	if (!*root)
		return reason_set(why, -EBADMSG,
		    "%s is no valid JSON at line %d, column %d; the daemon takes such a file for "
		    "an empty one",
		    path, error.line, error.column);
	return 0;
}

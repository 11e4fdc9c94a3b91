/* SPDX-License-Identifier: MIT */
/*
 * Whether pam-auth-update still writes the common-* files: see update.h. It compares the lines between its
 * marks with what it wrote last, /var/lib/pam/TYPE, the numbers of jumps left out on both sides; so do we.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pam/stack.h"
#include "pam/update.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"

#define PATH_LEN 512

static const char *const types[] = {
    "auth", "account", "password", "session", "session-noninteractive"};

/* The marks in a common-* file: the two blocks that are pam-auth-update's lie between them. */
static const char *const marks[] = {
    "# here are the per-package modules (the \"Primary\" block)",
    "# here's the fallback if no module succeeds",
    "# and here are more per-package modules (the \"Additional\" block)",
    "# end of pam-auth-update config",
};

static int read_file(
    const char *root, const char *folder, const char *type, char path[PATH_LEN], struct buf *out)
{
	fd_auto fd = -1;

	snprintf(path, PATH_LEN, "%s%s%s", root, folder, type);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : file_read_fd(fd, STACK_FILE_MAX, out);
}

bool update_is_used(const char *root)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "%s/var/lib/pam/session", root);
	return access(path, F_OK) == 0;
}

/* Takes the number of a jump, or the word "end" that stands for it, out of the control in brackets. */
static void drop_jump(char *line)
{
	char *close = *line == '[' ? strchr(line, ']') : NULL, *to = line;

	for (char *from = line; close && from < close;) {
		bool is_end = !strncmp(from, "=end", 4) && strchr(" \t]", from[4]);

		if (from > line && isdigit((unsigned char)*from)) {
			from++;
			continue;
		}
		*to++ = *from++;
		if (is_end)
			from += 3;
	}
	if (close)
		memmove(to, close, strlen(close) + 1);
}

/* The length of "CONTROL MODULE", which is compared; options may have been added or taken away. */
static size_t key_length(const char *line)
{
	size_t len = *line == '[' ? strcspn(line, "]") : strcspn(line, " \t");

	len += line[len] == ']';
	len += strspn(line + len, " \t");
	return len + strcspn(line + len, " \t");
}

/* The next saved line that is this one; those between are profiles that an administrator took out. */
static bool find_saved(char **saved, const char *line)
{
	char *candidate;

	while (*saved && (candidate = strsep(saved, "\n"))) {
		size_t len;

		if (!strncmp(candidate, "Module: ", strlen("Module: ")))
			continue;
		drop_jump(candidate);
		len = key_length(candidate);
		if (len && !strncmp(line, candidate, len))
			return true;
	}
	return false;
}

/* Behind the type of a rule, where the line begins with it. */
static char *skip_type(char *line, const char *type)
{
	size_t len = strcspn(type, "-");

	if (strncmp(line, type, len) || !strchr(" \t", line[len]) || !line[len])
		return line;
	return line + len + strspn(line + len, " \t");
}

static int check_type(const char *root, const char *type, struct reason *what)
{
	char path[PATH_LEN], saved_path[PATH_LEN], *cursor, *saved, *line;
	unsigned number = 0, mark = 0;
	buf_auto text = {0};
	buf_auto kept = {0};
	int r = read_file(root, "/var/lib/pam/", type, saved_path, &kept);

	if (r < 0)
		return reason_errno(what, r, "%s", saved_path);
	r = read_file(root, "/etc/pam.d/common-", type, path, &text);
	if (r < 0)
		return reason_errno(what, r, "%s", path);
	cursor = text.data;
	saved = kept.data;
	while (mark < 4 && cursor && (line = strsep(&cursor, "\n"))) {
		number++;
		if (!strncmp(line, marks[mark], strlen(marks[mark]))) {
			mark++;
			continue;
		}
		/* Only what lies behind the first or the third mark is compared. */
		if (mark % 2 == 0 || (!*line && !cursor))
			continue;
		line = skip_type(line, type);
		drop_jump(line);
		if (!find_saved(&saved, line))
			return reason_set(
			    what, 1, "%s line %u was not written by pam-auth-update", path, number);
	}
	if (mark < 3)
		return reason_set(what, 1, "%s has lost its line \"%s\"", path, marks[mark]);
	return 0;
}

int update_check(const char *root, struct reason *what)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types) && r == 0; i++)
		r = check_type(root, types[i], what);
	return r;
}

bool update_has(const char *root, const char *name)
{
	char path[PATH_LEN], *cursor, *line;
	buf_auto text = {0};

	if (read_file(root, "/var/lib/pam/", "session", path, &text) < 0)
		return false;
	cursor = text.data;
	while (cursor && (line = strsep(&cursor, "\n")))
		if (!strncmp(line, "Module: ", strlen("Module: ")) &&
		    !strcmp(line + strlen("Module: "), name))
			return true;
	return false;
}

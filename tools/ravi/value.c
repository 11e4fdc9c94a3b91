/* SPDX-License-Identifier: MIT */
/* Where the value of a secret comes from: see value.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "prompt.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "value.h"
#include "vault/vault.h"

int value_take(char *argument, struct buf *value)
{
	size_t len = strlen(argument);
	int r = buf_add(value, argument, len);

	wipe(argument, len);
	return r;
}

int value_check(const struct buf *value, struct reason *why)
{
	if (!value->len)
		return reason_set(why, -EINVAL,
		    "the value is empty; to take a secret away: ravi secrets delete NAME");
	if (value->len > VAULT_VALUE_MAX)
		return reason_set(why, -EINVAL,
		    "the value has %zu bytes; a key of the kernel holds at most %u", value->len,
		    VAULT_VALUE_MAX);
	return 0;
}

/* One byte more than a value may have, for the newline that is cut; -EFBIG becomes value_check's words. */
static int read_all(int fd, const char *name, struct buf *value, struct reason *why)
{
	int r = file_read_fd(fd, VAULT_VALUE_MAX + 1, value);

	if (r == -EFBIG)
		return reason_set(why, -EINVAL,
		    "%s holds more than %u bytes, which is what a key of the kernel holds", name,
		    VAULT_VALUE_MAX);
	return r < 0 ? reason_errno(why, r, "reading %s", name) : 0;
}

static int read_stdin(struct buf *value, struct reason *why)
{
	int r = read_all(STDIN_FILENO, "stdin", value, why);

	if (r == 0 && value->len && value->data[value->len - 1] == '\n')
		buf_cut(value, value->len - 1);
	return r;
}

/* The administrator names it, as for cat(1): a pipe, another owner or a link is theirs to choose. */
static int read_file(const char *path, struct buf *value, struct reason *why)
{
	fd_auto fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return reason_errno(why, -errno, "%s", path);
	return read_all(fd, path, value, why);
}

int value_read(const char *file, const char *prompt, struct buf *value, struct reason *why)
{
	int r;

	if (file)
		r = strcmp(file, "-") ? read_file(file, value, why)
				      : read_all(STDIN_FILENO, "stdin", value, why);
	else if (isatty(STDIN_FILENO))
		r = prompt_secret(prompt, VAULT_VALUE_MAX, value, why);
	else
		r = read_stdin(value, why);
	return r < 0 ? r : value_check(value, why);
}

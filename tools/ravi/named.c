/* SPDX-License-Identifier: MIT */
/* Reading files that the administrator names: see named.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "named.h"
#include "util/cleanup.h"
#include "util/file.h"

int named_read(const char *path, size_t max, struct buf *out, struct reason *why)
{
	bool is_stdin = !strcmp(path, "-");
	const char *name = is_stdin ? "stdin" : path;
	fd_auto opened = is_stdin ? -1 : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	int r;

	if (opened < 0 && !is_stdin)
		return reason_errno(why, -errno, "%s", path);
	buf_reset(out);
	r = file_read_fd(is_stdin ? STDIN_FILENO : opened, max, out);
	if (r == -EFBIG)
		return reason_set(why, r, "%s holds more than %zu bytes", name, max);
	return r < 0 ? reason_errno(why, r, "reading %s", name) : 0;
}

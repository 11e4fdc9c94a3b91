/* SPDX-License-Identifier: MIT */
/* A new file of the administrator's choosing: see newfile.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>

#include "newfile.h"
#include "util/cleanup.h"
#include "util/file.h"

int newfile_write(const char *path, mode_t mode, const struct buf *text, struct reason *why)
{
	free_auto char *for_folder = strdup(path);
	free_auto char *for_name = strdup(path);
	fd_auto dir = -1;
	int r;

	if (!for_folder || !for_name)
		return -ENOMEM;
	dir = open(dirname(for_folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return reason_errno(why, -errno, "the folder of %s", path);
	r = text->error;
	if (r == 0)
		r = file_create(dir, basename(for_name), mode, text->data, text->len, why);
	if (r == -EEXIST)
		return reason_set(why, r, "%s exists; name a file that does not", path);
	return r;
}

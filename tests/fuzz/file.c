/* SPDX-License-Identifier: MIT */
/* The bytes of a fuzz target in the place of a file: see fuzz.h. No file is opened. */
#include <config.h>

#include <errno.h>

#include "fuzz.h"
#include "util/file.h"

static struct {
	const uint8_t *data;
	size_t size;
} content;

void fuzz_file(const uint8_t *data, size_t size)
{
	content.data = data;
	content.size = size;
}

int __wrap_file_read(
    int dir, const char *path, const struct file_rule *rule, struct buf *out, struct reason *why);

int __wrap_file_read(
    int dir, const char *path, const struct file_rule *rule, struct buf *out, struct reason *why)
{
	(void)dir;
	buf_reset(out);
	if (content.size > rule->max)
		return reason_set(why, -EFBIG, "%s is larger than %zu bytes", path, rule->max);
	return content.size ? buf_add(out, content.data, content.size) : 0;
}

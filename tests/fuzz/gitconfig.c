/* SPDX-License-Identifier: MIT */
/* A git configuration file of a repository that somebody else made. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "choice/gitconfig.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	buf_auto value = {0}, longer = {0};
	unsigned line = 0;
	int r = gitconfig_last((const char *)data, size, "ravi", "identity", &value, &line);

	MUST(r == 1 || r == 0 || r == -EINVAL);
	MUST(r != -EINVAL || line > 0);
	if (r < 0)
		return 0;
	MUST(value.len <= size);
	/* The last one wins; the empty line ends a value that goes on. */
	MUST(!size || buf_add(&longer, data, size) == 0);
	buf_add_text(&longer, "\n\n[ravi]\n\tidentity = last-one\n");
	r = gitconfig_last(longer.data, longer.len, "ravi", "identity", &value, &line);
	MUST(r == -EINVAL || (r == 1 && strstr(value.data, "last-one")));
	return 0;
}

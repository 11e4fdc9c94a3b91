/* SPDX-License-Identifier: MIT */
/* What comes out of the loader's pipe: the record, or whatever came instead of it. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "ring/loader.h"
#include "util/spawn.h"

static const uint8_t *said;
static size_t said_len;

int __wrap_spawn_collect(const struct spawn *what, struct deadline deadline, void *out, size_t cap,
    size_t *len, int *status);

int __wrap_spawn_collect(const struct spawn *what, struct deadline deadline, void *out, size_t cap,
    size_t *len, int *status)
{
	MUST(what->path[0] == '/' && !strcmp(what->argv[0], "ravi-load"));
	(void)deadline;
	*len = said_len < cap ? said_len : cap;
	if (*len)
		memcpy(out, said, *len);
	*status = SPAWN_STATUS_UNKNOWN;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct loader_request request = {.task = LOADER_LOAD, .user = "fuzzed"};
	struct loader_record record;
	struct reason why = {0};
	int r;

	said = data;
	said_len = size;
	r = loader_ask(&request, deadline_in(1000), &record, &why);
	MUST(r <= 0);
	MUST(r == 0 || *why.text);
	MUST(memchr(record.text, '\0', sizeof(record.text)));
	MUST(record.error <= 0);
	if (size < sizeof(record))
		MUST(r == -EPROTO);
	if (r == 0)
		MUST(record.magic == LOADER_MAGIC && record.error == 0);
	/* One line in the log, whatever it is. */
	for (const char *c = why.text; *c; c++)
		MUST((unsigned char)*c >= ' ' && *c != 0x7f);
	return 0;
}

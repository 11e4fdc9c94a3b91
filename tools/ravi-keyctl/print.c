/* SPDX-License-Identifier: MIT */
/* ravi-keyctl print: the bytes of one value. This is what scripts call, so it does nothing else. */
#include <config.h>

#include <errno.h>
#include <unistd.h>

#include "choice/choice.h"
#include "keyctl.h"
#include "util/cli.h"
#include "util/file.h"
#include "util/nodump.h"

static int read_value(
    const struct request *request, const char *name, struct buf *value, struct reason *why)
{
	char folded[SECRET_NAME_MAX + 1];
	const char *identity;
	struct choice choice;
	struct ring ring;
	int r;

	r = secret_name_fold(name, folded, why);
	if (r < 0)
		return r;
	r = ring_find(&ring, why);
	if (r < 0)
		return r;
	r = choice_vault(&ring, request->identity, &choice, &identity, why);
	if (r < 0)
		return r;
	return ring_read(&ring, identity, folded, value, why);
}

int run_print(void *values, int argc, char **argv)
{
	const struct request *request = values;
	struct reason why = {0};
	buf_auto value = {0};
	struct rlimit core;
	int r;

	(void)argc;
	r = nodump_begin(&core);
	if (r == 0)
		r = read_value(request, argv[0], &value, &why);
	if (r < 0)
		return cli_fail(r, &why);
	/* A prompt right behind a token helps nobody; in a pipe the bytes are the value. */
	if (isatty(STDOUT_FILENO))
		buf_add_char(&value, '\n');
	r = value.error;
	if (r == 0)
		r = file_write_fd(STDOUT_FILENO, value.data, value.len);
	if (r < 0)
		return cli_fail(reason_errno(&why, r, "standard output"), &why);
	return EXIT_DONE;
}

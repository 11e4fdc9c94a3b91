/* SPDX-License-Identifier: MIT */
/*
 * Gives a fuzz target every file of its corpus, and each of them cut off at every length, or at some
 * hundred lengths of a long one: what a fuzzer found once, `make check` finds again with any compiler.
 *
 *	NAME [FILE...]	without files those of $srcdir/tests/fuzz/corpus/NAME; prints TAP
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "util/cleanup.h"
#include "util/file.h"

#define INPUT_MAX (4u << 20) /* bytes */
#define CUTS      100        /* of one file */

static int count;

/* In memory of just that size, so that the sanitizer sees the first byte behind it being read. */
static void give(const char *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	MUST(copy);
	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void replay(int dir, const char *name)
{
	fd_auto fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	buf_auto input = {0};
	size_t step;

	/* First: what crashes has been named. */
	printf("# %s\n", name);
	fflush(stdout);
	MUST(fd >= 0 && file_read_fd(fd, INPUT_MAX, &input) == 0);
	step = input.len / CUTS + 1;
	give(input.data, input.len);
	for (size_t len = 0; len < input.len; len += step)
		give(input.data, len);
	printf("ok %d - %s\n", ++count, name);
}

static void replay_corpus(const char *target)
{
	const char *srcdir = getenv("srcdir");
	const struct dirent *entry;
	char path[4096];
	dir_auto dir = NULL;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".", target);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			replay(dirfd(dir), entry->d_name);
	/* Nothing to give it proves nothing. */
	if (!count)
		printf("not ok %d - a corpus in %s\n", ++count, path);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(AT_FDCWD, argv[i]);
	if (argc < 2)
		replay_corpus(program_invocation_short_name);
	printf("1..%d\n", count);
	return 0;
}

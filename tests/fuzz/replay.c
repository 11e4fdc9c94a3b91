/* SPDX-License-Identifier: MIT */
/*
 * Gives a fuzz target every file of its corpus, each of them cut off at every length, or at some hundred
 * lengths of a long one, and changed at random in RAVI_CHANGES (8) ways, which are the same each time: what a
 * fuzzer found once, `make check` finds again with any compiler.
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

#define INPUT_MAX   (4u << 20) /* bytes */
#define CUTS        100        /* of one file */
#define CHANGES     8          /* the same */
#define CHANGED_MAX (64u << 10)

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

static uint32_t random_below(uint64_t *state, size_t n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % (uint32_t)(n ? n : 1);
}

/* Up to eight times: a byte is another, or some bytes are missing, or there twice. */
static void give_changed(const struct buf *input, uint64_t state)
{
	buf_auto text = {0};

	MUST(buf_add(&text, input->data, input->len) == 0);
	for (uint32_t i = random_below(&state, 8) + 1; i && text.len; i--) {
		size_t at = random_below(&state, text.len);
		size_t some = random_below(&state, text.len - at < 32 ? text.len - at : 32);
		buf_auto rest = {0};

		switch (random_below(&state, 4)) {
		case 0:
			MUST(buf_add(&rest, text.data + at, text.len - at) == 0);
			buf_cut(&text, at);
			MUST(buf_add(&text, rest.data + some, rest.len - some) == 0);
			break;
		case 1:
			MUST(buf_add(&rest, text.data + at, text.len - at) == 0);
			buf_cut(&text, at + some);
			MUST(buf_add(&text, rest.data, rest.len) == 0);
			break;
		default:
			text.data[at] = (char)random_below(&state, 256);
		}
	}
	give(text.data, text.len);
}

static void replay(int dir, const char *name)
{
	fd_auto fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	buf_auto input = {0};
	const char *wanted = getenv("RAVI_CHANGES");
	unsigned long changes = wanted ? strtoul(wanted, NULL, 10) : CHANGES;
	size_t step;

	/* First: what crashes has been named. */
	printf("# %s\n", name);
	fflush(stdout);
	MUST(fd >= 0 && file_read_fd(fd, INPUT_MAX, &input) == 0);
	step = input.len / CUTS + 1;
	give(input.data, input.len);
	for (size_t len = 0; len < input.len; len += step)
		give(input.data, len);
	for (unsigned long i = 0; i < changes && input.len && input.len <= CHANGED_MAX; i++)
		give_changed(&input, i);
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

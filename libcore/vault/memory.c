/* SPDX-License-Identifier: MIT */
/*
 * jansson holds secrets' values, and frees them as they are. Its allocator can be replaced, for the
 * whole process alone, so a program does that in main, and a library never: each block remembers its
 * size, and is wiped before it goes back.
 */
#include <config.h>

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "util/buf.h"
#include "vault/vault.h"

struct block {
	size_t size; /* of all of it */
	max_align_t content[];
};

/*
 * The reader of jansson 2.14 does not see that the buffer for its text could not grow, and goes past its end.
 * Without memory there is no going on, for a program of root's least of all.
 */
static void __attribute__((noreturn)) give_up(void)
{
	static const char text[] = "out of memory: a document could not be read or written\n";

	syslog(LOG_AUTHPRIV | LOG_ERR, "%s", text);
	_exit(write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ? 2 : 1);
}

static void *block_alloc(size_t size)
{
	struct block *block =
	    size > SIZE_MAX - sizeof(*block) ? NULL : malloc(sizeof(*block) + size);

	if (!block)
		give_up();
	block->size = sizeof(*block) + size;
	return block->content;
}

static void block_free(void *content)
{
	struct block *block;

	if (!content)
		return;
	block = (struct block *)(void *)((char *)content - offsetof(struct block, content));
	wipe(block, block->size);
	free(block);
}

void vault_memory_init(void)
{
	json_set_alloc_funcs(block_alloc, block_free);
}

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

#include "util/buf.h"
#include "vault/vault.h"

struct block {
	size_t size; /* of all of it */
	max_align_t content[];
};

static void *block_alloc(size_t size)
{
	struct block *block;

	if (size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
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

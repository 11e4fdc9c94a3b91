/* SPDX-License-Identifier: MIT */
/* See chance.h. */
#include <config.h>

#include "chance.h"

static struct {
	uint64_t state;
	const uint8_t *data;
	size_t size;
	uint32_t one_in;
	unsigned long failed;
} chance;

void chance_seed(uint64_t seed)
{
	chance.state = seed * 0x9e3779b97f4a7c15u + 1;
	chance.data = NULL;
	chance.size = 0;
}

void chance_bytes(const uint8_t *data, size_t size)
{
	chance.state = 0;
	chance.data = data;
	chance.size = size;
}

static uint32_t next(void)
{
	if (chance.size) {
		chance.size--;
		return *chance.data++;
	}
	/* xorshift64*; 0 stays 0 */
	chance.state ^= chance.state >> 12;
	chance.state ^= chance.state << 25;
	chance.state ^= chance.state >> 27;
	return (uint32_t)((chance.state * 0x2545f4914f6cdd1du) >> 32);
}

uint32_t chance_below(uint32_t n)
{
	return next() % n;
}

void chance_one_in(uint32_t n)
{
	chance.one_in = n;
}

bool chance_fails(void)
{
	bool fails = chance.one_in && next() % chance.one_in == chance.one_in - 1;

	chance.failed += fails;
	return fails;
}

unsigned long chance_failed(void)
{
	return chance.failed;
}

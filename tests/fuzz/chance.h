/* SPDX-License-Identifier: MIT */
/* What decides in a made-up machine: a seed, or the bytes of a fuzzer. The same one makes the same run. */
#ifndef RAVI_FUZZ_CHANCE_H
#define RAVI_FUZZ_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void chance_seed(uint64_t seed);

/* From these bytes, one a decision; when they are used up, everything is 0 and nothing fails. */
void chance_bytes(const uint8_t *data, size_t size);

/* 0 to n - 1 */
uint32_t chance_below(uint32_t n);

/* One in so many calls fails from now on; 0: none does. */
void chance_one_in(uint32_t n);

/* Whether this call fails. */
bool chance_fails(void);

/* How many did so far. */
unsigned long chance_failed(void);

#endif

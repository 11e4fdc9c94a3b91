/* SPDX-License-Identifier: MIT */
/* Lowercase hex, the one spelling of signers, signatures, hashes and seeds. */
#ifndef RAVI_HEX_H
#define RAVI_HEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads exactly 2 * size digits from `text`, which may go on behind them: 0 or -EINVAL. Constant-time
 * in their value: one of the callers reads a secret seed.
 */
int hex_parse(const char *text, size_t len, uint8_t *out, size_t size);

/* Writes 2 * size digits and a 0. */
void hex_format(const uint8_t *data, size_t size, char *text);

#endif

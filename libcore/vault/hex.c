/* SPDX-License-Identifier: MIT */
/* Lowercase hex: see hex.h. libsodium's codec is constant-time, but reads capitals as well. */
#include <config.h>

#include <errno.h>
#include <sodium.h>

#include "vault/hex.h"

int hex_parse(const char *text, size_t len, uint8_t *out, size_t size)
{
	size_t got;

	if (len < 2 * size)
		return -EINVAL;
	for (size_t i = 0; i < 2 * size; i++)
		if (text[i] >= 'A' && text[i] <= 'F')
			return -EINVAL;
	if (sodium_hex2bin(out, size, text, 2 * size, NULL, &got, NULL) < 0 || got != size)
		return -EINVAL;
	return 0;
}

void hex_format(const uint8_t *data, size_t size, char *text)
{
	sodium_bin2hex(text, 2 * size + 1, data, size);
}

/* SPDX-License-Identifier: MIT */
/* Bech32: see bech32.h. Texts hold secret keys: no branch and no index depends on a symbol. */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "age/bech32.h"

#define CHECKSUM_SYMBOLS 6
#define CHECKSUM_GOOD    1

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* All bits when it holds, none when not. */
static uint32_t mask(bool holds)
{
	return 0u - (uint32_t)holds;
}

/* One step of the BCH code: its generator's coefficients are BIP 173's. */
static uint32_t checksum_add(uint32_t sum, uint32_t symbol)
{
	static const uint32_t generator[] = {
	    0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ symbol;
	for (unsigned i = 0; i < 5; i++)
		sum ^= generator[i] & mask(top >> i & 1);
	return sum;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static char to_lower(char c)
{
	return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

/* The prefix counts twice, its high bits first, always as lower case. */
static uint32_t checksum_prefix(const char *prefix)
{
	uint32_t sum = 1;

	for (const char *c = prefix; *c; c++)
		sum = checksum_add(sum, (uint32_t)to_lower(*c) >> 5);
	sum = checksum_add(sum, 0);
	for (const char *c = prefix; *c; c++)
		sum = checksum_add(sum, (uint32_t)to_lower(*c) & 31);
	return sum;
}

/* The alphabet's symbol in the case of the text. */
static uint32_t symbol_text(uint32_t symbol, bool upper)
{
	uint32_t c = (unsigned char)alphabet[symbol];

	return c - (('a' - 'A') & mask(upper && c >= 'a'));
}

static char text_of(uint32_t symbol, bool upper)
{
	uint32_t c = 0;

	for (uint32_t i = 0; i < 32; i++)
		c |= symbol_text(i, upper) & mask(i == symbol);
	return (char)c;
}

/* 0..31, or -1 for what is no symbol of this case. */
static int symbol_of(char text, bool upper)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < 32; i++)
		found |= (i + 1) & mask(symbol_text(i, upper) == (unsigned char)text);
	return (int)found - 1;
}

void bech32_encode(const char *prefix, const uint8_t *bytes, size_t len, char *text)
{
	bool upper = is_upper(prefix[0]);
	uint32_t sum = checksum_prefix(prefix);
	size_t symbols = (len * 8 + 4) / 5;
	uint32_t bits = 0;
	unsigned held = 0;

	text = stpcpy(stpcpy(text, prefix), "1");
	for (size_t i = 0, at = 0; i < symbols; i++, held -= 5) {
		uint32_t symbol;

		if (held < 5) { /* after the last byte, zeros */
			bits = bits << 8 | (at < len ? bytes[at++] : 0);
			held += 8;
		}
		symbol = bits >> (held - 5) & 31;
		sum = checksum_add(sum, symbol);
		*text++ = text_of(symbol, upper);
	}
	for (unsigned i = 0; i < CHECKSUM_SYMBOLS; i++)
		sum = checksum_add(sum, 0);
	sum ^= CHECKSUM_GOOD;
	for (unsigned i = 0; i < CHECKSUM_SYMBOLS; i++)
		*text++ = text_of(sum >> 5 * (CHECKSUM_SYMBOLS - 1 - i) & 31, upper);
	*text = '\0';
}

int bech32_decode(const char *text, const char *prefix, uint8_t *bytes, size_t len)
{
	bool upper = is_upper(prefix[0]);
	uint32_t sum = checksum_prefix(prefix);
	size_t prefix_len = strlen(prefix);
	size_t symbols = (len * 8 + 4) / 5;
	uint32_t bits = 0;
	unsigned held = 0;

	if (strlen(text) != BECH32_TEXT(prefix_len, len) ||
	    strncmp(text, prefix, prefix_len) != 0 || text[prefix_len] != '1')
		return -EINVAL;
	text += prefix_len + 1;
	for (size_t i = 0, at = 0; text[i]; i++) {
		int symbol = symbol_of(text[i], upper);

		if (symbol < 0)
			return -EINVAL;
		sum = checksum_add(sum, (uint32_t)symbol);
		if (i >= symbols) /* the checksum's own */
			continue;
		bits = bits << 5 | (uint32_t)symbol;
		held += 5;
		if (held < 8)
			continue;
		held -= 8;
		bytes[at++] = (uint8_t)(bits >> held);
	}
	if (sum != CHECKSUM_GOOD)
		return -EBADMSG;
	return bits & ((1u << held) - 1) ? -EINVAL : 0;
}

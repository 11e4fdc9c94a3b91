/* SPDX-License-Identifier: MIT */
/*
 * Bech32 (BIP 173) without its limit of 90 characters: how age writes keys. A text is a prefix,
 * "1", the bytes in groups of five bits, and a checksum of six characters that finds any four
 * mistyped ones.
 *
 * The prefix's own case is the whole text's case, and the only one taken: a key has exactly one
 * text.
 */
#ifndef RAVI_AGE_BECH32_H
#define RAVI_AGE_BECH32_H

#include <stddef.h>
#include <stdint.h>

/* The text's length for a prefix of `prefix_len` and `len` bytes, without the 0. */
#define BECH32_TEXT(prefix_len, len) ((prefix_len) + 1 + ((len)*8 + 4) / 5 + 6)

/* Writes the text and its 0: BECH32_TEXT bytes and one. */
void bech32_encode(const char *prefix, const uint8_t *bytes, size_t len, char *text);

/*
 * Reads the text of exactly `len` bytes: 0, -EINVAL for another prefix, length or case, a character
 * that is none, or padding that is not zero; -EBADMSG when the checksum says it was mistyped.
 */
int bech32_decode(const char *text, const char *prefix, uint8_t *bytes, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/* The words that tell a verification from other mail, in the languages that services write in. */
#ifndef RAVI_MESSAGE_WORDS_H
#define RAVI_MESSAGE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

/*
 * Text as it is compared: compatibility forms resolved (NFKC: full-width digits, ligatures, hard blanks), digits
 * of all scripts made ASCII, invisible format characters left out, bytes that are no UTF-8 made U+FFFD.
 */
int words_plain(const char *text, size_t len, struct buf *out);

/* `plain` with cases folded as well. */
int words_fold(const char *plain, size_t len, struct buf *out);

/* Bytes before a code within which a word for it counts as beside it: about six words. */
#define WORDS_NEAR 40

/* Whether folded text speaks of a code, a verification or a login; of one in its last WORDS_NEAR bytes. */
bool words_speak_of_code(const char *folded);
bool words_end_in_code(const char *folded);

/* Whether it speaks of what has numbers too, but no codes: orders, invoices, vouchers, telephones. */
bool words_speak_of_number(const char *folded);

/* Whether a word for a unit of time or money begins it ("minutes" after "1440"). */
bool words_begin_with_unit(const char *folded);

/* Whether a link's words or path speak of a verification; of what never is one. */
bool words_speak_of_verification(const char *folded);
bool words_speak_of_footer(const char *folded);

#endif

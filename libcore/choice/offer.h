/* SPDX-License-Identifier: MIT */
/* What words of the command lines of ring readers may be, for the shells' completions. Never a value. */
#ifndef RAVI_CHOICE_OFFER_H
#define RAVI_CHOICE_OFFER_H

#include "util/cli.h"

/* The names of the secrets that an identity (NULL: the chosen one) has in the ring, a line each. */
void choice_offer_secrets(const char *identity, struct buf *out);

/* cli_program.complete of every ring reader: identities for ID, secrets for NAME and VAR=NAME. */
void choice_offer(const struct cli_word *word, struct buf *out);

#endif

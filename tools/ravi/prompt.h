/* SPDX-License-Identifier: MIT */
/* Asking a person for a secret, without echo. */
#ifndef RAVI_PROMPT_H
#define RAVI_PROMPT_H

#include <stddef.h>

#include "util/buf.h"
#include "util/reason.h"

/*
 * Shows `text` on the terminal of this process and reads one line of at most `max` bytes from it. The
 * terminal is as it was before when this returns, and before a signal stops or ends the process. 0, -EFBIG,
 * or another negative errno, each with the reason.
 */
int prompt_secret(const char *text, size_t max, struct buf *answer, struct reason *why);

#endif

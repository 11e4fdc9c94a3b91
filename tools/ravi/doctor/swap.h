/* SPDX-License-Identifier: MIT */
/* Which swap of this machine writes memory to a disk in clear. */
#ifndef RAVI_SWAP_H
#define RAVI_SWAP_H

#include "util/reason.h"

/*
 * Calls `each` with the name of every swap device or file in `swaps` (/proc/swaps) that is neither in
 * memory (zram) nor on dm-crypt, as far as `sys` (/sys) tells. 0 or -errno; no such file: no swap.
 */
int swap_each_plain(const char *swaps, const char *sys,
    void (*each)(void *context, const char *name), void *context, struct reason *why);

#endif

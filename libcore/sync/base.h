/* SPDX-License-Identifier: MIT */
/*
 * What the store held when this machine and the store agreed, the last BASE_KEPT times: sealed documents in
 * PATH_SYNC. A fork is put right with the newest that the other side grew from, and the time stamp of the last
 * one says how long ago that was.
 *
 * The last one alone would not do. The store compares nothing: another machine that read it before we wrote
 * may write after it, and what it wrote grew from the one before ours.
 */
#ifndef RAVI_SYNC_BASE_H
#define RAVI_SYNC_BASE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/conf.h"
#include "util/buf.h"
#include "util/reason.h"

#define BASE_KEPT 8

/* The last document (`back` 0), or one before it: 0, -ENOENT (no reason set), or another errno. Root only. */
int base_read(const char *identity, unsigned back, struct buf *sealed, struct reason *why);

/* They agree on `sealed`, now. `singles`: on the values in it, as seal = off has them. */
int base_write(const char *identity, const struct buf *sealed, bool singles, struct reason *why);

/* Whether the last one was written with `singles`: what was agreed on one way says nothing about the other. */
bool base_is_singles(const char *identity);

/* They agree still. */
int base_touch(const char *identity, struct reason *why);

/* Seconds since then: 0, -ENOENT. A time to come, of a clock that was set back, is INT64_MAX ago. */
int base_age(const char *identity, int64_t *seconds, struct reason *why);

/* Forgets them, with the identity. */
int base_drop(const char *identity, struct reason *why);

#endif

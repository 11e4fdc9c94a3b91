/* SPDX-License-Identifier: MIT */
/* Points in time as people and documents write them: RFC 3339, UTC, whole seconds; and durations. */
#ifndef RAVI_WHEN_H
#define RAVI_WHEN_H

#include <stdint.h>
#include <time.h>

#include "util/buf.h"
#include "util/reason.h"

#define WHEN_TEXT 21 /* "2026-11-27T02:18:00Z" and its 0 */

/* Writes `when` as RFC 3339 in UTC. */
void when_format(time_t when, char text[WHEN_TEXT]);

/* Reads RFC 3339 from 1970 on, with Z or a numeric offset; a fraction is read and dropped. 0 or -EINVAL. */
int when_parse(const char *text, time_t *when);

/* Reads "90s", "15m", "12h", "30d", "2w" or plain seconds into seconds, at least 1: 0 or -EINVAL. */
int when_duration(const char *text, int64_t *seconds);

/* A duration from `now` or an RFC 3339 point, which must lie after `now`: what --expires takes. */
int when_expiry(const char *text, time_t now, time_t *when, struct reason *why);

/* How long ago, seen from `now`, or an RFC 3339 point: what --since takes. */
int when_past(const char *text, time_t now, time_t *when, struct reason *why);

/* How long `seconds` is, for a person: "3 days", "2 hours", "14 minutes", "5 seconds". */
void when_describe(int64_t seconds, char *text, size_t size);

/* With "ago" behind it; of INT64_MAX, as base_age has it, that the clock was set back since. */
void when_describe_ago(int64_t seconds, char *text, size_t size);

#endif

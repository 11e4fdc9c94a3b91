/* SPDX-License-Identifier: MIT */
/* One deadline over everything a call does: a point in monotonic time, passed down, never renewed. */
#ifndef RAVI_DEADLINE_H
#define RAVI_DEADLINE_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

struct deadline {
	int64_t at; /* CLOCK_MONOTONIC, milliseconds */
};

static inline int64_t deadline_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline struct deadline deadline_in(int64_t milliseconds)
{
	return (struct deadline){.at = deadline_now() + milliseconds};
}

static inline struct deadline deadline_sooner(struct deadline one, struct deadline other)
{
	return one.at < other.at ? one : other;
}

/* Milliseconds that are left, for poll(2); 0 when it has passed. */
static inline int deadline_left(struct deadline deadline)
{
	int64_t left = deadline.at - deadline_now();

	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

#endif

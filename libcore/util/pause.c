/* SPDX-License-Identifier: MIT */
/* A random while: see pause.h. */
#include <config.h>

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "util/pause.h"

void pause_at_random(unsigned most)
{
	unsigned random = 0;

	if (getrandom(&random, sizeof(random), 0) < 0)
		random = (unsigned)getpid();
	nanosleep(&(struct timespec){.tv_nsec = (1 + random % most) * 1000000L}, NULL);
}

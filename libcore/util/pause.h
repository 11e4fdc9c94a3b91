/* SPDX-License-Identifier: MIT */
/* A random while between two tries, so that writers who collided do not collide again. */
#ifndef RAVI_PAUSE_H
#define RAVI_PAUSE_H

/* 1 to `most` milliseconds, `most` below 1,000. */
void pause_at_random(unsigned most);

#endif

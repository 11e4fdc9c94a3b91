/* SPDX-License-Identifier: MIT */
/*
 * That the service was not reached, remembered for half a minute (/run/ravi/service-down, written by root):
 * a row of logins then waits once and not each for itself.
 */
#ifndef RAVI_FETCH_DOWN_H
#define RAVI_FETCH_DOWN_H

#include "util/reason.h"

/* Notes it, where root may. What cannot be noted is not worth a failure. */
void down_note(const char *url, const char *text);

/* Forgets it: the service answered. */
void down_forget(void);

/* 0, or -EHOSTUNREACH with the reason when it is down by what is noted. */
int down_check(const char *url, struct reason *why);

#endif

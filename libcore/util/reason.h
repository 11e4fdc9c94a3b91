/* SPDX-License-Identifier: MIT */
/*
 * Why something failed, in words for the person who can mend it. A function that can fail for a reason
 * worth telling takes a `struct reason *why` (NULL: nobody asks), sets it and returns a negative errno:
 *
 *	return reason_set(why, -EACCES, "%s belongs to uid %u; chown it to root", path, uid);
 *
 * A text says what happened, to what, and what to do next. It never holds a secret.
 */
#ifndef RAVI_REASON_H
#define RAVI_REASON_H

/* Fits, with the words around it, a syslog line and the loader's record. */
#define REASON_MAX 480

struct reason {
	char text[REASON_MAX];
};

/* Sets the text and returns `error`, so that a failure is one line. */
int reason_set(struct reason *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with ": " and the system's words for `error` at the end. */
int reason_errno(struct reason *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts words before a text that a lower function has set ("NAME: ..."), returns `error`. */
int reason_prefix(struct reason *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "; and ..." behind it: what failed after it. */
void reason_add(struct reason *why, const struct reason *more);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The one growable buffer and string builder. It wipes everything it ever held, when it grows and when
 * it is freed, so nobody has to decide whether a string is a secret.
 *
 * data[len] is always 0 once something was added: a buf of text can be used as a C string.
 * The adders return 0 or -ENOMEM (-EFBIG past BUF_MAX) and remember the first failure in `error`: build
 * first, check once.
 */
#ifndef RAVI_BUF_H
#define RAVI_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUF_MAX (64u << 20) /* bytes; nothing of ours is near it */

struct buf {
	char *data;
	size_t len;
	size_t cap;
	int error;
};

/* buf_auto b = {0}; */
#define buf_auto __attribute__((cleanup(buf_free))) struct buf

void buf_free(struct buf *b);

/* Forgets the content (wiped) and the error, keeps the memory. */
void buf_reset(struct buf *b);

/* Room for `more` bytes after len; returns where they go, NULL when there is none. */
void *buf_reserve(struct buf *b, size_t more);

int buf_add(struct buf *b, const void *data, size_t len);
int buf_add_text(struct buf *b, const char *text);
int buf_add_char(struct buf *b, char c);
int buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

int buf_addv(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* The text built so far, "" when nothing was. */
const char *buf_text(const struct buf *b);

/* Cuts to `len` bytes, wiping the rest; does nothing when it is shorter. */
void buf_cut(struct buf *b, size_t len);

/* Whether both hold the same bytes. */
bool buf_equal(const struct buf *a, const struct buf *b);

/* Moves the content of `from` into `to`, which is freed first. */
void buf_move(struct buf *to, struct buf *from);

/* The one wipe. */
void wipe(void *data, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/* The growable buffer: see buf.h. Growth copies and wipes; realloc would leave copies behind. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

void wipe(void *data, size_t len)
{
	if (data)
		explicit_bzero(data, len);
}

void buf_free(struct buf *b)
{
	wipe(b->data, b->cap);
	free(b->data);
	*b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
	wipe(b->data, b->cap);
	b->len = 0;
	b->error = 0;
}

void *buf_reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;
	char *grown;

	if (b->error)
		return NULL;
	if (more > BUF_MAX || b->len + more > BUF_MAX) {
		b->error = -EFBIG;
		return NULL;
	}
	if (b->len + more + 1 <= b->cap)
		return b->data + b->len;
	while (cap < b->len + more + 1)
		cap *= 2;
	grown = calloc(1, cap);
	if (!grown) {
		b->error = -ENOMEM;
		return NULL;
	}
	if (b->data) {
		memcpy(grown, b->data, b->len);
		wipe(b->data, b->cap);
		free(b->data);
	}
	b->data = grown;
	b->cap = cap;
	return b->data + b->len;
}

int buf_add(struct buf *b, const void *data, size_t len)
{
	char *to = buf_reserve(b, len);

	if (!to)
		return b->error;
	if (len)
		memcpy(to, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int buf_add_text(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

int buf_add_char(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int buf_addv(struct buf *b, const char *format, va_list args)
{
	va_list again;
	char *to;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		return b->error = b->error ? b->error : -EINVAL;
	to = buf_reserve(b, (size_t)len);
	if (!to)
		return b->error;
	vsnprintf(to, (size_t)len + 1, format, args);
	b->len += (size_t)len;
	return 0;
}

int buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = buf_addv(b, format, args);
	va_end(args);
	return r;
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

void buf_cut(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	wipe(b->data + len, b->len - len);
	b->len = len;
}

bool buf_equal(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

void buf_move(struct buf *to, struct buf *from)
{
	buf_free(to);
	*to = *from;
	*from = (struct buf){0};
}

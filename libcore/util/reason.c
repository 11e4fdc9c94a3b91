/* SPDX-License-Identifier: MIT */
/* Why something failed: see reason.h. */
#include <config.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/reason.h"

int reason_set(struct reason *why, int error, const char *format, ...)
{
	va_list args;

	if (!why)
		return error;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return error;
}

int reason_errno(struct reason *why, int error, const char *format, ...)
{
	va_list args;
	size_t used;

	if (!why)
		return error;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	used = strlen(why->text);
	snprintf(why->text + used, sizeof(why->text) - used, ": %s",
	    strerror(error < 0 ? -error : error));
	return error;
}

int reason_prefix(struct reason *why, int error, const char *format, ...)
{
	struct reason inner;
	va_list args;
	size_t used;

	if (!why)
		return error;
	inner = *why;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	used = strlen(why->text);
	snprintf(why->text + used, sizeof(why->text) - used, "%s", inner.text);
	return error;
}

void reason_add(struct reason *why, const struct reason *more)
{
	size_t len = strlen(why->text);

	snprintf(why->text + len, sizeof(why->text) - len, "; and %s", more->text);
}

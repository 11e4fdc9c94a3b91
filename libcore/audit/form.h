/* SPDX-License-Identifier: MIT */
/* Inside the room: the text of an event from a list of arguments. */
#ifndef RAVI_AUDIT_FORM_H
#define RAVI_AUDIT_FORM_H

#include <stdarg.h>

#include "util/buf.h"

/* Characters that a value takes in a line; what is longer is cut, and ends in "...". */
#define AUDIT_VALUE_MAX 600

/* Appends "event=EVENT key=value ... result=RESULT"; `pairs` as audit() takes them. */
void audit_vformat(struct buf *line, const char *event, const char *result, va_list pairs);

#endif

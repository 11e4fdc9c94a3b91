/* SPDX-License-Identifier: MIT */
/*
 * Looking into what strangers wrote: the code or the link in a message, for the operations message.code and
 * message.link. It is done here because no other program shall read a stranger's HTML.
 */
#ifndef RAVI_FETCH_READING_H
#define RAVI_FETCH_READING_H

#include <jansson.h>

#include "util/reason.h"

/*
 * `arguments`: subject, text, html, host; any may be missing. The result is {"value": TEXT | null} and, where
 * there are several candidates and none is better, "why". -EINVAL: the host is none.
 */
int reading_find(const char *operation, const json_t *arguments, json_t **result, struct reason *why);

#endif

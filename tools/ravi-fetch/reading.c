/* SPDX-License-Identifier: MIT */
/* Codes and links in messages: see reading.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "fetch/shape.h"
#include "message/message.h"
#include "reading.h"

int reading_find(const char *operation, const json_t *arguments, json_t **result, struct reason *why)
{
	const struct message message = {.subject = fetch_text(arguments, "subject"),
	    .text = fetch_text(arguments, "text"),
	    .html = fetch_text(arguments, "html")};
	buf_auto value = {0};
	int r = strcmp(operation, "message.code")
		    ? message_link(&message, fetch_text(arguments, "host"), &value, why)
		    : message_code(&message, &value, why);

	if (r == -ENOENT)
		*result = json_pack("{s:n}", "value");
	else if (r == -ENOTUNIQ)
		*result = json_pack("{s:n, s:s}", "value", "why", why->text);
	else if (r == 0)
		*result = json_pack("{s:s}", "value", value.data);
	else
		return r;
	return *result ? 0 : -ENOMEM;
}

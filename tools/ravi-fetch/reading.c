/* SPDX-License-Identifier: MIT */
/* Codes, links and the words of HTML in messages: see reading.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "fetch/shape.h"
#include "message/message.h"
#include "reading.h"

static int read_one(const char *operation, const struct message *message, const char *host, struct buf *value,
    struct reason *why)
{
	if (!strcmp(operation, "message.code"))
		return message_code(message, value, why);
	if (!strcmp(operation, "message.link"))
		return message_link(message, host, value, why);
	return message_html_text(message->html ? message->html : "", value);
}

int reading_find(const char *operation, const json_t *arguments, json_t **result, struct reason *why)
{
	const struct message message = {.subject = fetch_text(arguments, "subject"),
	    .text = fetch_text(arguments, "text"),
	    .html = fetch_text(arguments, "html")};
	buf_auto value = {0};
	int r = read_one(operation, &message, fetch_text(arguments, "host"), &value, why);

	if (r == -ENOENT)
		*result = json_pack("{s:n}", "value");
	else if (r == -ENOTUNIQ)
		*result = json_pack("{s:n, s:s}", "value", "why", why->text);
	else if (r == 0)
		*result = json_pack("{s:s}", "value", buf_text(&value));
	else
		return r;
	return *result ? 0 : -ENOMEM;
}

/* SPDX-License-Identifier: MIT */
/* A stranger's message: the first line is its subject, the rest its text and its HTML. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "message/message.h"

static void check_code(const struct message *message)
{
	buf_auto code = {0};
	struct reason why = {0};
	const int rc = message_code(message, &code, &why);

	MUST(rc == 0 || rc == -ENOENT || rc == -ENOTUNIQ);
	MUST(rc == 0 || *why.text);
	MUST(rc < 0 ? code.len == 0 : code.len >= 4 && code.len <= MESSAGE_CODE_MAX);
	MUST(strspn(buf_text(&code), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == code.len);
}

static void check_link(const struct message *message, const char *host)
{
	static const char on_host[] = "https://example.com";
	buf_auto link = {0};
	struct reason why = {0};
	const int rc = message_link(message, host, &link, &why);

	MUST(rc == 0 || rc == -ENOENT || rc == -ENOTUNIQ);
	MUST(rc == 0 || *why.text);
	if (rc < 0)
		return;
	MUST(strncasecmp(buf_text(&link), "https://", 8) == 0);
	/* The host ends where any program would say so. */
	if (host && strncasecmp(buf_text(&link), on_host, strlen(on_host)) == 0)
		MUST(strspn(link.data + strlen(on_host), "/?#:.") > 0 || link.len == strlen(on_host));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	buf_auto text = {0}, subject = {0};
	struct message message = {0};

	fuzz_text(data, size, &text);
	buf_add(&subject, buf_text(&text), strcspn(buf_text(&text), "\n"));
	message.subject = buf_text(&subject);
	message.text = buf_text(&text) + subject.len;
	check_code(&message);
	check_link(&message, "example.com");
	message.html = message.text;
	check_code(&message);
	check_link(&message, NULL);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Bytes in JSON: see value.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "vault/value.h"

#define VARIANT sodium_base64_VARIANT_ORIGINAL

static int decode(const json_t *text, struct buf *value)
{
	size_t len = json_string_length(text), got;
	unsigned char *to = buf_reserve(value, len / 4 * 3);

	if (!to)
		return value->error;
	/* It refuses blanks, bits left over and padding that is not exactly right. */
	if (sodium_base642bin(
		to, len / 4 * 3, json_string_value(text), len, NULL, &got, NULL, VARIANT) < 0)
		return -EBADMSG;
	value->len += got;
	return 0;
}

int vault_value_get(const json_t *entry, struct buf *value)
{
	const json_t *text = json_object_get(entry, "text");
	const json_t *base64 = json_object_get(entry, "base64");

	if (!text == !base64 || !json_is_string(text ? text : base64))
		return -EBADMSG;
	if (base64)
		return decode(base64, value);
	return buf_add(value, json_string_value(text), json_string_length(text));
}

json_t *vault_value_base64(const void *value, size_t len)
{
	size_t room = sodium_base64_ENCODED_LEN(len, VARIANT); /* with its 0 */
	buf_auto text = {0};
	char *to = buf_reserve(&text, room);

	if (!to)
		return NULL;
	sodium_bin2base64(to, room, value, len, VARIANT);
	return json_string(to);
}

int vault_value_set(json_t *entry, const void *value, size_t len)
{
	/* NULL when it is not UTF-8. */
	json_t *text = memchr(value, '\0', len) ? NULL : json_stringn(value, len);

	json_object_del(entry, text ? "base64" : "text");
	if (text)
		return json_object_set_new(entry, "text", text) < 0 ? -ENOMEM : 0;
	return json_object_set_new(entry, "base64", vault_value_base64(value, len)) < 0 ? -ENOMEM
											: 0;
}

static int dump_into(const char *data, size_t len, void *out)
{
	return buf_add(out, data, len) < 0 ? -1 : 0;
}

int vault_value_dump(const json_t *root, size_t flags, struct buf *out)
{
	if (json_dump_callback(root, dump_into, out, flags) < 0)
		return out->error ? out->error : -ENOMEM;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Answers of the service, checked and cut to what is known: see shape.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fetch/shape.h"
#include "util/text.h"

#define DEPTH_MAX 4 /* of shapes within shapes */

static const struct {
	const char *name, *members;
} shapes[] = {
    {"anything", ""},
    {"device", "device_code:T user_code:T verification_uri:T expires_in:n interval:n"},
    {"grant", "error:T? management_key:k? identity_key:k? identity:{identity? "
	      "identities:[identity? user:{user? access:k? refresh:k?"},
    {"user", "email:t? first_name:t? last_name:t?"},
    {"key", "key:k identity_uuid:u? label:t?"},
    {"key-row", "uuid:u? id:i? label:t? identity_uuid:u?"},
    {"tokens", "access:k refresh:k?"},
    {"identity", "uuid:u name:t? inbox:e? phone:p? created_dt:t? updated_dt:t? api_key:k?"},
    {"email-row", "id:i email:e created_dt:t?"},
    {"phone-row", "id:i phone_number:p provider:t? created_dt:t?"},
    {"owner", "first_name:t? last_name:t?"},
    {"secret", "uuid:u key:T value:t notes:t? created_dt:t? updated_dt:t?"},
    {"document", "document:T"},
    {"encryption", "salt:t verifier:t public_key:t"},
    {"thread", "thread_id:T subject:t? preview:t? from_email:t? inbox:t? message_count:n? "
	       "unread_count:n? latest_message_dt:t? oldest_message_dt:t?"},
    {"thread-messages", "thread_id:T subject:t? message_count:n? messages:[mail"},
    {"mail", "id:i url:t? message_id:t? thread_id:t? from_email:t? to_email:t? cc:t? subject:t? "
	     "text_content:t? html_content:t? direction:t? is_read:b? attachments:[attachment? "
	     "created_dt:t?"},
    {"attachment", "uuid:t? filename:t? content_type:t? size:n? is_inline:b? download_url:t?"},
    {"conversation",
	"conversation_id:T from_number:t? phone:t? phone_number:t? preview:t? message_count:n? "
	"unread_count:n? latest_message_dt:t?"},
    {"conversation-messages",
	"conversation_id:T from_number:t? phone:t? message_count:n? messages:[text"},
    {"text", "id:i url:t? from_number:t? to_number:t? body:t? message_sid:t? phone:t? direction:t? "
	     "is_read:b? created_dt:t?"},
    {"found", "value:t why:t?"},
    {"event", "seq:n type:T data:{event-data?"},
    {"event-data", "id:i? identity:t?"},
    {0},
};

void fetch_json_free(json_t **json)
{
	json_decref(*json);
}

int fetch_dump(const json_t *json, struct buf *out)
{
	size_t len = json_dumpb(json, NULL, 0, JSON_COMPACT);
	char *to = len ? buf_reserve(out, len) : NULL;

	if (!to || json_dumpb(json, to, len, JSON_COMPACT) != len)
		return -ENOMEM;
	out->len += len;
	out->data[out->len] = '\0';
	return 0;
}

const char *fetch_text(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

bool shape_is_uuid(const char *text)
{
	size_t i = 0;

	for (; text[i]; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	}
	return i == 36;
}

static json_t *take_uuid(const json_t *in)
{
	const char *text = json_string_value(in);
	char small[40];

	if (!text || !shape_is_uuid(text))
		return NULL;
	snprintf(small, sizeof(small), "%s", text);
	for (char *c = small; *c; c++)
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c - 'A' + 'a');
	return json_string(small);
}

/* Goes into a header line and the environment of programs: no blanks, nothing that is not ASCII. */
static bool is_credential(const json_t *in)
{
	const char *text = json_string_value(in);
	size_t len = json_string_length(in);

	if (!text || len < 8 || len > 8192)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

static json_t *take_id(const json_t *in)
{
	uint64_t number;

	if (json_is_integer(in) && json_integer_value(in) >= 0)
		return json_integer(json_integer_value(in));
	if (json_is_string(in) &&
	    text_number(json_string_value(in), 10, 0, INT64_MAX, &number) == 0)
		return json_integer((json_int_t)number);
	return NULL;
}

/* Text, null, or the text that an object has as `member`. */
static json_t *take_channel(const json_t *in, const char *member, bool null_for_empty)
{
	const json_t *text = json_is_object(in) ? json_object_get(in, member) : in;

	if (json_is_string(text) && !(null_for_empty && !json_string_length(text)))
		return json_deep_copy(text);
	return json_is_string(text) || json_is_null(text) ? json_null() : NULL;
}

static json_t *take_texts(const json_t *in)
{
	size_t i;
	json_t *one;

	if (json_is_null(in))
		return json_null();
	if (!json_is_array(in))
		return NULL;
	json_array_foreach((json_t *)(uintptr_t)in, i, one)
		if (!json_is_string(one))
			return NULL;
	return json_deep_copy(in);
}

/* A value of a plain type; NULL where it is none, or there is no memory. */
static json_t *take_value(char type, const json_t *in)
{
	switch (type) {
	case 'u':
		return take_uuid(in);
	case 'i':
		return take_id(in);
	case 'e':
		return take_channel(in, "address", false);
	case 'p':
		return take_channel(in, "number", true);
	case 's':
		return take_texts(in);
	case 'n':
		return json_is_integer(in) || json_is_null(in) ? json_integer(json_integer_value(in))
							       : NULL;
	case 'k':
		return is_credential(in) ? json_deep_copy(in) : NULL;
	case 'b':
		return json_is_boolean(in) ? json_deep_copy(in) : NULL;
	case 'T':
		return json_string_length(in) ? json_deep_copy(in) : NULL;
	default:
		return json_is_string(in) || json_is_null(in) ? json_deep_copy(in) : NULL;
	}
}

static int take(const char *shape, const json_t *in, unsigned depth, json_t **out,
    struct reason *why);

static int take_member(const char *name, const char *type, const json_t *in, unsigned depth,
    json_t *out, struct reason *why)
{
	bool optional = type[strlen(type) - 1] == '?';
	fetch_json_auto value = NULL;
	int r;

	/* A list or an object that is not there is no list and no object. */
	if (optional && (!in || (strchr("{[uiknb", *type) && json_is_null(in))))
		return 0;
	if (!in)
		return reason_set(why, -EBADE, "the service's answer lacks \"%s\"", name);
	if (*type == '{' || *type == '[') {
		r = take(type, in, depth, &value, why);
		if (r < 0)
			return r;
	} else {
		value = take_value(*type, in);
	}
	if (!value)
		return reason_set(
		    why, -EBADE, "\"%s\" in the service's answer is not what it should be", name);
	return json_object_set(out, name, value) < 0 ? -ENOMEM : 0;
}

/* Splits "MEMBER:TYPE" off the words. */
static bool next_member(const char **words, char name[32], char type[32])
{
	int len = 0;

	*words += strspn(*words, " ");
	if (sscanf(*words, "%31[^:]:%31s%n", name, type, &len) != 2)
		return false;
	*words += len;
	return true;
}

static int take_object(const char *members, const json_t *in, unsigned depth, json_t **out,
    struct reason *why)
{
	fetch_json_auto object = json_object();
	char name[32], type[32];

	if (!object)
		return -ENOMEM;
	if (!json_is_object(in))
		return reason_set(why, -EBADE, "the service's answer is not the object it should be");
	while (next_member(&members, name, type)) {
		int r = take_member(name, type, json_object_get(in, name), depth, object, why);

		if (r < 0)
			return r;
	}
	*out = json_incref(object);
	return 0;
}

static int take_list(const char *members, const json_t *in, unsigned depth, json_t **out,
    struct reason *why)
{
	fetch_json_auto list = json_array();

	if (!list)
		return -ENOMEM;
	if (!json_is_array(in))
		return reason_set(why, -EBADE, "the service's answer is not the list it should be");
	for (size_t i = 0; i < json_array_size(in); i++) {
		fetch_json_auto row = NULL;
		int r = take_object(members, json_array_get(in, i), depth, &row, why);

		if (r < 0)
			return r;
		if (json_array_append(list, row) < 0)
			return -ENOMEM;
	}
	*out = json_incref(list);
	return 0;
}

static int take(
    const char *shape, const json_t *in, unsigned depth, json_t **out, struct reason *why)
{
	size_t len = strcspn(shape + 1, "?");

	if (depth == DEPTH_MAX)
		return -EBADE;
	for (size_t i = 0; shapes[i].name; i++)
		if (strlen(shapes[i].name) == len && !strncmp(shapes[i].name, shape + 1, len))
			return (*shape == '[' ? take_list : take_object)(
			    shapes[i].members, in, depth + 1, out, why);
	return reason_set(why, -EBADE, "there is no shape %s", shape);
}

int shape_take(const char *shape, const json_t *in, json_t **out, struct reason *why)
{
	return take(shape, in, 0, out, why);
}

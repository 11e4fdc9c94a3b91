/* SPDX-License-Identifier: MIT */
/* Requests and answers as JSON: see protocol.h. */
#include <config.h>

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "broker/protocol.h"
#include "util/when.h"
#include "vault/value.h"
#include "vault/vault.h"

/* Exactly one object and nothing behind it, no member twice, no NUL in a text (jansson's default). */
#define LOAD_FLAGS (JSON_REJECT_DUPLICATES)

/* The errors that an answer can name. What is not here is EIO: who asked can do nothing about it. */
static const struct {
	const char *word;
	int error;
} errors[] = {
    {"E2BIG", E2BIG},
    {"EACCES", EACCES},
    {"EAGAIN", EAGAIN},
    {"EBUSY", EBUSY},
    {"EDQUOT", EDQUOT},
    {"EINVAL", EINVAL},
    {"EIO", EIO},
    {"EMSGSIZE", EMSGSIZE},
    {"EINPROGRESS", EINPROGRESS},
    {"ENOKEY", ENOKEY},
    {"EPERM", EPERM},
    {"ESTALE", ESTALE},
    {"ETIMEDOUT", ETIMEDOUT},
};

#define ERRORS (sizeof(errors) / sizeof(*errors))

static const char *const ops[] = {"set", "delete", "audit", "lease"};

const char *broker_op_word(enum broker_op op)
{
	return ops[op];
}

void broker_request_free(struct broker_request *request)
{
	buf_free(&request->value);
	buf_free(&request->note);
}

void broker_answer_free(struct broker_answer *answer)
{
	buf_free(&answer->events);
}

/* ---- requests ---- */

#define OF(op) (1u << (op))

struct member {
	const char *name;
	int (*take)(const json_t *value, struct broker_request *request, struct reason *why);
	unsigned ops; /* that may have it */
};

static int take_op(const json_t *value, struct broker_request *request, struct reason *why)
{
	const char *word = json_string_value(value);

	for (size_t i = 0; word && i < sizeof(ops) / sizeof(*ops); i++) {
		if (strcmp(word, ops[i]))
			continue;
		request->op = (enum broker_op)i;
		return 0;
	}
	return reason_set(why, -EINVAL, "op must be \"set\", \"delete\", \"audit\" or \"lease\"");
}

static int take_identity(const json_t *value, struct broker_request *request, struct reason *why)
{
	const char *name = json_string_value(value);

	if (!name)
		return reason_set(why, -EINVAL, "identity must be text");
	if (identity_name_check(name, why) < 0)
		return -EINVAL;
	strcpy(request->identity, name);
	return 0;
}

static int take_name(const json_t *value, struct broker_request *request, struct reason *why)
{
	if (!json_is_string(value))
		return reason_set(why, -EINVAL, "name must be text");
	return secret_name_fold(json_string_value(value), request->name, why);
}

/* Both members of a value lead here; vault_value_get looks at the object as a whole. */
static int take_value(const json_t *value, struct broker_request *request, struct reason *why)
{
	(void)request;
	return json_is_string(value) ? 0 : reason_set(why, -EINVAL, "text and base64 must be text");
}

static int take_expires(const json_t *value, struct broker_request *request, struct reason *why)
{
	if (json_is_null(value))
		return 0;
	if (!json_is_string(value) ||
	    when_parse(json_string_value(value), &request->expires) < 0 || !request->expires)
		return reason_set(
		    why, -EINVAL, "expires must be null or a time like 2027-01-31T00:00:00Z");
	return 0;
}

static int take_note(const json_t *value, struct broker_request *request, struct reason *why)
{
	if (json_is_null(value))
		return 0;
	if (!json_is_string(value) || json_string_length(value) > VAULT_NOTE_MAX)
		return reason_set(
		    why, -EINVAL, "note must be null or text of at most %u bytes", VAULT_NOTE_MAX);
	request->has_note = true;
	return buf_add(&request->note, json_string_value(value), json_string_length(value));
}

static int take_base(const json_t *value, struct broker_request *request, struct reason *why)
{
	json_int_t base = json_integer_value(value);

	if (!json_is_integer(value) || base < 0 || base > (json_int_t)VAULT_REVISION_MAX)
		return reason_set(
		    why, -EINVAL, "base must be a whole number from 0 to 2^53 - 1: a version");
	request->has_base = true;
	request->base = (uint64_t)base;
	return 0;
}

static int take_since(const json_t *value, struct broker_request *request, struct reason *why)
{
	if (json_is_null(value))
		return 0;
	if (!json_is_string(value) || when_parse(json_string_value(value), &request->since) < 0 ||
	    request->since < 0)
		return reason_set(
		    why, -EINVAL, "since must be null or a time like 2027-01-31T00:00:00Z");
	return 0;
}

static const struct member members[] = {
    {"op", take_op, OF(BROKER_SET) | OF(BROKER_DELETE) | OF(BROKER_AUDIT) | OF(BROKER_LEASE)},
    {"identity", take_identity,
	OF(BROKER_SET) | OF(BROKER_DELETE) | OF(BROKER_AUDIT) | OF(BROKER_LEASE)},
    {"name", take_name, OF(BROKER_SET) | OF(BROKER_DELETE)},
    {"text", take_value, OF(BROKER_SET)},
    {"base64", take_value, OF(BROKER_SET)},
    {"expires", take_expires, OF(BROKER_SET)},
    {"note", take_note, OF(BROKER_SET)},
    {"base", take_base, OF(BROKER_SET)},
    {"since", take_since, OF(BROKER_AUDIT)},
    {0},
};

/* What each takes, for a request that has another member. */
static const char *const takes[] = {
    [BROKER_SET] = "identity, name, a value, expires, note and base",
    [BROKER_DELETE] = "identity and name",
    [BROKER_AUDIT] = "identity and since",
    [BROKER_LEASE] = "identity",
};

static bool names_secret(enum broker_op op)
{
	return op == BROKER_SET || op == BROKER_DELETE;
}

static int take_members(const json_t *root, struct broker_request *request, struct reason *why)
{
	size_t known = 0;

	for (const struct member *member = members; member->name; member++) {
		const json_t *value = json_object_get(root, member->name);
		int r;

		if (!value)
			continue;
		known++;
		r = member->take(value, request, why);
		if (r < 0)
			return r;
		if (!(member->ops & OF(request->op)))
			return reason_set(why, -EINVAL, "%s takes %s, not %s", ops[request->op],
			    takes[request->op], member->name);
	}
	/* It is not named: what it is called is the other side's text. */
	if (known != json_object_size(root))
		return reason_set(why, -EINVAL,
		    "the request has a member that is none of: op, identity, name, text, base64, "
		    "expires, note, base, since");
	return 0;
}

static int take_object(const json_t *root, struct broker_request *request, struct reason *why)
{
	int r;

	if (!json_is_object(root))
		return reason_set(why, -EINVAL, "the request is no JSON object");
	if (!json_object_get(root, "op"))
		return reason_set(why, -EINVAL, "the request must say op");
	r = take_members(root, request, why);
	if (r == 0 && names_secret(request->op) && !*request->name)
		return reason_set(why, -EINVAL, "the request must say the name of the secret");
	if (r < 0 || request->op != BROKER_SET)
		return r;
	r = vault_value_get(root, &request->value);
	if (r == -EBADMSG)
		return reason_set(why, -EINVAL,
		    "the request must have one value: text, or base64 with padding and no blanks");
	if (r < 0)
		return reason_errno(why, r, "reading the value");
	if (!request->value.len)
		return reason_set(why, -EINVAL, "the value is empty; to take it away say delete");
	if (request->value.len > VAULT_VALUE_MAX)
		return reason_set(why, -E2BIG, "the value has %zu bytes, %u are the most",
		    request->value.len, VAULT_VALUE_MAX);
	return 0;
}

int broker_request_parse(
    const void *text, size_t len, struct broker_request *request, struct reason *why)
{
	json_auto_t *root = NULL;
	json_error_t error;

	*request = (struct broker_request){0};
	root = json_loadb(text, len, LOAD_FLAGS, &error);
	/* Its words quote what it read, which may be a secret. */
	if (!root)
		return reason_set(why, -EINVAL, "the request is no JSON object (byte %d of %zu)",
		    error.position, len);
	return take_object(root, request, why);
}

/* ---- writing ---- */

/* Appends `root`, which may be NULL, as one line. */
static int add_line(const json_t *root, struct buf *out)
{
	if (!root || vault_value_dump(root, JSON_COMPACT, out) < 0)
		return -ENOMEM;
	return buf_add_char(out, '\n');
}

static int set_value(json_t *root, const struct broker_request *request)
{
	char expires[WHEN_TEXT];
	int r = json_object_set_new(
	    root, "base64", vault_value_base64(request->value.data, request->value.len));

	when_format(request->expires, expires);
	if (r == 0 && request->expires)
		r = json_object_set_new(root, "expires", json_string(expires));
	if (r == 0 && request->has_note)
		r = json_object_set_new(root, "note", json_string(buf_text(&request->note)));
	if (r == 0 && request->has_base)
		r = json_object_set_new(root, "base", json_integer((json_int_t)request->base));
	return r;
}

int broker_request_format(const struct broker_request *request, struct buf *out)
{
	json_auto_t *root = json_pack("{ss}", "op", ops[request->op]);
	char since[WHEN_TEXT];
	size_t before = out->len;
	int r = root ? 0 : -1;

	when_format(request->since, since);
	if (r == 0 && names_secret(request->op))
		r = json_object_set_new(root, "name", json_string(request->name));
	if (r == 0 && request->since)
		r = json_object_set_new(root, "since", json_string(since));
	if (r == 0 && *request->identity)
		r = json_object_set_new(root, "identity", json_string(request->identity));
	if (r == 0 && request->op == BROKER_SET)
		r = set_value(root, request);
	if (r < 0 || add_line(root, out) < 0)
		return -ENOMEM;
	return out->len - before > BROKER_MESSAGE_MAX ? -E2BIG : 0;
}

/* A reason may quote what was asked, and may be cut in the middle of a character: ASCII always fits. */
static json_t *plain_text(const char *text)
{
	buf_auto plain = {0};

	for (; *text; text++)
		buf_add_char(&plain, *text >= ' ' && *text < 0x7f ? *text : '?');
	return json_string(buf_text(&plain));
}

size_t broker_event_size(const char *line, size_t len)
{
	size_t size = len + 3; /* two quotes and a comma */

	for (size_t i = 0; i < len; i++)
		size += line[i] == '"' || line[i] == '\\';
	return size;
}

static int add_events(json_t *root, const struct broker_answer *answer)
{
	json_t *events = json_array();
	const char *at = buf_text(&answer->events);
	int r = json_object_set_new(root, "events", events);

	for (size_t len; r == 0 && *at; at += len + 1) {
		len = strcspn(at, "\n");
		r = json_array_append_new(events, json_stringn(at, len));
	}
	return r == 0 ? json_object_set_new(root, "cut", json_boolean(answer->cut)) : r;
}

int broker_answer_format(const struct broker_answer *answer, struct buf *out)
{
	json_auto_t *root = NULL;
	const char *word = "EIO";

	for (size_t i = 0; i < ERRORS; i++)
		if (errors[i].error == -answer->error)
			word = errors[i].word;
	if (answer->error == 0)
		root = json_pack("{sbsI}", "ok", 1, "version", (json_int_t)answer->version);
	else
		root = json_pack(
		    "{sbssso}", "ok", 0, "error", word, "reason", plain_text(answer->reason.text));
	if (root && answer->error == 0 && answer->has_events && add_events(root, answer) < 0)
		return -ENOMEM;
	return add_line(root, out);
}

/* ---- answers ---- */

static int error_of(const char *word)
{
	for (size_t i = 0; i < ERRORS; i++)
		if (!strcmp(errors[i].word, word))
			return -errors[i].error;
	return -EIO;
}

static int parse_events(const json_t *events, struct broker_answer *answer)
{
	const json_t *event;
	size_t i;

	answer->has_events = true;
	json_array_foreach(events, i, event)
	{
		const char *line = json_string_value(event);

		if (!line || !*line || strchr(line, '\n'))
			return -EPROTO;
		buf_add_text(&answer->events, line);
		buf_add_char(&answer->events, '\n');
	}
	return answer->events.error;
}

int broker_answer_parse(const void *text, size_t len, struct broker_answer *answer)
{
	json_auto_t *root = json_loadb(text, len, LOAD_FLAGS, NULL);
	const json_t *ok = json_object_get(root, "ok");
	const json_t *version = json_object_get(root, "version");
	const json_t *events = json_object_get(root, "events");
	const char *word = json_string_value(json_object_get(root, "error"));
	const char *reason = json_string_value(json_object_get(root, "reason"));

	*answer = (struct broker_answer){0};
	if (json_is_true(ok) && json_is_integer(version) && json_integer_value(version) >= 0) {
		answer->version = (uint64_t)json_integer_value(version);
		answer->cut = json_is_true(json_object_get(root, "cut"));
		return json_is_array(events) ? parse_events(events, answer) : 0;
	}
	if (!json_is_false(ok) || !word)
		return -EPROTO;
	answer->error = error_of(word);
	reason_set(&answer->reason, 0, "%s", reason ? reason : strerror(-answer->error));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Several secrets as a file holds them: see bundle.h. Here what is JSON, and what all forms share. */
#include <config.h>

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "util/when.h"
#include "vault/value.h"
#include "vault/vault.h"

#define DAEMON_TOKEN "CODEX_MONITOR_DAEMON_TOKEN"
#define DAEMON_NOTE  "from CodexMonitor's settings.json"

void bundle_free(struct bundle *bundle)
{
	for (size_t i = 0; i < bundle->count; i++) {
		buf_free(&bundle->items[i].value);
		buf_free(&bundle->items[i].note);
	}
	free(bundle->items);
	buf_free(&bundle->words);
	*bundle = (struct bundle){0};
}

void bundle_say(struct bundle *bundle, bool left_out, const char *format, ...)
{
	char words[256];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	buf_addf(&bundle->words, "%s\n", words);
	if (left_out)
		bundle->left_out++;
	else
		bundle->complaints++;
}

static const struct bundle_item *find_item(const struct bundle *bundle, const char *name)
{
	for (size_t i = 0; i < bundle->count; i++)
		if (!strcmp(bundle->items[i].name, name))
			return &bundle->items[i];
	return NULL;
}

/* Room for one more item. */
static struct bundle_item *grow(struct bundle *bundle)
{
	struct bundle_item *grown =
	    reallocarray(bundle->items, bundle->count + 1, sizeof(*bundle->items));

	if (!grown)
		return NULL;
	bundle->items = grown;
	grown += bundle->count++;
	*grown = (struct bundle_item){0};
	return grown;
}

int bundle_add(struct bundle *bundle, const char *what, unsigned place, const char *name,
    struct buf *value, struct bundle_item **added)
{
	char folded[SECRET_NAME_MAX + 1];
	const struct bundle_item *other;

	*added = NULL;
	if (secret_name_fold(name, folded, NULL) < 0) {
		bundle_say(bundle, false,
		    "%s %u has no name for a secret: a letter, then letters, digits and _, at most "
		    "%d",
		    what, place, SECRET_NAME_MAX);
		return 0;
	}
	other = find_item(bundle, folded);
	if (other)
		bundle_say(bundle, false, "%s %u: %s is there already, as %s %u", what, place,
		    folded, what, other->place);
	else if (!value->len)
		bundle_say(
		    bundle, true, "%s %u: %s is empty and was left out", what, place, folded);
	else if (value->len > VAULT_VALUE_MAX)
		bundle_say(bundle, false, "%s %u: %s has %zu bytes, %u are the most", what, place,
		    folded, value->len, VAULT_VALUE_MAX);
	else if (!(*added = grow(bundle)))
		return -ENOMEM;
	if (!*added)
		return 0;
	strcpy((*added)->name, folded);
	(*added)->place = place;
	buf_move(&(*added)->value, value);
	return 0;
}

/* ---- JSON ---- */

static int decode(const char *text, size_t len, struct buf *value)
{
	unsigned char *to = buf_reserve(value, len / 4 * 3);
	size_t got;

	if (!to)
		return value->error;
	if (sodium_base642bin(
		to, len / 4 * 3, text, len, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL) < 0)
		return -EINVAL;
	value->len += got;
	return 0;
}

/* The value of a member: text, null (empty), or an object with value or value_base64. -EINVAL: none of it. */
static int read_value(const json_t *member, struct buf *value)
{
	const json_t *text = json_is_object(member) ? json_object_get(member, "value") : member;
	const json_t *base64 = json_object_get(member, "value_base64");

	if (json_is_string(base64) && (!text || json_is_null(text)))
		return decode(json_string_value(base64), json_string_length(base64), value);
	if (base64 && !json_is_null(base64))
		return -EINVAL;
	if (json_is_null(text))
		return 0;
	if (!json_is_string(text))
		return -EINVAL;
	return buf_add(value, json_string_value(text), json_string_length(text));
}

/* What an object says beside the value. Returns what is wrong with it, or NULL. */
static const char *read_details(struct bundle_item *item, const json_t *member, time_t now)
{
	const json_t *note = json_object_get(member, "note");
	const json_t *expires = json_object_get(member, "expires_dt");

	if (!note)
		note = json_object_get(member, "notes");
	if (note && !json_is_null(note) && !json_is_string(note))
		return "its note is no text";
	if (json_is_string(note))
		buf_add_text(&item->note, json_string_value(note));
	if (!expires || json_is_null(expires))
		return NULL;
	if (!json_is_string(expires) || when_parse(json_string_value(expires), &item->expires) < 0)
		return "its expires_dt is no time";
	return item->expires > now ? NULL : "it has expired";
}

static int read_member(
    struct bundle *bundle, unsigned place, const char *name, const json_t *member, time_t now)
{
	struct bundle_item *item;
	const char *wrong;
	buf_auto value = {0};
	int r = read_value(member, &value);

	if (r == -EINVAL) {
		bundle_say(bundle, false,
		    "member %u must be text, or an object with value or value_base64", place);
		return 0;
	}
	if (r == 0)
		r = bundle_add(bundle, "member", place, name, &value, &item);
	if (r < 0 || !item || !json_is_object(member))
		return r;
	wrong = read_details(item, member, now);
	if (wrong)
		bundle_say(bundle, false, "member %u: %s: %s", place, item->name, wrong);
	return item->note.error;
}

static int read_object(struct bundle *bundle, json_t *root, time_t now)
{
	unsigned place = 0;
	json_t *member;
	const char *name;
	int r = 0;

	json_object_foreach(root, name, member)
	{
		if (r == 0)
			r = read_member(bundle, ++place, name, member, now);
	}
	return r;
}

/* As `ravi secrets get --json` prints them, in a list. */
static int read_array(struct bundle *bundle, const json_t *root, time_t now)
{
	const json_t *member;
	size_t i;
	int r = 0;

	json_array_foreach(root, i, member)
	{
		const char *name = json_string_value(json_object_get(member, "name"));

		if (!name)
			name = json_string_value(json_object_get(member, "key"));
		if (r == 0)
			r = read_member(bundle, (unsigned)i + 1, name ? name : "", member, now);
	}
	return r;
}

/* The tokens that its list of back ends has beside its own are those of other daemons. */
static size_t count_others(const json_t *settings, const char *token)
{
	const json_t *backend;
	size_t i, count = 0;

	json_array_foreach(json_object_get(settings, "remoteBackends"), i, backend)
	{
		const char *other = json_string_value(json_object_get(backend, "token"));

		count += other && *other && strcmp(other, token) != 0;
	}
	return count;
}

static int read_settings(struct bundle *bundle, const json_t *root, struct reason *why)
{
	const char *token = json_string_value(json_object_get(root, "remoteBackendToken"));
	struct bundle_item *item;
	buf_auto value = {0};
	size_t others;
	int r;

	if (!token || !*token)
		return reason_set(why, -EINVAL,
		    "it is CodexMonitor's settings.json and holds no remoteBackendToken");
	buf_add_text(&value, token);
	r = value.error ? value.error
			: bundle_add(bundle, "member", 1, DAEMON_TOKEN, &value, &item);
	if (r < 0 || !item)
		return r;
	others = count_others(root, token);
	if (others)
		bundle_say(bundle, true,
		    "%zu of the tokens in remoteBackends are other daemons' and were left out",
		    others);
	return buf_add_text(&item->note, DAEMON_NOTE);
}

static bool is_settings(const json_t *root)
{
	return json_object_get(root, "remoteBackendToken") ||
	       json_object_get(root, "remoteBackends") || json_object_get(root, "backendMode");
}

/* jansson's own words quote what is around the error, which may be a secret: only the place is told. */
static json_t *load(const struct buf *text, int *r, struct reason *why)
{
	json_error_t error;
	json_t *root =
	    json_loadb(buf_text(text), text->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

	if (root)
		return root;
	if (json_error_code(&error) == json_error_out_of_memory)
		*r = reason_errno(why, -ENOMEM, "reading it");
	else if (json_error_code(&error) == json_error_duplicate_key)
		*r = reason_set(why, -EINVAL, "line %d names a member twice", error.line);
	else
		*r = reason_set(why, -EINVAL, "it is no valid JSON at line %d, column %d",
		    error.line, error.column);
	return NULL;
}

static int parse_json(struct bundle *bundle, enum bundle_form form, const struct buf *text,
    time_t now, struct reason *why)
{
	int r = 0;
	json_auto_t *root = load(text, &r, why);

	if (!root)
		return r;
	if (form == BUNDLE_CODEX_MONITOR || (form == BUNDLE_GUESS && is_settings(root)))
		return read_settings(bundle, root, why);
	if (json_is_array(root))
		return read_array(bundle, root, now);
	if (!json_is_object(root))
		return reason_set(
		    why, -EINVAL, "it is no object with secrets, and no list of them");
	return read_object(bundle, root, now);
}

int bundle_parse(struct bundle *bundle, enum bundle_form form, const struct buf *text, time_t now,
    struct reason *why)
{
	const char *start = buf_text(text) + strspn(buf_text(text), " \t\r\n");
	int r;

	if (form == BUNDLE_GUESS && *start != '{' && *start != '[')
		form = BUNDLE_DOTENV;
	if (form == BUNDLE_DOTENV)
		r = dotenv_parse(bundle, text);
	else
		r = parse_json(bundle, form, text, now, why);
	if (r == 0)
		r = bundle->words.error;
	return r == -ENOMEM ? reason_errno(why, r, "reading it") : r;
}

/* SPDX-License-Identifier: MIT */
/* What a Codex login is: see login.h. */
#include <config.h>

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "codex/login.h"
#include "util/when.h"

#define KEY_START "sk-"

const char *const codex_secret_names[CODEX_SECRET_NAMES] = {
    CODEX_SECRET, "CODEX_API_KEY", "CODEX_ACCESS_TOKEN"};

bool codex_is_login(const char *secret)
{
	for (size_t i = 0; i < CODEX_SECRET_NAMES; i++)
		if (!strcmp(secret, codex_secret_names[i]))
			return true;
	return false;
}

const char *codex_form_word(enum codex_form form)
{
	static const char *const words[] = {"auth.json", "API key", "access token"};

	return words[form];
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && *text ? text : NULL;
}

/* codex wants both beside the access token, the refresh token may be empty. */
static bool has_tokens(const json_t *root)
{
	const json_t *tokens = json_object_get(root, "tokens");

	return text_of(tokens, "access_token") && text_of(tokens, "id_token") &&
	       json_is_string(json_object_get(tokens, "refresh_token"));
}

/* What `codex login` writes for enterprises: objects or texts of their own. */
static bool has_other(const json_t *root)
{
	static const char *const others[] = {"agent_identity", "personal_access_token"};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const json_t *other = json_object_get(root, others[i]);

		if (other && !json_is_null(other))
			return true;
	}
	return false;
}

static int check_root(const json_t *root, struct reason *why)
{
	if (!json_is_object(root))
		return reason_set(why, -EBADMSG,
		    "it is no JSON object, or a torn one; `codex login` makes a new one");
	if (!text_of(root, "OPENAI_API_KEY") && !has_tokens(root) && !has_other(root))
		return reason_set(why, -EBADMSG,
		    "it is a JSON object that logs nobody in: it has neither OPENAI_API_KEY nor "
		    "tokens with id_token, access_token and refresh_token");
	return 0;
}

int codex_file_check(const void *data, size_t len, struct reason *why)
{
	json_auto_t *root = len ? json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	return check_root(root, why);
}

void codex_trim(struct buf *value)
{
	while (value->len && strchr("\r\n\t ", value->data[value->len - 1]))
		buf_cut(value, value->len - 1);
}

/* Printable ASCII: what can stand in an HTTP header, and in JSON. */
static bool is_one_line(const char *value, size_t len)
{
	while (len && strchr("\r\n\t ", value[len - 1]))
		len--;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] <= ' ' || (unsigned char)value[i] >= 0x7f)
			return false;
	return len > 0;
}

int codex_form_of(const void *value, size_t len, enum codex_form *form, struct reason *why)
{
	const char *text = value;
	size_t blank = 0;

	while (blank < len && text[blank] && strchr(" \t\r\n", text[blank]))
		blank++;
	if (blank < len && text[blank] == '{') {
		*form = CODEX_AUTH_FILE;
		return codex_file_check(value, len, why);
	}
	if (!is_one_line(value, len))
		return reason_set(
		    why, -EBADMSG, "it is neither an auth.json nor a key or token on one line");
	*form = len > strlen(KEY_START) && !memcmp(text, KEY_START, strlen(KEY_START))
		    ? CODEX_API_KEY
		    : CODEX_ACCESS_TOKEN;
	return 0;
}

static int add_bytes(const char *data, size_t len, void *out)
{
	return buf_add(out, data, len) < 0 ? -1 : 0;
}

int codex_file_make(enum codex_form form, const struct buf *value, struct buf *file)
{
	json_auto_t *root = NULL;
	size_t len = value->len;

	if (form == CODEX_AUTH_FILE)
		return buf_add(file, value->data, value->len);
	while (len && strchr("\r\n\t ", value->data[len - 1]))
		len--;
	/* As codex 0.169 writes it: app-server takes an API key from there and from nowhere else. */
	root = json_pack("{ssss%}", "auth_mode", "apikey", "OPENAI_API_KEY", value->data, len);
	if (!root || json_dump_callback(root, add_bytes, file, JSON_COMPACT) < 0)
		return file->error ? file->error : -EINVAL;
	return 0;
}

/* base64url without padding (RFC 7515), as the parts of a JWT are. */
static int decode(const char *text, size_t len, struct buf *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned bits = 0, have = 0;

	for (size_t i = 0; i < len; i++) {
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

		if (!digit)
			return -EBADMSG;
		bits = bits << 6 | (unsigned)(digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_add_char(out, (char)(bits >> have & 0xff));
		}
	}
	return out->error;
}

/* The claim exp of a JWT; 0 when this is none, or says nothing. The signature is the issuer's business. */
static time_t expiry_of(const char *token)
{
	const char *payload = token ? strchr(token, '.') : NULL;
	const char *end = payload ? strchr(payload + 1, '.') : NULL;
	json_auto_t *claims = NULL;
	buf_auto text = {0};
	json_int_t expires;

	if (!end || decode(payload + 1, (size_t)(end - payload - 1), &text) < 0 || !text.len)
		return 0;
	claims = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	expires = json_integer_value(json_object_get(claims, "exp"));
	return expires > 0 ? (time_t)expires : 0;
}

void codex_facts_of(enum codex_form form, const struct buf *value, struct codex_facts *facts)
{
	const json_t *tokens;
	json_auto_t *root = NULL;
	const char *when;

	*facts = (struct codex_facts){.has_key = form == CODEX_API_KEY};
	if (form == CODEX_ACCESS_TOKEN)
		facts->expires = expiry_of(buf_text(value));
	if (form != CODEX_AUTH_FILE || !value->len)
		return;
	root = json_loadb(value->data, value->len, JSON_REJECT_DUPLICATES, NULL);
	tokens = json_object_get(root, "tokens");
	when = text_of(root, "last_refresh");
	facts->has_key = text_of(root, "OPENAI_API_KEY") && !tokens;
	facts->has_refresh = text_of(tokens, "refresh_token");
	facts->expires = expiry_of(text_of(tokens, "access_token"));
	if (!when || when_parse(when, &facts->last_refresh) < 0)
		facts->last_refresh = 0;
}

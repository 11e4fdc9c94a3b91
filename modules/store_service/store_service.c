/* SPDX-License-Identifier: MIT */
/*
 * `store = service`: the sealed document of an identity is one secret of it at the Ravi service, RAVI_VAULT.
 *
 * The service has no compare and swap. A put is: read and compare, write, read back; of two who write at the
 * same moment the later one wins, and the other one sees that in what it reads back, and comes again with its
 * change made on what is there then. Large documents: parts.h.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "parts.h"
#include "rows.h"
#include "store/module.h"

#define READ_TRIES 3 /* of a list whose parts go while they are read */

/* What is there. */
struct held {
	json_t *row;  /* of RAVI_VAULT; NULL: none */
	bool is_list; /* its value names parts */
	struct parts parts;
	struct buf document;
};

#define held_auto __attribute__((cleanup(held_free))) struct held

static void held_free(struct held *held)
{
	json_decref(held->row);
	buf_free(&held->document);
}

static void cut_blanks(struct buf *text)
{
	while (text->len && strchr(" \t\r\n", text->data[text->len - 1]))
		buf_cut(text, text->len - 1);
}

static int read_once(const struct store_ask *ask, struct held *held, struct reason *why)
{
	int r;

	held_free(held);
	*held = (struct held){0};
	r = rows_find(ask, PARTS_KEY, &held->row, why);
	if (r < 0)
		return r;
	r = parts_parse(rows_value(held->row), &held->parts, why);
	if (r < 0)
		return r;
	held->is_list = r == 0;
	r = held->is_list ? parts_read(ask, &held->parts, &held->document, why)
			  : buf_add_text(&held->document, rows_value(held->row));
	cut_blanks(&held->document);
	return r < 0 ? r : held->document.error;
}

/* 0, -ENOENT where there is none, -ENODATA where a part of it is missing for good, or its list is none. */
static int read_held(const struct store_ask *ask, struct held *held, struct reason *why)
{
	int r = 0;

	for (int i = 0; i < READ_TRIES; i++) {
		r = read_once(ask, held, why);
		if (r == -EBADMSG)
			return -ENODATA;
		if (r != -ENOENT || !held->row)
			return r;
	}
	return -ENODATA;
}

static int get(const struct store_ask *ask, struct buf *document, struct reason *why)
{
	held_auto held = {0};
	int r = read_held(ask, &held, why);

	return r < 0 ? r : buf_add(document, held.document.data, held.document.len);
}

static bool is_same(const struct buf *held, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	return text && held->len == len && !memcmp(held->data, text, len);
}

static int say_stale(struct reason *why)
{
	return reason_set(why, -ESTALE, "somebody else wrote the vault at the service meanwhile");
}

/*
 * What RAVI_VAULT is to be, and is then. A write whose outcome nobody told, and one that lost to another's,
 * show in what is read back.
 */
static int write_main(
    const struct store_ask *ask, const struct held *held, const char *value, struct reason *why)
{
	rows_json_auto row = NULL;
	struct reason said = {0};
	buf_auto now = {0};
	int r = held->row ? rows_change(ask, held->row, value, &said)
			  : rows_create(ask, PARTS_KEY, value, &said);
	int back;

	if (r < 0 && r != -EINPROGRESS && (held->row || (r != -EEXIST && r != -EBADRQC)))
		return r == -ENOKEY ? say_stale(why) : reason_set(why, r, "%s", said.text);
	back = rows_find(ask, PARTS_KEY, &row, why);
	/* Refused although it is not there: not for being there. */
	if (back == -ENOENT && r < 0)
		return reason_set(why, r, "%s", said.text);
	if (back < 0)
		return back == -ENOENT ? say_stale(why) : back;
	back = buf_add_text(&now, rows_value(row));
	if (back < 0)
		return back;
	cut_blanks(&now);
	return is_same(&now, value) ? 0 : say_stale(why);
}

/* How large the parts are that the service took last. */
static size_t part_size(const struct held *held, size_t whole)
{
	if (!held->is_list)
		return (whole + 1) / 2;
	return (held->parts.bytes + held->parts.count - 1) / held->parts.count;
}

static int put_parts(
    const struct store_ask *ask, const struct held *held, const char *document, struct reason *why)
{
	struct parts made;
	buf_auto list = {0};
	int r =
	    parts_make(ask, document, part_size(held, strlen(document)), &held->parts, &made, why);

	if (r < 0)
		return r;
	r = parts_format(&made, &list);
	if (r == 0)
		r = write_main(ask, held, list.data, why);
	/* Not the list now: what was made for it is nobody's. An unknown outcome leaves it to a later put. */
	if (r == 0)
		parts_clean(ask, &made, &held->parts);
	else if (r == -ESTALE)
		parts_clean(ask, &held->parts, &made);
	return r;
}

static int put_whole(
    const struct store_ask *ask, const struct held *held, const char *document, struct reason *why)
{
	int r = write_main(ask, held, document, why);

	if (r == 0 && held->is_list)
		parts_clean(ask, NULL, &held->parts);
	return r;
}

static int put(
    const struct store_ask *ask, const char *expected, const char *document, struct reason *why)
{
	held_auto held = {0};
	int r = read_held(ask, &held, why);

	/* A list without its parts is no document: whoever has a copy mends it. */
	if (r == -ENODATA || r == -ENOENT)
		r = expected && r == -ENOENT ? say_stale(why) : 0;
	else if (r == 0 && !is_same(&held.document, expected))
		r = say_stale(why);
	if (r < 0)
		return r;
	if (held.is_list && strlen(document) > part_size(&held, 0))
		return put_parts(ask, &held, document, why);
	r = put_whole(ask, &held, document, why);
	return r == -EBADRQC ? put_parts(ask, &held, document, why) : r;
}

/* Found by name, when it is loaded. */
extern const struct store_module ravi_store __attribute__((visibility("default")));
const struct store_module ravi_store = {
    .version = STORE_MODULE_VERSION,
    .name = "service",
    .get = get,
    .put = put,
};

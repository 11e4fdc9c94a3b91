/* SPDX-License-Identifier: MIT */
/* Documents in parts: see parts.h. */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "parts.h"
#include "store/store.h"
#include "util/when.h"

#define MAGIC     "ravi-vault-parts/1"
#define SIZE_MIN  4096u      /* bytes; a service that refuses those takes no vault */
#define STRAY_AGE 3600       /* s; a part that old belongs to no write that goes on */
#define TEXT_MAX  (3u << 20) /* bytes of a document as text */

static void name_part(unsigned number, char key[32])
{
	snprintf(key, 32, PARTS_KEY "_%u", number);
}

static bool has(const struct parts *parts, unsigned number)
{
	for (unsigned i = 0; parts && i < parts->count; i++)
		if (parts->numbers[i] == number)
			return true;
	return false;
}

static int read_number(const char **at, unsigned long max, unsigned long *number)
{
	char *end;

	if (**at != ' ' || (*at)[1] < '1' || (*at)[1] > '9')
		return -EBADMSG;
	errno = 0;
	*number = strtoul(*at + 1, &end, 10);
	if (errno || *number > max)
		return -EBADMSG;
	*at = end;
	return 0;
}

int parts_parse(const char *value, struct parts *parts, struct reason *why)
{
	const char *at = value + strlen(MAGIC);
	unsigned long number;
	int r;

	*parts = (struct parts){0};
	if (strncmp(value, MAGIC " ", strlen(MAGIC) + 1))
		return 1;
	r = read_number(&at, TEXT_MAX, &number);
	parts->bytes = number;
	while (r == 0 && *at == ' ') {
		r = parts->count == PARTS_MAX ? -EBADMSG : read_number(&at, UINT32_MAX, &number);
		if (r == 0)
			parts->numbers[parts->count++] = (unsigned)number;
	}
	if (r < 0 || strcspn(at, "\r\n") || !parts->count)
		return reason_set(
		    why, -EBADMSG, "the list of parts at the service, " PARTS_KEY ", is malformed");
	return 0;
}

int parts_format(const struct parts *parts, struct buf *out)
{
	buf_addf(out, MAGIC " %zu", parts->bytes);
	for (unsigned i = 0; i < parts->count; i++)
		buf_addf(out, " %u", parts->numbers[i]);
	return out->error;
}

int parts_read(const struct store_ask *ask, const struct parts *parts, struct buf *document,
    struct reason *why)
{
	size_t before = document->len;

	for (unsigned i = 0; i < parts->count; i++) {
		rows_json_auto row = NULL;
		char key[32];
		int r;

		name_part(parts->numbers[i], key);
		r = rows_find(ask, key, &row, why);
		if (r == -ENOENT)
			return reason_set(why, r,
			    "the part %s of the vault is missing at the service; put it there "
			    "again "
			    "from a machine that has a copy: ravi sync",
			    key);
		if (r == 0)
			r = buf_add_text(document, rows_value(row));
		if (r < 0)
			return r;
		if (document->len - before > parts->bytes)
			break;
	}
	if (document->len - before != parts->bytes)
		return reason_set(why, -EBADMSG,
		    "the parts of the vault at the service are not what their list says");
	return 0;
}

/* Numbers that nothing at the service has, in order. */
static int free_number(const json_t *rows, const struct parts *held, unsigned *number)
{
	char key[32];
	bool taken;

	do {
		if (++*number > 100 * PARTS_MAX)
			return -E2BIG;
		name_part(*number, key);
		taken = has(held, *number);
		for (size_t i = 0; !taken && i < json_array_size(rows); i++)
			taken = !strcmp(rows_key(json_array_get(rows, i)), key);
	} while (taken);
	return 0;
}

static void unmake(const struct store_ask *ask, const struct parts *parts)
{
	struct reason ignored = {0};

	for (unsigned i = 0; i < parts->count; i++) {
		rows_json_auto row = NULL;
		char key[32];

		name_part(parts->numbers[i], key);
		if (rows_find(ask, key, &row, &ignored) == 0)
			rows_remove(ask, row, &ignored);
	}
}

/*
 * 0, 1: a row of that key is there, of somebody who writes at the same time. A refusal for that and one for the size
 * look alike, and what became of a request without an answer shows in the row.
 */
static int make_one(
    const struct store_ask *ask, const char *key, const char *piece, struct reason *why)
{
	rows_json_auto row = NULL;
	struct reason ignored = {0};
	int r = rows_create(ask, key, piece, why);

	if (r == 0 || (r != -EEXIST && r != -EBADRQC && r != -EINPROGRESS))
		return r;
	if (rows_find(ask, key, &row, &ignored) < 0)
		return r;
	return r == -EINPROGRESS && !strcmp(rows_value(row), piece) ? 0 : 1;
}

static bool is_blank(char c)
{
	return strchr(" \t\r\n", c) != NULL;
}

/*
 * How long the next piece of `rest` is: at most `size` bytes, and with no blank on either side of the cut, for some
 * services take those off both ends of a value.
 */
static size_t piece_len(const char *rest, size_t size)
{
	size_t len = strnlen(rest, size);

	if (!rest[len])
		return len;
	for (size_t shorter = len; shorter; shorter--)
		if (!is_blank(rest[shorter - 1]) && !is_blank(rest[shorter]))
			return shorter;
	return len;
}

static int make_all(const struct store_ask *ask, const char *document, size_t size,
    const json_t *rows, const struct parts *held, struct parts *made, struct reason *why)
{
	unsigned number = 0;

	*made = (struct parts){.bytes = strlen(document)};
	for (size_t at = 0; at < made->bytes;) {
		size_t len = piece_len(document + at, size);
		buf_auto piece = {0};
		char key[32];
		int r = made->count == PARTS_MAX ? -E2BIG : free_number(rows, held, &number);

		if (r == 0)
			r = buf_add(&piece, document + at, len);
		if (r < 0)
			return reason_errno(why, r, "cutting the vault in parts");
		name_part(number, key);
		r = make_one(ask, key, piece.data, why);
		if (r < 0)
			return r;
		/* Another writer's: that number is taken, and the piece goes under the next. */
		if (r == 1)
			continue;
		made->numbers[made->count++] = number;
		at += len;
	}
	return 0;
}

int parts_make(const struct store_ask *ask, const char *document, size_t size,
    const struct parts *held, struct parts *made, struct reason *why)
{
	rows_json_auto rows = NULL;
	int r = rows_list(ask, &rows, why);

	if (r < 0)
		return r;
	for (;; size = (size + 1) / 2) {
		if (size < SIZE_MIN)
			size = SIZE_MIN;
		r = make_all(ask, document, size, rows, held, made, why);
		if (r == 0)
			return 0;
		unmake(ask, made);
		if (r != -EBADRQC || size == SIZE_MIN)
			return r;
	}
}

static bool is_part(const json_t *row, unsigned *number)
{
	static const char lead[] = PARTS_KEY "_";
	const char *key = rows_key(row);
	char *end;

	if (strncmp(key, lead, sizeof(lead) - 1) || key[sizeof(lead) - 1] < '1' ||
	    key[sizeof(lead) - 1] > '9' || strlen(key) > sizeof(lead) + 8)
		return false;
	*number = (unsigned)strtoul(key + sizeof(lead) - 1, &end, 10);
	return !*end;
}

/* The service's clock or ours may be wrong: then it stays, which costs nothing. */
static bool is_old(const json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "created_dt"));
	time_t when;

	return text && when_parse(text, &when) == 0 && time(NULL) - when > STRAY_AGE;
}

void parts_clean(const struct store_ask *ask, const struct parts *kept, const struct parts *former)
{
	rows_json_auto rows = NULL;
	struct reason ignored = {0};
	unsigned number;

	if (rows_list(ask, &rows, &ignored) < 0)
		return;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		if (is_part(row, &number) && !has(kept, number) &&
		    (has(former, number) || is_old(row)))
			rows_remove(ask, row, &ignored);
	}
}

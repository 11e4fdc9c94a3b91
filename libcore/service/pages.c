/* SPDX-License-Identifier: MIT */
/*
 * Lists: a bare array, or pages with `next` and `results`. Rows come and go while pages are read, so each
 * page but the first is asked for a few rows too early: a row that went before it then moves none of ours
 * out of sight, and rows that are seen twice are taken once.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/fetch.h"
#include "service/service.h"
#include "util/cleanup.h"
#include "util/text.h"

#define PAGES_MAX 500
#define ROWS_MAX  20000
#define BYTES_MAX (12u << 20) /* of all rows, as JSON */
#define OVERLAP   4           /* rows, and at most half a page */
#define STALE_MAX 3           /* pages in a row without anything new */
#define LIMIT     50          /* rows of a page where none is said, and at most */
#define LIMIT_MAX 200
#define SKIPPED_MAX 20 /* rows that are too large; each costs megabytes */

/* What tells a row from the others, by the first of these that it has. */
static int row_key(const json_t *row, struct buf *key)
{
	static const char *const names[] = {"id", "uuid", "thread_id", "conversation_id", "seq"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const json_t *value = json_object_get(row, names[i]);

		if (json_is_string(value))
			return buf_add_text(key, json_string_value(value));
		if (json_is_integer(value))
			return buf_addf(key, "%lld", (long long)json_integer_value(value));
	}
	return 0;
}

struct reading {
	const struct operation *operation;
	json_t *rows, *seen; /* seen: the rows' keys */
	size_t bytes;
};

/* What is known of a row: what is dropped takes no room. */
static int shape_row(
    const struct reading *reading, const json_t *row, json_t **shaped, struct reason *why)
{
	char shape[40];

	snprintf(shape, sizeof(shape), "{%s", reading->operation->shape + 1);
	return shape_take(shape, row, shaped, why);
}

static int take_rows(struct reading *reading, const json_t *page, struct reason *why)
{
	for (size_t i = 0; i < json_array_size(page); i++) {
		fetch_json_auto row = NULL;
		buf_auto key = {0};
		int r;

		if (row_key(json_array_get(page, i), &key) < 0)
			return -ENOMEM;
		if (key.len && json_object_get(reading->seen, key.data))
			continue;
		r = shape_row(reading, json_array_get(page, i), &row, why);
		if (r < 0)
			return r;
		reading->bytes += json_dumpb(row, NULL, 0, JSON_COMPACT);
		if (json_array_size(reading->rows) == ROWS_MAX || reading->bytes > BYTES_MAX)
			return reason_set(why, -EOVERFLOW,
			    "the service's list is longer than %d rows or %u MiB; ask for less of "
			    "it",
			    ROWS_MAX, BYTES_MAX >> 20);
		if (json_array_append(reading->rows, row) < 0 ||
		    (key.len && json_object_set_new(reading->seen, key.data, json_true()) < 0))
			return -ENOMEM;
	}
	return 0;
}

/* `offset=N` in the query of `path`, some of the `rows` of a page earlier. */
static char *earlier(const char *path, size_t rows)
{
	size_t overlap = rows / 2 < OVERLAP ? rows / 2 : OVERLAP;
	const char *at = strstr(path, "offset=");
	buf_auto out = {0};
	uint64_t offset;
	char number[24];
	size_t len;

	if (!at || (at[-1] != '?' && at[-1] != '&'))
		return strdup(path);
	at += strlen("offset=");
	len = strspn(at, "0123456789");
	if (len >= sizeof(number))
		return strdup(path);
	memcpy(number, at, len);
	number[len] = '\0';
	if (text_number(number, 10, overlap + 1, INT32_MAX, &offset) < 0)
		return strdup(path);
	buf_add(&out, path, (size_t)(at - path));
	buf_addf(&out, "%llu%s", (unsigned long long)(offset - overlap), at + len);
	return out.error ? NULL : strdup(out.data);
}

/* The number behind NAME= in the query of `path`, from `*at` to `*end`; 0: there is none. */
static uint64_t number_of(const char *path, const char *name, const char **at, const char **end)
{
	size_t len = strlen(name);
	uint64_t number = 0;
	char digits[16];

	for (*at = strpbrk(path, "?&"); *at; *at = strpbrk(*at, "?&")) {
		(*at)++;
		if (strncmp(*at, name, len) || (*at)[len] != '=')
			continue;
		*at += len + 1;
		*end = *at + strspn(*at, "0123456789");
		snprintf(digits, sizeof(digits), "%.*s", (int)(*end - *at), *at);
		return text_number(digits, 10, 1, INT32_MAX, &number) < 0 ? 0 : number;
	}
	return 0;
}

/* `path` asking for `limit` rows a page in the place of the number from `at` to `end`. NULL: no memory. */
static char *with_limit(const char *path, const char *at, const char *end, uint64_t limit)
{
	buf_auto out = {0};

	buf_add(&out, path, (size_t)(at - path));
	buf_addf(&out, "%llu%s", (unsigned long long)limit, end);
	return out.error ? NULL : strdup(out.data);
}

/* `path` asking for half as many rows a page; NULL: they cannot be fewer. */
static char *fewer(const char *path)
{
	const char *at, *end;
	uint64_t limit = number_of(path, "limit", &at, &end);
	buf_auto out = {0};

	if (limit == 1 || (at && !limit))
		return NULL;
	if (at)
		return with_limit(path, at, end, limit > LIMIT_MAX ? LIMIT_MAX / 2 : limit / 2);
	buf_addf(&out, "%s%climit=%d", path, strchr(path, '?') ? '&' : '?', LIMIT / 2);
	return out.error ? NULL : strdup(out.data);
}

/* What a page of `path` is at most; 0: it does not say. */
static uint64_t limit_of(const char *path)
{
	const char *at, *end;

	return number_of(path, "limit", &at, &end);
}

/* `path` asking for twice as many rows a page, and at most `most`. NULL: no memory. */
static char *more(const char *path, uint64_t most)
{
	const char *at, *end;
	uint64_t limit = number_of(path, "limit", &at, &end);

	if (!limit || limit >= most)
		return strdup(path);
	return with_limit(path, at, end, 2 * limit < most ? 2 * limit : most);
}

/* `path`, which asks for one row, asking for those behind it. NULL: no memory. */
static char *past(const char *path)
{
	const char *at, *end;
	buf_auto more = {0};
	buf_auto out = {0};
	uint64_t offset;

	number_of(path, "limit", &at, &end);
	buf_add(&more, path, (size_t)(at - path));
	buf_addf(&more, "%d%s", LIMIT / 2, end);
	if (more.error)
		return NULL;
	offset = number_of(more.data, "offset", &at, &end) + 1;
	if (at) {
		buf_add(&out, more.data, (size_t)(at - more.data));
		buf_addf(&out, "%llu%s", (unsigned long long)offset, end);
	} else {
		buf_addf(&out, "%s&offset=1", more.data);
	}
	return out.error ? NULL : strdup(out.data);
}

/* One row that is too large by itself is no reason to show none: it is left out, and told. */
static char *without_large(
    const struct service_call *call, const char *path, struct service_answer *answer)
{
	char *smaller;

	if (!operation_lists(call->operation->query, "limit", 5))
		return NULL;
	smaller = fewer(path);
	if (smaller || answer->skipped == SKIPPED_MAX)
		return smaller;
	if (!answer->skipped++)
		answer->skipped_id = answer->large_id;
	return past(path);
}

/* A page; one that is too large is asked for anew with half the rows: large mails, say. `*path` is then that. */
static int read_page(struct http *http, const struct service_call *call, char **path,
    struct service_answer *answer, json_t **page, struct reason *why)
{
	for (;;) {
		int r = service_ask(http, call, *path, NULL, answer, page, why);
		char *smaller = NULL;

		if (r < 0 && answer->too_large)
			smaller = without_large(call, *path, answer);
		if (!smaller)
			return r;
		free(*path);
		*path = smaller;
	}
}

/* Where the page says that it goes on: NULL at the end. Its rows become more again, up to `most`. */
static int next_path(
    struct http *http, const json_t *page, uint64_t most, char **path, struct reason *why)
{
	free_auto char *own = NULL;
	free_auto char *before = NULL;
	const char *next = fetch_text(page, "next");

	*path = NULL;
	if (!next)
		return 0;
	own = http_own_path(http, next);
	if (!own)
		return reason_set(why, -EBADE,
		    "the service's list goes on at another host, where no key is sent");
	before = earlier(own, json_array_size(json_object_get(page, "results")));
	*path = before ? more(before, most) : NULL;
	return *path ? 0 : -ENOMEM;
}

static int read_pages(struct http *http, const struct service_call *call, const char *first,
    struct service_answer *answer, struct reading *reading, struct reason *why)
{
	free_auto char *path = strdup(first);
	uint64_t most = 0; /* rows of a page before it was made smaller; 0: it was not */
	unsigned stale = 0;

	for (unsigned pages = 0; path; pages++) {
		fetch_json_auto page = NULL;
		size_t before = json_array_size(reading->rows);
		uint64_t asked = limit_of(path);
		char *next = NULL;
		int r = read_page(http, call, &path, answer, &page, why);

		if (!most && limit_of(path) != asked)
			most = asked ? asked : LIMIT;
		if (r == 0)
			r = take_rows(reading,
			    json_is_array(page) ? page : json_object_get(page, "results"), why);
		if (r == 0 && !json_is_array(page) && !json_is_array(json_object_get(page, "results")))
			return reason_set(
			    why, -EBADE, "the service's answer is not the list it should be");
		if (r == 0)
			r = next_path(http, page, most, &next, why);
		/* A list that goes on without anything new would go on for ever. */
		stale = json_array_size(reading->rows) == before ? stale + 1 : 0;
		if (r == 0 && next && (pages == PAGES_MAX || stale == STALE_MAX)) {
			free(next);
			return reason_set(why, -EBADE, "the service's list does not end");
		}
		if (r < 0)
			return r;
		free(path);
		path = next;
	}
	return 0;
}

int service_list(struct http *http, const struct service_call *call, const char *path,
    struct service_answer *answer, json_t **rows, struct reason *why)
{
	fetch_json_auto list = json_array();
	fetch_json_auto seen = json_object();
	struct reading reading = {.operation = call->operation, .rows = list, .seen = seen};
	int r = list && seen ? read_pages(http, call, path, answer, &reading, why) : -ENOMEM;

	if (r < 0)
		return r == -ENOMEM ? reason_errno(why, r, "reading a list of the service's") : r;
	*rows = json_incref(list);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * modules/store_service over a service of a few rows: documents whole and in parts, writers that come between, and
 * programs that die at any request. The real service's ways are in tests/system/store.sh.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/module.h"
#include "unit.h"

extern const struct store_module ravi_store;

#define ROWS 2000

/* A service: keys and values, the size that it takes, and when it stops answering. */
struct service {
	json_t *rows;
	size_t most;  /* bytes of a value; 0: any */
	int requests; /* so far */
	int dies_at;  /* this request and those after it get no answer; 0: never */
	/* Put into RAVI_VAULT right after the first change of it; NULL: nothing. */
	const char *racing;
	unsigned made;
	/* Makes RAVI_VAULT_1 right before our first part, with this; NULL: nobody does. */
	const char *rival;
	bool trims; /* takes blanks off both ends of a value, as web frameworks do */
};

/* The value as the service keeps it. */
static json_t *kept(const struct service *s, const char *value)
{
	size_t len;

	if (s->trims)
		value += strspn(value, " \t\r\n");
	len = strlen(value);
	while (s->trims && len && strchr(" \t\r\n", value[len - 1]))
		len--;
	return json_stringn(value, len);
}

static json_t *row_of(struct service *s, const char *member, const char *value)
{
	for (size_t i = 0; i < json_array_size(s->rows); i++) {
		json_t *row = json_array_get(s->rows, i);

		if (!strcmp(json_string_value(json_object_get(row, member)), value))
			return row;
	}
	return NULL;
}

static int list(struct service *s, const json_t *arguments, json_t **result)
{
	const char *key = json_string_value(json_object_get(arguments, "key"));

	*result = json_array();
	for (size_t i = 0; i < json_array_size(s->rows); i++) {
		json_t *row = json_array_get(s->rows, i);

		if (!key || !strcmp(json_string_value(json_object_get(row, "key")), key))
			json_array_append_new(*result, json_deep_copy(row));
	}
	return 0;
}

static int write_row(struct service *s, const char *operation, const json_t *arguments)
{
	const char *value = json_string_value(json_object_get(arguments, "value"));
	const char *key = json_string_value(json_object_get(arguments, "key"));
	json_t *row;
	char uuid[40];

	if (s->rival && key && !strcmp(key, "RAVI_VAULT_1")) {
		json_array_append_new(s->rows,
		    json_pack("{s:s, s:s, s:s}", "uuid", "rival", "key", key, "value", s->rival));
		s->rival = NULL;
	}
	if (s->most && strlen(value) > s->most)
		return -EBADRQC;
	if (!strcmp(operation, "secret.update")) {
		row = row_of(s, "uuid", json_string_value(json_object_get(arguments, "uuid")));
		if (!row)
			return -ENOKEY;
		json_object_set_new(row, "value", kept(s, value));
	} else {
		if (row_of(s, "key", key))
			return -EBADRQC;
		snprintf(uuid, sizeof(uuid), "%u", ++s->made);
		row = json_pack("{s:s, s:s, s:o, s:s}", "uuid", uuid, "key", key, "value",
		    kept(s, value), "created_dt", "2026-11-27T02:18:00Z");
		json_array_append_new(s->rows, row);
	}
	if (s->racing && !strcmp(json_string_value(json_object_get(row, "key")), "RAVI_VAULT")) {
		json_object_set_new(row, "value", json_string(s->racing));
		s->racing = NULL;
	}
	return 0;
}

static int ask(
    void *context, const char *operation, json_t *arguments, json_t **result, struct reason *why)
{
	struct service *s = context;
	int r = 0;

	(void)why;
	if (s->dies_at && ++s->requests >= s->dies_at)
		r = -ETIMEDOUT;
	else if (!strcmp(operation, "secret.list"))
		r = list(s, arguments, result);
	else if (!strcmp(operation, "secret.delete"))
		for (size_t i = 0; i < json_array_size(s->rows); i++) {
			if (strcmp(json_string_value(
				       json_object_get(json_array_get(s->rows, i), "uuid")),
				json_string_value(json_object_get(arguments, "uuid"))))
				continue;
			json_array_remove(s->rows, i);
			break;
		}
	else
		r = write_row(s, operation, arguments);
	json_decref(arguments);
	return r;
}

static struct service begin(size_t most)
{
	return (struct service){.rows = json_array(), .most = most};
}

static int put(struct service *s, const char *expected, const char *document)
{
	const struct store_ask store = {ask, s};
	struct reason why = {0};

	return ravi_store.put(&store, expected, document, &why);
}

static void assert_holds(struct service *s, const char *document)
{
	const struct store_ask store = {ask, s};
	struct reason why = {0};
	buf_auto held = {0};
	int r = ravi_store.get(&store, &held, &why);

	if (!document) {
		assert_int_equal(r, -ENOENT);
		return;
	}
	if (r < 0)
		fail_msg("%d: %s", r, why.text);
	assert_string_equal(buf_text(&held), document);
}

/* A document of so many bytes, each told from the others. */
static char *document(char seed, size_t len)
{
	char *text = malloc(len + 1);

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + (i * 7 + (size_t)seed + i / 4096) % 26);
	text[len] = '\0';
	return text;
}

static void test_put_compares(void **state)
{
	struct service s = begin(0);

	(void)state;
	assert_holds(&s, NULL);
	assert_int_equal(put(&s, "something", "one"), -ESTALE);
	assert_int_equal(put(&s, NULL, "one\n"), 0);
	assert_holds(&s, "one");
	assert_int_equal(put(&s, NULL, "two"), -ESTALE);
	assert_int_equal(put(&s, "other", "two"), -ESTALE);
	assert_holds(&s, "one");
	/* Blanks at the end do not count: services cut them off. */
	assert_int_equal(put(&s, "one\r\n", "two"), 0);
	assert_holds(&s, "two");
	/* Another writer, after our look and our write. */
	s.racing = "theirs";
	assert_int_equal(put(&s, "two", "ours"), -ESTALE);
	assert_holds(&s, "theirs");
	json_decref(s.rows);
}

static void test_parts(void **state)
{
	char *large = document(1, 40000), *larger = document(2, 70000);
	struct service s = begin(9000);

	(void)state;
	assert_int_equal(put(&s, NULL, large), 0);
	assert_holds(&s, large);
	assert_int_equal(put(&s, large, larger), 0);
	assert_holds(&s, larger);
	/* The old ones are gone: nothing is there but the list and its parts. */
	assert_true(json_array_size(s.rows) <= 1 + 70000 / 4096 + 1);
	/* A race that is lost leaves nothing behind, and the winner's document. */
	s.racing = "theirs";
	assert_int_equal(put(&s, larger, large), -ESTALE);
	assert_holds(&s, "theirs");
	assert_int_equal(put(&s, "theirs", large), 0);
	/* Small again: one row. */
	assert_int_equal(put(&s, large, "small"), 0);
	assert_holds(&s, "small");
	assert_int_equal(json_array_size(s.rows), 1);
	/* Not even the smallest part is taken. */
	s.most = 1000;
	assert_int_equal(put(&s, "small", large), -EBADRQC);
	assert_holds(&s, "small");
	assert_int_equal(json_array_size(s.rows), 1);
	json_decref(s.rows);
	free(large);
	free(larger);
}

/* Cut where a line ends, a piece would lose the end of it. */
static void test_parts_lose_no_blanks(void **state)
{
	struct service s = begin(9000);

	(void)state;
	s.trims = true;
	for (size_t width = 2; width < 20; width++) {
		char *armored = document(1, 40000);

		for (size_t i = width; i < 40000; i += width + 1)
			armored[i] = '\n';
		armored[39999] = 'z';
		json_array_clear(s.rows);
		assert_int_equal(put(&s, NULL, armored), 0);
		assert_holds(&s, armored);
		free(armored);
	}
	json_decref(s.rows);
}

/* Another writer's part is left alone, whichever of the two comes first. */
static void test_parts_of_two_writers(void **state)
{
	char *large = document(5, 20000);
	struct service s = begin(9000);

	(void)state;
	s.rival = "theirs";
	assert_int_equal(put(&s, NULL, large), 0);
	assert_holds(&s, large);
	assert_non_null(row_of(&s, "value", "theirs"));
	/* Also by a put that fails half-way. */
	s.rival = NULL;
	s.dies_at = s.requests = 0;
	s.dies_at = 6;
	assert_true(put(&s, large, "other") <= 0);
	s.dies_at = 0;
	assert_non_null(row_of(&s, "value", "theirs"));
	json_decref(s.rows);
	free(large);
}

/* Whatever request is the last one that is answered: the old document is there, or the new one. */
static void test_dying_at_every_request(void **state)
{
	char *old = document(3, 30000), *new = document(4, 50000);
	const struct store_ask store = {0};

	(void)state;
	(void)store;
	for (int at = 1;; at++) {
		struct service s = begin(9000);
		const struct store_ask asked = {ask, &s};
		struct reason why = {0};
		buf_auto held = {0};
		int r;

		assert_int_equal(put(&s, NULL, old), 0);
		s.dies_at = at;
		r = put(&s, old, new);
		s.dies_at = 0;
		assert_int_equal(ravi_store.get(&asked, &held, &why), 0);
		if (strcmp(held.data, old) && strcmp(held.data, new))
			fail_msg("neither the old nor the new document after %d requests", at);
		if (r == 0)
			assert_string_equal(held.data, new);
		/* And it can be gone on with. */
		assert_int_equal(put(&s, held.data, "after"), 0);
		assert_holds(&s, "after");
		json_decref(s.rows);
		if (r == 0 && at > 60)
			break;
		assert_true(at < ROWS);
	}
	free(old);
	free(new);
}

static void test_hostile_lists(void **state)
{
	static const char *const lists[] = {
	    "ravi-vault-parts/1 ",
	    "ravi-vault-parts/1 10",
	    "ravi-vault-parts/1 10 ",
	    "ravi-vault-parts/1 10 0",
	    "ravi-vault-parts/1 10 -1",
	    "ravi-vault-parts/1 10 1x",
	    "ravi-vault-parts/1 99999999999999999999 1",
	    "ravi-vault-parts/1 4000000 1",
	    "ravi-vault-parts/1 10 99999999999",
	    "ravi-vault-parts/1 10 1 junk",
	    "ravi-vault-parts/1 10 1",
	    "ravi-vault-parts/1 5 1 1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct service s = begin(0);
		const struct store_ask store = {ask, &s};
		struct reason why = {0};
		buf_auto held = {0};

		assert_int_equal(put(&s, NULL, lists[i]), 0);
		json_array_append_new(s.rows, json_pack("{s:s, s:s, s:s}", "uuid", "x", "key",
						  "RAVI_VAULT_1", "value", "part"));
		assert_int_equal(ravi_store.get(&store, &held, &why), -ENODATA);
		assert_true(*why.text);
		json_decref(s.rows);
	}
}

/* What a list names and is not there for good is told from what was changed while it was read. */
static void test_a_missing_part(void **state)
{
	struct service s = begin(0);
	const struct store_ask store = {ask, &s};
	struct reason why = {0};
	buf_auto held = {0};

	(void)state;
	assert_int_equal(put(&s, NULL, "ravi-vault-parts/1 10 7"), 0);
	assert_int_equal(ravi_store.get(&store, &held, &why), -ENODATA);
	assert_non_null(strstr(why.text, "RAVI_VAULT_7"));
	/* Whoever has a copy mends it. */
	assert_int_equal(put(&s, "whatever it was", "copy"), 0);
	assert_holds(&s, "copy");
	json_decref(s.rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_put_compares),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_parts_lose_no_blanks),
	    cmocka_unit_test(test_parts_of_two_writers),
	    cmocka_unit_test(test_dying_at_every_request),
	    cmocka_unit_test(test_hostile_lists),
	    cmocka_unit_test(test_a_missing_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

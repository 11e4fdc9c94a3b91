/* SPDX-License-Identifier: MIT */
/* Secrets as rows: see rows.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "rows.h"

#define NOTES "A sealed Ravi vault, or a part of one; kept by pam-ravi. Do not edit."

void rows_json_free(json_t **json)
{
	json_decref(*json);
}

const char *rows_key(const json_t *row)
{
	return json_string_value(json_object_get(row, "key"));
}

const char *rows_value(const json_t *row)
{
	return json_string_value(json_object_get(row, "value"));
}

int rows_list(const struct store_ask *ask, json_t **rows, struct reason *why)
{
	return ask->ask(ask->context, "secret.list", NULL, rows, why);
}

/* Looked at by name again: a service that does not know ?key= answers with every row. */
int rows_find(const struct store_ask *ask, const char *key, json_t **row, struct reason *why)
{
	rows_json_auto rows = NULL;
	int r = ask->ask(ask->context, "secret.list", json_pack("{s:s}", "key", key), &rows, why);

	if (r < 0)
		return r;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *one = json_array_get(rows, i);

		if (strcmp(rows_key(one), key) != 0)
			continue;
		*row = json_incref(one);
		return 0;
	}
	return -ENOENT;
}

int rows_create(const struct store_ask *ask, const char *key, const char *value, struct reason *why)
{
	return ask->ask(ask->context, "secret.create",
	    json_pack("{s:s, s:s, s:s}", "key", key, "value", value, "notes", NOTES), NULL, why);
}

int rows_change(
    const struct store_ask *ask, const json_t *row, const char *value, struct reason *why)
{
	return ask->ask(ask->context, "secret.update",
	    json_pack("{s:O, s:s}", "uuid", json_object_get(row, "uuid"), "value", value), NULL,
	    why);
}

int rows_remove(const struct store_ask *ask, const json_t *row, struct reason *why)
{
	int r = ask->ask(ask->context, "secret.delete",
	    json_pack("{s:O}", "uuid", json_object_get(row, "uuid")), NULL, why);

	return r == -ENOKEY ? 0 : r;
}

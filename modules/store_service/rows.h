/* SPDX-License-Identifier: MIT */
/*
 * The secrets of an identity at the service, as rows (facts of the wire contract: a key is unique, there is no
 * upsert, and no compare and swap).
 */
#ifndef RAVI_STORE_ROWS_H
#define RAVI_STORE_ROWS_H

#include <jansson.h>
#include <stdbool.h>

#include "store/module.h"

#define rows_json_auto __attribute__((cleanup(rows_json_free))) json_t *

void rows_json_free(json_t **json);

/* The row of `key`, new: 0, -ENOENT (no reason set), or an errno of `ask`. */
int rows_find(const struct store_ask *ask, const char *key, json_t **row, struct reason *why);

/* All rows. */
int rows_list(const struct store_ask *ask, json_t **rows, struct reason *why);

int rows_create(
    const struct store_ask *ask, const char *key, const char *value, struct reason *why);
int rows_change(
    const struct store_ask *ask, const json_t *row, const char *value, struct reason *why);

/* 0 also when it is gone already. */
int rows_remove(const struct store_ask *ask, const json_t *row, struct reason *why);

const char *rows_key(const json_t *row);
const char *rows_value(const json_t *row);

#endif

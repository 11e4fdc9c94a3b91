/* SPDX-License-Identifier: MIT */
/* The store module that ravi.conf names (store/module.h): loading it, and asking it. */
#ifndef RAVI_FETCH_STORES_H
#define RAVI_FETCH_STORES_H

#include "service/service.h"
#include "store/module.h"

struct stores {
	const struct store_module *module; /* NULL: none, for the reason below */
	struct reason why;
};

/*
 * Loads PATH_STORE_MODULES/store_NAME.so, which only root may write. Before the sandbox, which keeps every
 * other file away; a failure is told to whoever asks for a document.
 */
void stores_load(const char *name, struct stores *stores);

/* store.get and store.put, with requests that `call` stands model for. */
int stores_ask(const struct stores *stores, struct http *http, const struct service_call *call,
    struct service_answer *answer, struct reason *why);

#endif

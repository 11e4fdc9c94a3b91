/* SPDX-License-Identifier: MIT */
/* Store modules: see stores.h. */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "config/paths.h"
#include "fetch/fetch.h"
#include "store/store.h"
#include "stores.h"
#include "util/cleanup.h"
#include "util/file.h"

#define MODULE_MAX (16u << 20) /* bytes of the file */

/* A name, never a path. */
static int check_name(const char *name, struct reason *why)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz");

	if (!len || name[len] || len > STORE_MODULE_NAME_MAX)
		return reason_set(
		    why, -EINVAL, "store = %.40s in %s: no name of a store", name, PATH_CONF);
	return 0;
}

static int check_file(const char *name, const char *path, struct reason *why)
{
	static const struct file_rule rule = {
	    .owner = 0, .forbidden = FILE_PUBLIC, .max = MODULE_MAX};
	fd_auto fd = file_open(AT_FDCWD, path, &rule, why);

	if (fd == -ENOENT)
		return reason_set(why, -ENOPKG,
		    "store = %s in %s: there is no such store here, for %s is missing", name,
		    PATH_CONF, path);
	return fd < 0 ? fd : 0;
}

static int load(const char *name, const struct store_module **module, struct reason *why)
{
	char path[sizeof(PATH_STORE_MODULES) + STORE_MODULE_NAME_MAX + 16];
	void *library;
	int r = check_name(name, why);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/store_%s.so", PATH_STORE_MODULES, name);
	r = check_file(name, path, why);
	if (r < 0)
		return r;
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return reason_set(why, -ELIBACC, "%s: %s", path, dlerror());
	*module = dlsym(library, STORE_MODULE_SYMBOL);
	if (*module && (*module)->version == STORE_MODULE_VERSION && !strcmp((*module)->name, name))
		return 0;
	*module = NULL;
	dlclose(library);
	return reason_set(why, -ELIBBAD, "%s is no store %s of this version", path, name);
}

void stores_load(const char *name, struct stores *stores)
{
	*stores = (struct stores){0};
	if (!name)
		reason_set(
		    &stores->why, -ENOPKG, "no store but this machine's folder is configured");
	else if (load(name, &stores->module, &stores->why) < 0)
		stores->module = NULL;
}

/* ---- what a module asks ---- */

struct asking {
	struct http *http;
	const struct service_call *call;
	struct service_answer *answer; /* the status of the last request goes there */
};

static int ask(
    void *context, const char *operation, json_t *arguments, json_t **result, struct reason *why)
{
	const struct asking *asking = context;
	fetch_json_auto owned = arguments;
	struct service_call call = *asking->call;
	int r;

	call.operation = operation_find(operation);
	call.arguments = owned;
	if (!call.operation || !call.operation->method)
		return reason_set(why, -EINVAL, "there is no operation %s", operation);
	if (!deadline_left(call.deadline))
		return reason_set(why, -ETIMEDOUT, "the service gave no answer in time");
	r = service_call(asking->http, &call, asking->answer, why);
	if (r == 0 && result)
		*result = json_incref(asking->answer->result);
	json_decref(asking->answer->result);
	asking->answer->result = NULL;
	return r;
}

int stores_ask(const struct stores *stores, struct http *http, const struct service_call *call,
    struct service_answer *answer, struct reason *why)
{
	struct asking asking = {.http = http, .call = call, .answer = answer};
	const struct store_ask store = {.ask = ask, .context = &asking};
	const char *document = fetch_text(call->arguments, "document");
	buf_auto found = {0};
	int r;

	if (!stores->module)
		return reason_set(why, -ENOPKG, "%s", stores->why.text);
	if (!strcmp(call->operation->name, "store.put"))
		return document ? stores->module->put(&store,
				      fetch_text(call->arguments, "expected"), document, why)
				: reason_set(why, -EINVAL, "there is no document to put");
	r = stores->module->get(&store, &found, why);
	/* Every answer has a reason, and nobody reads this one. */
	if (r == -ENOENT)
		reason_set(why, r, "the store has no document");
	if (r == 0 && found.len)
		answer->result = json_pack("{s:s}", "document", found.data);
	if (r == 0 && !answer->result)
		return reason_set(why, -EBADMSG, "what the store has is no document");
	return r;
}

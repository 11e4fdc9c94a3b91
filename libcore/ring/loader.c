/* SPDX-License-Identifier: MIT */
/* Running ravi-load: see loader.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/paths.h"
#include "ring/loader.h"
#include "util/spawn.h"

#define ERRNO_MAX 4095 /* the kernel's */

static bool is_record(const struct loader_record *record, size_t len)
{
	return len == sizeof(*record) && record->magic == LOADER_MAGIC && record->error <= 0 &&
	       record->error >= -ERRNO_MAX;
}

/* Whoever wrote them, the words end, and are one line in a log and on a terminal. */
static void tame(char *text, size_t size)
{
	text[size - 1] = '\0';
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

/* A tenth is for its start and for its answer: what it gave up in time, it says itself. */
static int for_the_loader(int left)
{
	return left > 1 ? left - left / 10 : 1;
}

int loader_run(const struct loader_request *request, struct deadline deadline,
    struct loader_record *record, struct reason *why)
{
	static const char *const tasks[] = {"--load", "--end", "--release", "--sweep", "--deny"};
	char within[16];
	const char *argv[10 + 2 * LOADER_SETTINGS_MAX];
	struct spawn what = {.path = PATH_LOADER, .argv = argv, .input = -1, .fixed = true};
	size_t n = 0, len;
	int status, r;

	argv[n++] = "ravi-load";
	argv[n++] = tasks[request->task];
	if (request->user)
		argv[n++] = request->user;
	if (request->reach) {
		argv[n++] = "--reach";
		argv[n++] = request->reach;
	}
	for (size_t i = 0; i < request->setting_count; i++) {
		argv[n++] = "--set";
		argv[n++] = request->settings[i];
	}
	if (request->into_session)
		argv[n++] = "--into-session";
	snprintf(within, sizeof(within), "%d", for_the_loader(deadline_left(deadline)));
	argv[n++] = "--within";
	argv[n++] = within;
	argv[n] = NULL;
	*record = (struct loader_record){0};
	r = spawn_collect(&what, deadline, record, sizeof(*record), &len, &status);
	if (r == -ETIMEDOUT)
		return reason_set(why, r, "%s did not end in time and was killed", PATH_LOADER);
	if (r < 0)
		return reason_errno(why, r, "starting %s", PATH_LOADER);
	if (!is_record(record, len)) {
		char ended[32] = "";

		if (status != SPAWN_STATUS_UNKNOWN)
			snprintf(ended, sizeof(ended), " (exit status %d)", status);
		*record = (struct loader_record){0};
		return reason_set(
		    why, -EPROTO, "%s gave no answer%s; the log says more", PATH_LOADER, ended);
	}
	tame(record->text, sizeof(record->text));
	return 0;
}

int loader_ask(const struct loader_request *request, struct deadline deadline,
    struct loader_record *record, struct reason *why)
{
	int r = loader_run(request, deadline, record, why);

	if (r == 0 && record->error < 0)
		return reason_set(why, record->error, "%s",
		    *record->text ? record->text : strerror(-record->error));
	return r;
}

/* SPDX-License-Identifier: MIT */
/* What the commands on a whole vault have in common: see work.h. */
#include <config.h>

#include <stdio.h>

#include "audit/audit.h"
#include "home.h"
#include "util/cli.h"
#include "work.h"

void work_free(struct work *work)
{
	vault_free(work->vault);
	context_close(&work->context);
}

int work_start(struct work *work, const char *what, const char *identity)
{
	struct reason why = {0};
	int r = context_need_root(what, &why);

	if (r < 0)
		return cli_fail(r, &why);
	r = context_open(&work->context, &why);
	if (r < 0)
		return context_fail(r, &why);
	r = context_identity(identity, work->identity, &why);
	return r < 0 ? cli_fail(r, &why) : EXIT_DONE;
}

int work_open(struct work *work, const char *what, const char *identity, struct buf *sealed)
{
	struct reason why = {0};
	int code = work_start(work, what, identity), r;

	if (code != EXIT_DONE)
		return code;
	r = machine_vault(&work->context.machine, work->identity, sealed, &work->vault, &why);
	return r < 0 ? context_fail(r, &why) : EXIT_DONE;
}

int work_change(struct work *work, const char *event, const char *key, const char *value,
    machine_change *change, void *argument)
{
	struct reason why = {0};
	char revision[24] = "";
	int r;

	vault_free(work->vault);
	work->vault = NULL;
	r = machine_update(
	    &work->context.machine, work->identity, change, argument, &work->vault, &why);
	if (r == 0)
		snprintf(revision, sizeof(revision), "%llu",
		    (unsigned long long)vault_revision(work->vault));
	audit(event, context_result(r), "identity", work->identity, "revision",
	    *revision ? revision : NULL, "by", context_uid().text, value ? key : NULL, value, NULL);
	return home_bring(
	    &work->context, work->identity, r < 0 ? context_fail(r, &why) : EXIT_DONE);
}

/* SPDX-License-Identifier: MIT */
/* What one command on secrets works on: see job.h. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "home.h"
#include "job.h"
#include "util/cli.h"

void job_free(struct job *job)
{
	vault_free(job->vault);
	context_close(&job->context);
}

int job_open(struct job *job, const char *identity)
{
	struct reason why = {0};
	int r = context_open(&job->context, &why);

	if (r < 0)
		return context_fail(r, &why);
	job->writer = context_writer();
	job->change.by = job->writer.text;
	job->change.keep = (unsigned)job->context.conf.keep;
	r = context_identity(identity, job->identity, &why);
	if (r < 0)
		return cli_fail(r, &why);
	r = machine_vault(&job->context.machine, job->identity, NULL, &job->vault, &why);
	if (r == 0)
		r = context_need_living(job->vault, &why);
	return r < 0 ? context_fail(r, &why) : EXIT_DONE;
}

void job_audit(const struct job *job, const char *event, const char *user, const char *name,
    const char *cause, int error)
{
	char version[24] = "", revision[24] = "";
	vault_secret_auto secret = {0};

	if (error == 0)
		snprintf(revision, sizeof(revision), "%llu",
		    (unsigned long long)vault_revision(job->vault));
	if (error == 0 && vault_get(job->vault, name, &secret, NULL) == 0)
		snprintf(version, sizeof(version), "%llu", (unsigned long long)secret.version);
	if (*version && !strcmp(event, "set"))
		event = audit_set_event(secret.version);
	audit(event, context_result(error), "user", user, "identity", job->identity, "name", name,
	    "version", *version ? version : NULL, "revision", *revision ? revision : NULL, "cause",
	    cause, "by", context_uid().text, NULL);
}

int job_change(struct job *job, machine_change *change, void *argument,
    void (*audited)(const void *argument, const char *user, int error))
{
	char user[USER_NAME_MAX + 1] = "";
	struct reason why = {0};
	int r, carried;

	vault_free(job->vault);
	job->vault = NULL;
	r = machine_update(
	    &job->context.machine, job->identity, change, argument, &job->vault, &why);
	carried = agent_of_identity(job->identity, user, NULL);
	audited(argument, *user ? user : NULL, r);
	if (r < 0)
		return context_fail(r, &why);
	if (carried == 0)
		r = context_refresh(&job->context, user, &why);
	return home_bring(&job->context, job->identity, r < 0 ? context_fail(r, &why) : EXIT_DONE);
}

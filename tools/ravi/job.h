/* SPDX-License-Identifier: MIT */
/* What one command on secrets works on: an identity, its vault, and the change that is made to it. */
#ifndef RAVI_JOB_H
#define RAVI_JOB_H

#include "context.h"

struct job {
	struct context context;
	char identity[IDENTITY_NAME_MAX + 1];
	char name[SECRET_NAME_MAX + 1]; /* of the one secret that is meant; "": several */
	struct vault *vault;
	struct writer_text writer;
	struct vault_change change; /* keep and by are set when the job is opened */
};

#define job_auto __attribute__((cleanup(job_free))) struct job

void job_free(struct job *job);

/* Opens the vault of the identity that is meant. Returns an exit code; what is wrong has been said. */
int job_open(struct job *job, const char *identity);

/*
 * Changes the vault, then the ring of whoever carries the identity. `audited` writes what goes on record,
 * whether it was done or not (`error`); it gets `argument` as `change` does. Returns an exit code.
 */
int job_change(struct job *job, machine_change *change, void *argument,
    void (*audited)(const void *argument, const char *user, int error));

/* One audit line on one secret. `user` carries the identity, NULL: nobody; `cause` may be NULL. */
void job_audit(const struct job *job, const char *event, const char *user, const char *name,
    const char *cause, int error);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What root's commands work on: the settings, and this machine's host key and vaults; and which identity is
 * meant.
 */
#ifndef RAVI_CONTEXT_H
#define RAVI_CONTEXT_H

#include <stdint.h>

#include "config/conf.h"
#include "identity/agent.h"
#include "machine/machine.h"
#include "ring/loader.h"
#include "util/reason.h"
#include "vault/vault.h"

struct context {
	struct conf conf;
	struct machine machine;
};

#define context_auto __attribute__((cleanup(context_close))) struct context

/* 0, or -EPERM with the reason "only root may WHAT". */
int context_need_root(const char *what, struct reason *why);

/* ravi.conf alone; unknown keys are noted. */
int context_conf(struct conf *conf, struct reason *why);

/* Everything. Root only. */
int context_open(struct context *context, struct reason *why);
void context_close(struct context *context);

/*
 * Says what failed and returns the exit code. For work on what lies on this machine: a malformed file there
 * is a failure and no wrong usage, whatever errno says so.
 */
int context_fail(int error, const struct reason *why);

/*
 * The identity that is meant: `named` (--identity), RAVI_IDENTITY, or the only one there is. -EINVAL
 * (several), -ENOSECRET (none, or not this one), each with the reason.
 */
int context_identity(const char *named, char identity[IDENTITY_NAME_MAX + 1], struct reason *why);

/* -ENOSECRET with the reason for a deleted identity's. */
int context_need_living(const struct vault *vault, struct reason *why);

/* Runs ravi-load for one user; a failure that it reports in the record is returned, with its words. */
int context_loader(const struct conf *conf, enum loader_task task, const char *user,
    struct loader_record *record, struct reason *why);

/*
 * Brings the ring of the user up to date, so that running sessions see what the vault says now; nothing to
 * do where nobody can be logged in. The reason names the command that does it again.
 */
int context_refresh(const struct context *context, const char *user, struct reason *why);

/* Ends the ring of the user, whoever is logged in. */
int context_release(const struct context *context, const char *user, struct reason *why);

/* "done", "denied" or "failed", for the audit line. */
const char *context_result(int error);

/*
 * Who asks: the OS user who logged in, as the kernel keeps it through sudo and su; where it does not, whom
 * sudo(8) names, else this process's real uid. As a uid for the audit trail; for the record of a version as a
 * name, or as the uid of nobody that is known.
 */
struct uid_text {
	char text[12];
};
struct uid_text context_uid(void);

struct writer_text {
	char text[VAULT_WRITER_MAX + 1];
};
struct writer_text context_writer(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Where the login of an identity lies while codex uses it, on tmpfs. ravi-load makes /run/ravi/home/USER
 * (0700, the agent's) at the agent's first session and removes it after the last; in it ravi-codex makes
 *
 *	codex/IDENTITY/		0700
 *	  auth.json		what codex reads and rewrites; CODEX_HOME/auth.json is a link to it
 *	  base			what it grew from: secret, version and form, an empty line, then the bytes
 *	  sent			bytes on their way to the vault: it may have them, without us having heard so
 *	  conflict		bytes that the vault has kept as a conflict
 *	  problem		why the last write-back failed, in words
 *	  lock			flock(2): who changes these files
 *	  running		flock(2), shared: every codex holds it for as long as it runs
 *	  watch			flock(2): the one process that writes back
 *
 * Each file but auth.json is replaced whole. auth.json is placed first and base after it: whoever finds an
 * auth.json that is not the base's compares it with what the vault has before anything else. ravi-codex
 * writes back; what it could not, ravi-load takes in before it removes the folder. It reads these files as
 * the agent, whose they are.
 */
#ifndef RAVI_CODEX_HOME_H
#define RAVI_CODEX_HOME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "codex/login.h"
#include "identity/name.h"
#include "util/buf.h"
#include "util/deadline.h"
#include "util/reason.h"

#define CODEX_FOLDER        "codex"
#define CODEX_FILE          "auth.json"
#define CODEX_FILE_BASE     "base"
#define CODEX_FILE_SENT     "sent"
#define CODEX_FILE_CONFLICT "conflict"
#define CODEX_FILE_PROBLEM  "problem"
#define CODEX_LOCK          "lock"
#define CODEX_LOCK_RUNNING  "running"
#define CODEX_LOCK_WATCH    "watch"

struct codex_base {
	char secret[SECRET_NAME_MAX + 1];
	uint64_t version; /* 0: the vault had none */
	enum codex_form form;
	struct buf content; /* of auth.json, as it was placed or stored last */
};

#define codex_base_auto __attribute__((cleanup(codex_base_free))) struct codex_base

void codex_base_free(struct codex_base *base);

/* `dir` is the folder codex/IDENTITY. 0, -ENOENT (no reason), -EBADMSG, another negative errno. */
int codex_base_load(int dir, struct codex_base *base, struct reason *why);
int codex_base_save(int dir, const struct codex_base *base, struct reason *why);

/* A file of the folder, whole: must be this process's own. 0, -ENOENT (no reason), -errno. */
int codex_read(int dir, const char *name, struct buf *content, struct reason *why);

/* An auth.json that the vault does not have yet. */
struct codex_growth {
	char secret[SECRET_NAME_MAX + 1]; /* what it goes back into */
	uint64_t base;                    /* the version of that which it grew from; 0: none */
	struct buf content;
	struct buf from; /* what that version was; len 0: none, or not an auth.json */
	struct buf sent; /* len 0: nothing is on its way */
};

#define codex_growth_auto __attribute__((cleanup(codex_growth_free))) struct codex_growth

void codex_growth_free(struct codex_growth *growth);

/*
 * 1: there is one. 0: auth.json is its base, was kept as a conflict, is missing, or nobody knows what it
 * grew from. -EBADMSG: it is torn or no login, and may be whole in a moment. Another negative errno.
 */
int codex_growth_find(int dir, struct codex_growth *growth, struct reason *why);

/* Opens (makes) a lock file; it is inherited by exec when `keep`. -errno. */
int codex_lock_open(int dir, const char *name, bool keep, struct reason *why);

/* LOCK_EX or LOCK_SH (flock(2)) until the deadline: 0, -ETIMEDOUT. One that has passed tries once. */
int codex_lock_take(int fd, int how, struct deadline deadline, struct reason *why);

#endif

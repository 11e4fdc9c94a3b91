/* SPDX-License-Identifier: MIT */
/*
 * What the commands on a whole vault have in common: which identity, opening its vault, changing it with the
 * audit line and the live ring after it.
 */
#ifndef RAVI_WORK_H
#define RAVI_WORK_H

#include "context.h"

struct work {
	struct context context;
	char identity[IDENTITY_NAME_MAX + 1];
	struct vault *vault;
};

#define work_auto __attribute__((cleanup(work_free))) struct work

void work_free(struct work *work);

/*
 * Opens everything for `identity` (--identity, or NULL) and, unless `sealed` is NULL, gives the document
 * too. Returns an exit code; what is wrong, "only root may WHAT" among it, has been said.
 */
int work_open(struct work *work, const char *what, const char *identity, struct buf *sealed);

/* The same without the vault, for what may not open or not be there. */
int work_start(struct work *work, const char *what, const char *identity);

/*
 * Changes the vault (machine_update) and writes the audit line `event` with the pair `key`, `value` (NULL:
 * none). A change of the recipients or signers alters no secret: rings stay as they are. Returns an exit
 * code.
 */
int work_change(struct work *work, const char *event, const char *key, const char *value,
    machine_change *change, void *argument);

#endif

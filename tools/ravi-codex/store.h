/* SPDX-License-Identifier: MIT */
/*
 * Changing the files of a login's folder, and writing back: the caller holds the folder's lock
 * (CODEX_LOCK). Each step leaves what the next one, whoever does it, can go on from.
 */
#ifndef RAVI_STORE_BACK_H
#define RAVI_STORE_BACK_H

#include "place.h"

/* Places `file` as auth.json, grown from this login. What was known about the one before is dropped. */
int store_place(const struct place *place, const struct login *login, const struct buf *file,
    struct reason *why);

/* Notes that the vault has `content` as `version` of `secret`. */
int store_note(const struct place *place, const char *secret, uint64_t version,
    const struct buf *content, struct reason *why);

/*
 * Hands to the broker what codex made of its auth.json, if the vault does not have it. 0: the vault has it
 * (as a conflict where need be, which is noted as a problem). -EBADMSG: it is torn. Another negative
 * errno: try again later; noted, too.
 */
int store_back(struct place *place, struct deadline deadline, struct reason *why);

#endif

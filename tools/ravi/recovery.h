/* SPDX-License-Identifier: MIT */
/*
 * The recovery key: an age identity that every vault of this machine is sealed to as well, so that a vault
 * outlives the host key. The secret half is a file for `age -d -i`, under a passphrase where that is wanted,
 * and meant to be moved off the machine; its recipient stays in /etc/ravi/recovery.pub.
 */
#ifndef RAVI_RECOVERY_H
#define RAVI_RECOVERY_H

#include <stdbool.h>

#include "age/age.h"
#include "util/buf.h"
#include "util/reason.h"

/* The recipient: 0, -ENOENT with the reason naming `ravi init`, or another negative errno. */
int recovery_load(struct age_recipient *recipient, struct reason *why);

/*
 * The identity in the text of the key file `path`: its first line that is neither a comment nor empty. Where
 * a passphrase protects it, that is asked for. 0, -EBADMSG, -EPERM (another passphrase), or -errno.
 */
int recovery_open(
    struct buf *text, const char *path, struct age_identity *identity, struct reason *why);

/*
 * Makes a recovery key unless there is one: the secret half to `file` (NULL: the default place), which must
 * not exist, then the recipient. `protect`: a passphrase is asked for, and the file is what age(1) makes of
 * it, for age -d -i all the same. What was made or kept is appended to `report`.
 */
int recovery_make(const char *file, bool protect, struct buf *report, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The recovery key: an age identity that every vault of this machine is sealed to as well, so that a vault
 * outlives the host key. The secret half is a file for `age -d -i`, meant to be moved off the machine; its
 * recipient stays in /etc/ravi/recovery.pub.
 */
#ifndef RAVI_RECOVERY_H
#define RAVI_RECOVERY_H

#include "age/age.h"
#include "util/buf.h"
#include "util/reason.h"

/* The recipient: 0, -ENOENT with the reason naming `ravi init`, or another negative errno. */
int recovery_load(struct age_recipient *recipient, struct reason *why);

/* The identity line of a key file, the first that is neither a comment nor empty: 0 or -EINVAL. */
int recovery_parse(struct buf *text, struct age_identity *identity, struct reason *why);

/*
 * Makes a recovery key unless there is one: the secret half to `file` (NULL: the default place), which must
 * not exist, then the recipient. What was made or kept is appended to `report`.
 */
int recovery_make(const char *file, struct buf *report, struct reason *why);

#endif

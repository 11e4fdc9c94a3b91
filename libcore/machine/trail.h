/* SPDX-License-Identifier: MIT */
/* The machine's audit trail (audit/trail.h), and its host key that signs it. */
#ifndef RAVI_MACHINE_TRAIL_H
#define RAVI_MACHINE_TRAIL_H

#include "audit/verify.h"
#include "util/reason.h"

/*
 * Signs the trail as it stands, when there is anything new in it: syncs, so never where a login waits. 0,
 * also where there is no trail or no host key yet; -EBADMSG: the trail does not hold what was signed last;
 * another negative errno. Root only.
 */
int machine_checkpoint(struct reason *why);

/* Verifies the trail against the host key: as audit_verify. */
int machine_verify(struct audit_report *report, struct reason *why);

#endif

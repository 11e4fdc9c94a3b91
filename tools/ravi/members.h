/* SPDX-License-Identifier: MIT */
/* Who may open and who may write a vault, as the commands show it. */
#ifndef RAVI_MEMBERS_H
#define RAVI_MEMBERS_H

#include "util/jsonout.h"
#include "util/table.h"
#include "vault/vault.h"

enum member_kind {
	MEMBER_RECIPIENT,
	MEMBER_SIGNER,
};

/* "this machine", "recovery key", or NULL for somebody else. */
const char *member_of_recipient(const struct host *host, const struct age_recipient *recipient);
const char *member_of_signer(const struct host *host, const struct signer *signer);

/* The member "recipients" or "signers", an array of objects / a row each of two cells. */
void members_json(
    struct jsonout *j, const struct vault *vault, const struct host *host, enum member_kind kind);
void members_table(
    struct table *table, const struct vault *vault, const struct host *host, enum member_kind kind);

/*
 * The secrets whose current value is known to whoever can open `revision`: their names, each with a blank
 * before it, and how many / the member "rotate", an array of names.
 */
size_t members_seen(const struct vault *vault, uint64_t revision, struct buf *names);
void members_seen_json(struct jsonout *j, const struct vault *vault, uint64_t revision);

#endif

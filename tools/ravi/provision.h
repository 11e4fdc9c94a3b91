/* SPDX-License-Identifier: MIT */
/*
 * An identity at the Ravi service: made there, or found, with a key for this host. The service has nothing
 * that tells a repeated request from a second one, so before it is asked that is noted (pending.h); whoever says
 * the same command again goes on from there, and never makes a second identity.
 */
#ifndef RAVI_PROVISION_H
#define RAVI_PROVISION_H

#include "account/account.h"
#include "context.h"

struct provision {
	const char *name;   /* here and there; for provision_find what names it: UUID, name or address */
	const char *local;  /* the address before its @; NULL: the service chooses it */
	const char *domain; /* what is behind it; NULL: the account's */
	bool phone;         /* with a phone number */
	bool again; /* what an earlier call asked for was not made, the administrator says */
	bool old_contract;  /* the service is one of contract B, which calls the address "email" */

	/* What there is then. */
	char uuid[VAULT_UUID_TEXT];
	char shown[128]; /* its name there */
	char email[EMAIL_MAX + 1];
	char number[PHONE_MAX + 1]; /* "": none */
};

/*
 * Makes it, or goes on with what an earlier call began. -EINPROGRESS: that one's answer was lost and the identity
 * is not listed; it is not asked for again until that request is settled.
 */
int provision_create(struct account *account, struct provision *provision, struct reason *why);

/* Finds one that is there: -ENOKEY, or -EINVAL when several have that name. Makes a key where this host has none. */
int provision_find(struct account *account, struct provision *provision, struct reason *why);

/* It is on this machine now: nothing is to be gone on with. What cannot be forgotten is said. */
void provision_done(struct account *account, const struct provision *provision);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What this machine has asked the Ravi service to make and does not have yet, noted in the host's own vault. The
 * service has nothing that tells a repeated request from a second one, so the note is what keeps a retry from
 * making a second identity. One command at a time holds the notes.
 */
#ifndef RAVI_PENDING_H
#define RAVI_PENDING_H

#include <jansson.h>
#include <stdbool.h>

#include "account/account.h"
#include "context.h"

/* s after which a request that was sent is carried out or never will be: no proxy and no server holds one so long. */
#define PENDING_SETTLED 600

struct pending {
	char name[SECRET_NAME_MAX + 1]; /* in the wallet */
	json_t *noted;                  /* NULL: nothing is */
	int lock;
};

#define pending_auto __attribute__((cleanup(pending_close))) struct pending

/*
 * Waits until no other command is at it, and reads what is noted of the identity `name`; the account's
 * deadline begins then. -EBUSY when the other one does not end. Close it in either case.
 */
int pending_open(
    struct account *account, const char *name, struct pending *pending, struct reason *why);
void pending_close(struct pending *pending);

/* The identity that it is, once that is known; else NULL. */
const char *pending_uuid(const struct pending *pending);

/* Whether the identity was there before this one was asked for. */
bool pending_is_known(const struct pending *pending, const char *uuid);

/* Seconds until the request is settled; 0: it is, or none is noted. */
long pending_left(const struct pending *pending);

/* About to be asked for, now, with these there already: -E2BIG when they are too many to note. */
int pending_note(
    struct account *account, struct pending *pending, const json_t *identities, struct reason *why);

/* It is this one. */
int pending_found(
    struct account *account, struct pending *pending, const char *uuid, struct reason *why);

/* Nothing is to be gone on with. What cannot be forgotten is said. */
void pending_forget(struct account *account, const char *name);

#endif

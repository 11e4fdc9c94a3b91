/* SPDX-License-Identifier: MIT */
/*
 * An identity's mail and messages at the Ravi service, for who may read them: root by the key in the host's own
 * vault, the agent by the one in its ring. Nobody needs the account's key for this.
 */
#ifndef RAVI_MAILBOX_H
#define RAVI_MAILBOX_H

#include <jansson.h>

#include "config/conf.h"
#include "fetch/fetch.h"
#include "identity/name.h"

struct mailbox {
	struct conf conf;
	struct fetch *fetch;
	struct buf key;
	char identity[IDENTITY_NAME_MAX + 1];
	char uuid[40];
	char email[EMAIL_MAX + 1]; /* what this machine knows as its address; "": none */
	struct deadline deadline;  /* of everything that is asked */
	bool has_noted;            /* that messages are left out */
};

#define mailbox_auto __attribute__((cleanup(mailbox_close))) struct mailbox

/* `identity` is --identity, or NULL. Close it in either case. */
int mailbox_open(const char *identity, struct mailbox *mailbox, struct reason *why);
void mailbox_close(struct mailbox *mailbox);

/* Asks as the identity. `arguments` is taken over. */
int mailbox_ask(struct mailbox *mailbox, const char *operation, json_t *arguments, json_t **result,
    struct reason *why);

/* After a failure that was ravi-fetch's own: a new one. */
int mailbox_again(struct mailbox *mailbox, struct reason *why);

/* As the official client prints it: two blanks, members in order. To a terminal nothing but ASCII. */
int mailbox_print(const json_t *json);

#endif

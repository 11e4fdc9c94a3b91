/* SPDX-License-Identifier: MIT */
/*
 * The Ravi service for root: the account this machine is logged in to, the keys that lie in the host's own
 * vault, and what is asked with them.
 */
#ifndef RAVI_ACCOUNT_H
#define RAVI_ACCOUNT_H

#include <jansson.h>

#include "config/conf.h"
#include "fetch/fetch.h"
#include "machine/wallet.h"

struct account {
	const struct conf *conf;
	struct wallet wallet;
	struct fetch *fetch;
	struct deadline deadline; /* of everything this command asks */
};

#define account_auto __attribute__((cleanup(account_close))) struct account

/* Opens wallet and ravi-fetch. -EDESTADDRREQ: no service is configured. Close it in either case. */
int account_open(const struct conf *conf, const struct machine *machine, enum fetch_use use,
    struct account *account, struct reason *why);
void account_close(struct account *account);

/* The URL that keys belong to. */
const char *account_url(const struct account *account);

/*
 * Asks with the account's key. `arguments` is taken over (NULL: none). Without a key -EKEYREJECTED with the
 * reason naming `ravi auth login`. A token of contract A that has run out is renewed, stored, and used.
 */
int account_ask(struct account *account, const char *operation, json_t *arguments, json_t **result,
    struct reason *why);

/* The same with the key that this host has for the identity. */
int account_ask_as(struct account *account, const char *uuid, const char *operation,
    json_t *arguments, json_t **result, struct reason *why);

/* The same with no key, or with this one. */
int account_ask_with(struct account *account, const char *key, const char *operation,
    json_t *arguments, json_t **result, struct reason *why);

/* Whether there is a key of that name for this service: 0, -ENOKEY, or another error with the reason. */
int account_has(const struct account *account, const char *name, struct reason *why);

/* A copy in the wallet. */
int account_keep(struct account *account, const char *name, const char *value, struct reason *why);

/*
 * Makes a key for the identity at the service, with this host's name as its label, and keeps it. `spare` is
 * what came with the identity itself (NULL: nothing), and is taken where none can be made.
 */
int account_mint(struct account *account, const char *uuid, const char *spare, struct reason *why);

/* This host's name. */
void account_label(char label[65]);

#endif

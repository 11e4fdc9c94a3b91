/* SPDX-License-Identifier: MIT */
/*
 * The host's own vault, /var/lib/ravi/host/host.age: the keys with which this machine asks the Ravi service, the
 * account's and one for each identity here. A vault like any other, but sealed
 * to the host key alone, and never put into a store: a lost key is made anew. Each value carries, as its note, the service
 * that it belongs to, and is given out for no other.
 */
#ifndef RAVI_WALLET_H
#define RAVI_WALLET_H

#include "machine/machine.h"
#include "util/deadline.h"

/* What is in it. */
#define WALLET_ACCOUNT         "ACCOUNT_KEY"     /* ravi_mgmt_...; of contract A the access token */
#define WALLET_ACCOUNT_REFRESH "ACCOUNT_REFRESH" /* of contract A alone */
#define WALLET_ACCOUNT_EMAIL   "ACCOUNT_EMAIL"   /* whose account it is */
#define WALLET_ACCOUNT_SECRET  "ACCOUNT_SECRET"  /* of contract A: opens values that older clients sealed */
#define WALLET_IDENTITY        "IDENTITY_"       /* and the UUID: ravi_id_..., or the bound access token */
#define WALLET_REFRESH         "REFRESH_"        /* and the UUID: of contract A alone */
#define WALLET_PENDING         "PENDING_"        /* and a name in hex: an identity on its way */
#define WALLET_NAMED           "NAMED_" /* and a name in hex: the UUID of one whose copy is to come */

struct wallet {
	struct machine own;  /* the host key, and the folder as a store */
	struct vault *vault; /* NULL: there is none yet */
};

#define wallet_auto __attribute__((cleanup(wallet_close))) struct wallet

/* 0 also where there is none yet. Root only. Close it in either case. */
int wallet_open(const struct machine *machine, struct wallet *wallet, struct reason *why);
void wallet_close(struct wallet *wallet);

/* Takes what others have put there since. */
int wallet_reload(struct wallet *wallet, struct reason *why);

/*
 * One process at a time: a descriptor that holds the lock `name` (".create") beside the vault until it is closed;
 * -ETIMEDOUT: somebody else held it until the deadline.
 */
int wallet_lock(const char *name, struct deadline deadline, struct reason *why);

/*
 * The value of `name`, which belongs to the service `url`: 0, -ENOKEY (no reason set: there is none),
 * -EKEYREJECTED with the reason: it is another service's.
 */
int wallet_get(const struct wallet *wallet, const char *name, const char *url, struct buf *value,
    struct reason *why);

/* Sets / takes away one value; the file is made when it is missing. */
int wallet_set(struct wallet *wallet, const char *name, const char *url, const void *value,
    size_t len, struct reason *why);
int wallet_delete(struct wallet *wallet, const char *name, struct reason *why);

/* WALLET_IDENTITY or WALLET_REFRESH with a UUID / WALLET_PENDING or WALLET_NAMED with an identity's name. */
void wallet_name(const char *kind, const char *uuid, char name[SECRET_NAME_MAX + 1]);
void wallet_name_in_hex(const char *kind, const char *identity, char name[SECRET_NAME_MAX + 1]);

/* The identity's name in such a value's name: 0, -EINVAL (it is none of that kind). */
int wallet_read_name(const char *kind, const char *name, char identity[IDENTITY_NAME_MAX + 1]);

/*
 * Whether the vault is the tombstone of an identity whose name has gone to another one that was adopted here,
 * and whose own vault is to come.
 */
bool wallet_is_former(const struct wallet *wallet, const char *url, const struct vault *vault);

/*
 * Calls `each` for every value whose name begins with `kind` (NULL: all), with the value's name; stops at
 * the first result that is not 0.
 */
int wallet_each(const struct wallet *wallet, const char *kind,
    int (*each)(void *context, const char *name, const struct buf *value), void *context);

/* The UUID that the name of such a value ends in. */
void wallet_uuid(const char *name, char uuid[VAULT_UUID_TEXT]);

#endif

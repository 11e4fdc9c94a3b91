/* SPDX-License-Identifier: MIT */
/*
 * This machine's host key and its sealed vaults together, for every program of root's that opens vaults:
 * the one way to open one, to change one, and to tell the ring of whoever carries it.
 */
#ifndef RAVI_MACHINE_H
#define RAVI_MACHINE_H

#include <stdbool.h>

#include "store/store.h"
#include "util/buf.h"
#include "util/deadline.h"
#include "util/reason.h"
#include "vault/host.h"
#include "vault/vault.h"

struct machine {
	struct host host;
	struct store *store;
};

#define machine_auto __attribute__((cleanup(machine_close))) struct machine

/* Root only. Close it in either case. */
int machine_open(struct machine *machine, struct reason *why);
void machine_close(struct machine *machine);

/* Whether this machine has a vault, be it one that no key here opens. */
bool machine_has_vaults(void);

/*
 * The vault of `identity` and, when `sealed` is not NULL, the document it came from. -ENOKEY with the
 * reason when there is none. A deleted one is opened too: vault_state tells.
 */
int machine_vault(struct machine *machine, const char *identity, struct buf *sealed,
    struct vault **vault, struct reason *why);

/* What a change of a vault is: returns 0, 1 when nothing has to be written, or a negative errno. */
typedef int machine_change(void *argument, struct vault *vault, struct reason *why);

/*
 * Changes the vault of `identity`: opens it, calls `change`, seals the next revision and puts it into the
 * store; from the start again when somebody else was faster. On success `*vault` is what is stored now.
 * -EKEYREJECTED: this machine was none of the vault's signers before the change. -EPERM: it is none of the
 * recipients, and could not open what it would write.
 */
int machine_update(struct machine *machine, const char *identity, machine_change *change,
    void *argument, struct vault **vault, struct reason *why);

/*
 * Brings the ring of the OS user up to date, so that running sessions see what the vaults say now; nothing
 * to do where nobody can be logged in. `reach` as ravi.conf has it. -EIO with the command that does it
 * again.
 */
int machine_refresh(
    const char *user, const char *reach, struct deadline deadline, struct reason *why);

#endif

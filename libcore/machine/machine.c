/* SPDX-License-Identifier: MIT */
/* The host key and the vaults of this machine: see machine.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "config/paths.h"
#include "identity/agent.h"
#include "machine/machine.h"
#include "ring/loader.h"
#include "util/pause.h"

#define UPDATE_TRIES     100
#define UPDATE_PAUSE_MAX 20 /* milliseconds between two */

int machine_open(struct machine *machine, struct reason *why)
{
	int r = host_load(&machine->host, why);

	if (r < 0)
		return r;
	r = store_directory.open(PATH_VAULTS, &machine->store, why);
	if (r == -ENOENT)
		return reason_set(why, r, "%s is missing; run: ravi init", PATH_VAULTS);
	return r;
}

void machine_close(struct machine *machine)
{
	store_directory.close(machine->store);
	host_wipe(&machine->host);
	machine->store = NULL;
}

static int see_one(void *any, const char *name)
{
	(void)name;
	*(bool *)any = true;
	return 1;
}

bool machine_has_vaults(void)
{
	struct store *store = NULL;
	bool any = false;

	if (store_directory.open(PATH_VAULTS, &store, NULL) == 0)
		store_directory.list(store, see_one, &any, NULL);
	store_directory.close(store);
	return any;
}

int machine_vault(struct machine *machine, const char *identity, struct buf *sealed,
    struct vault **vault, struct reason *why)
{
	buf_auto own = {0};
	int r;

	if (!sealed)
		sealed = &own;
	r = store_directory.get(machine->store, identity, sealed, why);
	if (r == -ENOENT)
		return reason_set(
		    why, -ENOKEY, "there is no identity %s; see: ravi identity list", identity);
	if (r < 0)
		return r;
	r = vault_open(&machine->host, sealed->data, sealed->len, vault, why);
	/* ENOKEY stands for "no such secret" everywhere else. */
	if (r == -ENOKEY)
		return reason_prefix(why, -EKEYREJECTED,
		    "vault of %s (if the host key was replaced: ravi vault rekey --identity %s --key "
		    "FORMER-KEY): ",
		    identity, identity);
	if (r < 0)
		return reason_prefix(why, r, "vault of %s: ", identity);
	if (strcmp(vault_name(*vault), identity))
		return reason_set(why, -ENOMSG,
		    "%s/%s.age is the vault of %s; put the right one there", PATH_VAULTS, identity,
		    vault_name(*vault));
	return 0;
}

/* Who seals what it cannot open again has locked itself out, and nothing brings that back here. */
static int check_stays_ours(
    const struct machine *machine, const struct vault *vault, struct reason *why)
{
	const struct age_recipient *own = &machine->host.age.recipient;
	struct vault_members members;

	vault_members(vault, &members);
	for (size_t i = 0; i < members.recipient_count; i++)
		if (!memcmp(&members.recipients[i], own, sizeof(*own)))
			return 0;
	return reason_set(why, -EPERM,
	    "the vault of %s does not name this machine among its recipients, which could not open "
	    "what it writes; say first: ravi host show | ravi vault recipients add - --identity %s",
	    vault_name(vault), vault_name(vault));
}

static int refuse_to_write(const struct vault *vault, struct reason *why)
{
	return reason_set(why, -EKEYREJECTED,
	    "this host may not write the vault of %s: its signer is not in the vault's list; on a "
	    "machine whose signer is, say: ravi vault signers add LINE --identity %s, with the "
	    "line that ravi host show prints here",
	    vault_name(vault), vault_name(vault));
}

static int update_once(struct machine *machine, const char *identity, machine_change *change,
    void *argument, struct vault **vault, struct reason *why)
{
	buf_auto held = {0};
	buf_auto next = {0};
	bool may_write;
	int r;

	r = machine_vault(machine, identity, &held, vault, why);
	if (r < 0)
		return r;
	/* By the document that is changed: who enters itself as a signer writes what no other machine takes. */
	may_write = vault_has_signer(*vault, &machine->host.signer);
	r = change(argument, *vault, why);
	if (r)
		return r < 0 ? r : 0;
	r = may_write ? check_stays_ours(machine, *vault, why) : refuse_to_write(*vault, why);
	if (r < 0)
		return r;
	r = vault_seal(*vault, &machine->host, &next, why);
	if (r < 0)
		return r;
	return store_directory.put(machine->store, identity, &held, &next, why);
}

int machine_update(struct machine *machine, const char *identity, machine_change *change,
    void *argument, struct vault **vault, struct reason *why)
{
	for (int i = 0; i < UPDATE_TRIES; i++) {
		int r = update_once(machine, identity, change, argument, vault, why);

		if (r != -ESTALE)
			return r;
		vault_free(*vault);
		*vault = NULL;
		pause_at_random(UPDATE_PAUSE_MAX);
	}
	return reason_set(why, -EBUSY,
	    "the vault of %s changed under each of %d tries; say it again", identity, UPDATE_TRIES);
}

int machine_refresh(
    const char *user, const char *reach, struct deadline deadline, struct reason *why)
{
	const struct loader_request request = {.task = LOADER_LOAD, .user = user, .reach = reach};
	struct loader_record record;
	struct agent agent;
	int r = agent_load(user, &agent, why);

	if (r == -ENOENT || (r == 0 && agent.state != AGENT_ACTIVE))
		return 0;
	if (r == 0)
		r = loader_ask(&request, deadline, &record, why);
	/* The user lingers and reach=session: there is nothing to link a ring into before the next login. */
	if (r == -ENOTCONN)
		return 0;
	if (r < 0)
		return reason_prefix(why, -EIO,
		    "stored, but the ring of %s could not be loaded (say: ravi reload %s): ", user,
		    user);
	return 0;
}

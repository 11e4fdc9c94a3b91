/* SPDX-License-Identifier: MIT */
/*
 * Asking for the lease: see lease.h. It is taken at the service, by a fresh read, and the broker has no network: it
 * notes the wish for `ravi sync --wanted`.
 */
#include <config.h>

#include <errno.h>

#include "lease.h"
#include "machine/machine.h"
#include "sync/agreed.h"
#include "sync/wanted.h"

static int look(const struct writing *writing, struct reason *why)
{
	machine_auto machine = {0};
	vault_auto vault = NULL;
	struct vault_lease lease;
	int r = machine_open(&machine, why);

	if (r == 0)
		r = machine_vault(&machine, writing->identity, NULL, &vault, why);
	if (r < 0)
		return r;
	if (!vault_lease(vault, &lease))
		return 1;
	if (vault_lease_is(&lease, &machine.host.signer))
		return agreed_lease(&machine.host, writing->identity) ? 0 : 1;
	return reason_set(why, -EACCES,
	    "the Codex login of %s is in use on %s, and would be worthless on both; an "
	    "administrator "
	    "moves it here with: ravi identity lease %s --take-over",
	    writing->identity, lease.host, writing->identity);
}

int lease_ask(const struct writing *writing, struct reason *why)
{
	int r = conf_has_leases(writing->conf) ? look(writing, why) : 0;

	if (r <= 0)
		return r;
	r = wanted_note(writing->identity, WANTED_LEASE, why);
	return r < 0 ? r
		     : reason_set(why, -EINPROGRESS,
			   "the Codex login of %s is to be used here, and the service has not said "
			   "yet "
			   "that no other machine does",
			   writing->identity);
}

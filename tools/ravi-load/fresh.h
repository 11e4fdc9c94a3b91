/* SPDX-License-Identifier: MIT */
/*
 * The vaults that a login loads, where they are at home at a service: the sealed copy here serves, and no
 * login waits for the network while it may. It is waited for when there is no copy yet, when the copy is older than
 * offline_max, and under required_fresh.
 */
#ifndef RAVI_LOAD_FRESH_H
#define RAVI_LOAD_FRESH_H

#include "config/conf.h"
#include "machine/machine.h"
#include "machine/wallet.h"
#include "util/deadline.h"

struct fresh {
	const struct conf *conf;
	struct machine *machine;
	const struct wallet *wallet;
	struct deadline deadline; /* of the login */
	/* A copy is older than max_age, or was never compared: `ravi sync --wanted` shall see to it. */
	bool wants_sync;
};

/* machine_vault, with the service asked first where it has to be. */
int fresh_vault(
    struct fresh *fresh, const char *identity, struct vault **vault, struct reason *why);

#endif

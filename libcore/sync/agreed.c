/* SPDX-License-Identifier: MIT */
/* Leases that the service knows of: see agreed.h. */
#include <config.h>

#include "sync/agreed.h"
#include "sync/base.h"
#include "vault/vault.h"

bool agreed_lease(const struct host *host, const char *identity)
{
	buf_auto sealed = {0};
	vault_auto vault = NULL;
	struct vault_lease lease;
	struct reason ignored = {0};

	return base_read(identity, 0, &sealed, &ignored) == 0 &&
	       vault_open(host, sealed.data, sealed.len, &vault, &ignored) == 0 &&
	       vault_lease(vault, &lease) && vault_lease_is(&lease, &host->signer);
}

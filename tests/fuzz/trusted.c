/* SPDX-License-Identifier: MIT */
/* /etc/ravi/trusted: whom to believe about an identity that was never seen here. */
#include <config.h>

#include <fcntl.h>
#include <string.h>

#include "fuzz.h"
#include "fixed-host.h"
#include "vault/vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vault_trust trust;
	struct reason why = {0};
	bool has_host = false;
	int r;

	fuzz_file(data, size);
	r = vault_trust_read(AT_FDCWD, "trusted", 0, "payments-agent", fuzz_host(), &trust, &why);
	MUST(r <= 0);
	MUST(r == 0 || *why.text);
	if (r < 0)
		return 0;
	MUST(trust.count >= 1 && trust.count <= VAULT_SIGNERS_MAX);
	MUST(trust.min_revision <= VAULT_REVISION_MAX);
	for (size_t i = 0; i < trust.count; i++)
		has_host |= !memcmp(&trust.signers[i], &fuzz_host()->signer, SIGNER_SIZE);
	MUST(has_host);
	return 0;
}

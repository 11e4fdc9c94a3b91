/* SPDX-License-Identifier: MIT */
/* See fixed-host.h. */
#include <config.h>

#include <sodium.h>

#include "age/crypto.h"
#include "fuzz.h"
#include "fixed-host.h"

const struct host *fuzz_host(void)
{
	static struct host host;
	static bool made;
	uint8_t seed[crypto_sign_SEEDBYTES];

	if (made)
		return &host;
	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)i;
	MUST(age_start() == 0);
	MUST(age_identity_parse(FUZZ_IDENTITY, &host.age, NULL) == 0);
	MUST(crypto_sign_seed_keypair(host.signer.key, host.secret, seed) == 0);
	made = true;
	return &host;
}

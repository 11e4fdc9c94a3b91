/* SPDX-License-Identifier: MIT */
/* /run/ravi/rings/USER: which keyring is whose, as a warm login reads it. */
#include <config.h>

#include "fuzz.h"
#include "ring/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session_ring ring;
	struct reason why = {0};
	int r;

	fuzz_file(data, size);
	r = session_ring_load("fuzzed", &ring, &why);
	MUST(r <= 0);
	if (r == 0)
		MUST(ring.id > 0 && ring.uid != 0);
	else
		MUST(*why.text);
	return 0;
}

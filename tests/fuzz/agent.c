/* SPDX-License-Identifier: MIT */
/* The entry of an agent: what decides whose tokens a login is given. */
#include <config.h>

#include <errno.h>

#include "fuzz.h"
#include "identity/agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reason why = {0};
	struct agent agent;
	int r;

	fuzz_file(data, size);
	r = agent_load("fuzzed", &agent, &why);
	if (r < 0) {
		/* A damaged entry is an agent's entry all the same. */
		MUST(r != -ENOENT && *why.text);
		return 0;
	}
	MUST(agent.uid != 0 && agent.uid != (uid_t)-1);
	MUST(agent.count >= 1 && agent.count <= AGENT_IDENTITIES_MAX);
	for (size_t i = 0; i < agent.count; i++)
		MUST(identity_name_check(agent.identities[i], NULL) == 0);
	MUST(agent_has(&agent, agent.identities[0]));
	MUST(*agent_state_word(agent.state));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Names that a command line may go on with: see offer.h. */
#include <config.h>

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/paths.h"
#include "identity/agent.h"
#include "identity/offer.h"
#include "util/cleanup.h"

static void offer_folder(const char *path, struct buf *out)
{
	dir_auto dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			buf_addf(out, "%s\n", entry->d_name);
}

void offer_identities(struct buf *out)
{
	const struct passwd *pw = getpwuid(geteuid());
	struct agent agent;

	if (!pw || agent_load(pw->pw_name, &agent, NULL) < 0) {
		offer_folder(PATH_IDENTITIES, out);
		return;
	}
	for (size_t i = 0; i < agent.count; i++)
		buf_addf(out, "%s\n", agent.identities[i]);
}

void offer_agents(struct buf *out)
{
	offer_folder(PATH_AGENTS, out);
}

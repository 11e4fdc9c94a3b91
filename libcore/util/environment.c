/* SPDX-License-Identifier: MIT */
/* The variables that carry tokens: see environment.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/environment.h"

/* What gh, codex and CodexMonitor read, and the names that the vaults of agents use for the same. */
static const char *const names[] = {
    "CODEX_ACCESS_TOKEN",
    "CODEX_API_KEY",
    "CODEX_MONITOR_DAEMON_TOKEN",
    "CODEX_SESSION_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GH_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GITHUB_TOKEN",
    "OPENAI_API_KEY",
};

/* CODEX_MONITOR_GH_TOKEN and CODEX_MONITOR_GH_TOKEN_<IDENTITY>. */
static const char family[] = "CODEX_MONITOR_GH_TOKEN";

int environment_drop_tokens(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (unsetenv(names[i]) < 0)
			return -errno;
	for (size_t i = 0; environ && environ[i];) {
		size_t len = strcspn(environ[i], "=");
		char *name;
		int r;

		if (strncmp(environ[i], family, sizeof(family) - 1) != 0) {
			i++;
			continue;
		}
		name = strndup(environ[i], len);
		if (!name)
			return -ENOMEM;
		r = unsetenv(name); /* moves the rest up */
		free(name);
		if (r < 0)
			return -errno;
	}
	return 0;
}

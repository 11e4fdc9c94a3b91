/* SPDX-License-Identifier: MIT */
/* gh's token variables: see tokens.h. */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tokens.h"

#define GITHUB     "GH_TOKEN"
#define ENTERPRISE "GH_ENTERPRISE_TOKEN"
#define NO_TOKEN   "ravi-gives-no-token-for-this-host"

/* Whether `host` is `domain` or lies below it. */
static bool is_in(const char *host, const char *domain)
{
	size_t len = strlen(host), end = strlen(domain);

	if (len < end || strcasecmp(host + len - end, domain) != 0)
		return false;
	return len == end || host[len - end - 1] == '.';
}

static bool takes_github(const char *host)
{
	return !host || !*host || is_in(host, "github.com") || is_in(host, "ghe.com");
}

static bool takes_enterprise(const char *host)
{
	return !takes_github(host) || (host && is_in(host, "ghe.com"));
}

int tokens_set(const char *host, const char *token)
{
	const char *github = token && takes_github(host) ? token : NO_TOKEN;
	const char *enterprise = token && takes_enterprise(host) ? token : NO_TOKEN;

	if (setenv(GITHUB, github, 1) < 0 || setenv(ENTERPRISE, enterprise, 1) < 0)
		return -errno;
	return 0;
}

const char *tokens_word(const char *host)
{
	if (!takes_enterprise(host))
		return GITHUB;
	return takes_github(host) ? GITHUB " and " ENTERPRISE : ENTERPRISE;
}

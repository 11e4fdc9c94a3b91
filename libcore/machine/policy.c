/* SPDX-License-Identifier: MIT */
/* Which secrets an agent may write: see policy.h. */
#include <config.h>

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "machine/policy.h"

#define OWN         "@own" /* no secret's name begins with '@' */
#define PATTERN_MAX 255    /* bytes; a longer one matches nothing */

static const char *const defaults[] = {
    "CODEX_SESSION_TOKEN", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN", OWN};

static bool matches(const char *pattern, const char *name, bool is_own)
{
	if (!strcmp(pattern, OWN))
		return is_own;
	return fnmatch(pattern, name, 0) == 0;
}

/* One line of ravi.conf: patterns, separated by blanks or commas. */
static bool line_matches(const char *line, const char *name, bool is_own)
{
	static const char between[] = " \t,";
	char pattern[PATTERN_MAX + 1];

	for (line += strspn(line, between); *line; line += strspn(line, between)) {
		size_t len = strcspn(line, between);

		if (len <= PATTERN_MAX) {
			memcpy(pattern, line, len);
			pattern[len] = '\0';
			if (matches(pattern, name, is_own))
				return true;
		}
		line += len;
	}
	return false;
}

int policy_check(const struct conf *conf, const char *identity, const char *action,
    const char *name, bool is_own, struct reason *why)
{
	const struct option_list *set = &conf->agent_write;
	const char *const *lines = set->count ? set->items : defaults;
	size_t count = set->count ? set->count : sizeof(defaults) / sizeof(*defaults);

	for (size_t i = 0; i < count; i++)
		if (line_matches(lines[i], name, is_own))
			return 0;
	return reason_set(why, -EACCES,
	    "agents may not write %s here (agent_write in ravi.conf); an administrator can: "
	    "ravi secrets %s %s --identity %s",
	    name, action, name, identity);
}

/* SPDX-License-Identifier: MIT */
/* Which hosts a token is for: see hosts.h. */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hosts.h"
#include "util/text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"
#define USER    "username="

static const char *const usual[] = {"github.com", "gist.github.com"};

/* ASCII alone: a locale's idea of small letters must not make two names one. */
static void fold(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* How much of `text` is the host's name: all before the port's colon. */
static size_t name_length(const char *text)
{
	const char *bracket = *text == '[' ? strchr(text, ']') : NULL;

	return bracket ? (size_t)(bracket + 1 - text) : strcspn(text, ":");
}

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	if (*name != '[')
		return len && strspn(name, LETTERS DIGITS ".-") == len;
	return len > 2 && strspn(name + 1, "abcdef" DIGITS ":.") == len - 2 && name[len - 1] == ']';
}

int host_parse(const char *text, struct host *host, struct reason *why)
{
	size_t len = name_length(text);
	uint64_t port = HOST_PORT;

	*host = (struct host){.user = HOST_USER};
	if (len > HOST_NAME_MAX_LEN)
		return reason_set(why, -EINVAL, "\"%.80s...\" is no host: it is too long", text);
	memcpy(host->name, text, len);
	fold(host->name);
	if (!is_name(host->name))
		return reason_set(why, -EINVAL,
		    "\"%.80s\" is no host: HOST or HOST:PORT, of letters, digits, '.' and '-'",
		    text);
	if (text[len] && (text[len] != ':' || text_number(text + len + 1, 10, 1, 65535, &port) < 0))
		return reason_set(why, -EINVAL, "\"%.80s\" is no host: HOST or HOST:PORT", text);
	host->port = (uint16_t)port;
	return 0;
}

/* A git_host of ravi.conf: HOST[:PORT] [username=USER] */
static int parse_setting(const char *setting, struct host *host, struct reason *why)
{
	char words[HOST_NAME_MAX_LEN + HOST_USER_MAX + 32], *cursor = words;
	const char *name, *user, *rest;
	int r;

	if (snprintf(words, sizeof(words), "%s", setting) >= (int)sizeof(words))
		return reason_set(why, -EINVAL, "git_host: \"%.80s...\" is too long", setting);
	name = text_word(&cursor);
	user = text_word(&cursor);
	rest = text_word(&cursor);
	r = host_parse(name ? name : "", host, why);
	if (r < 0)
		return reason_prefix(why, r, "git_host: ");
	if (!user)
		return 0;
	if (rest || strncmp(user, USER, strlen(USER)) || !user[strlen(USER)] ||
	    strlen(user + strlen(USER)) > HOST_USER_MAX)
		return reason_set(why, -EINVAL,
		    "git_host: \"%.80s\" is not HOST[:PORT] [username=USER]", setting);
	strcpy(host->user, user + strlen(USER));
	return 0;
}

/* The mapped host number `i`: 1, 0 behind the last, or -EINVAL. */
static int host_at(const struct conf *conf, size_t i, struct host *host, struct reason *why)
{
	const struct option_list *set = &conf->git_hosts;
	int r;

	if (i >= (set->count ? set->count : sizeof(usual) / sizeof(*usual)))
		return 0;
	r = parse_setting(set->count ? set->items[i] : usual[i], host, why);
	return r < 0 ? r : 1;
}

/* What stands in no host: such a request was not written by git, or its URL was made to deceive. */
static bool is_smuggled(const char *text)
{
	if (!*text || *text == ':')
		return true;
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f || strchr("/\\@?#", *text))
			return true;
	return false;
}

/* Whether the name, less its port, is the mapped one. */
static bool is_named(const char *text, const struct host *host)
{
	char name[HOST_NAME_MAX_LEN + 1] = "";
	size_t len = name_length(text);

	if (len > HOST_NAME_MAX_LEN)
		return false;
	memcpy(name, text, len);
	fold(name);
	return !strcmp(name, host->name);
}

/* Whatever is written behind a name that is not ours, git may ask the next helper for it. */
int host_find(const struct conf *conf, const char *protocol, const char *name, struct host *host,
    struct reason *why)
{
	bool is_ours = false;
	struct host asked;
	int r;

	if (is_smuggled(name))
		return reason_set(why, -EPERM, "refused: \"%.80s\" is no host", name);
	for (size_t i = 0; (r = host_at(conf, i, host, why)) > 0; i++) {
		if (!is_named(name, host))
			continue;
		is_ours = true;
		if (host_parse(name, &asked, why) < 0)
			return reason_prefix(why, -EPERM, "refused: ");
		if (host->port == asked.port && !strcmp(protocol, "https"))
			return 1;
	}
	if (r < 0 || !is_ours)
		return r;
	if (strcmp(protocol, "https") != 0)
		return reason_set(why, -EPERM,
		    "refused: a token for %s goes over https alone, not %.20s; change the remote's "
		    "URL (git remote set-url)",
		    asked.name, protocol);
	return reason_set(why, -EPERM,
	    "refused: port %u of %s is not mapped; if it should be, add to ravi.conf: "
	    "git_host = %s:%u",
	    asked.port, asked.name, asked.name, asked.port);
}

int host_list(const struct conf *conf, struct report *out, struct reason *why)
{
	char line[HOST_NAME_MAX_LEN + HOST_USER_MAX + 32];
	struct host host;
	int r;

	for (size_t i = 0; (r = host_at(conf, i, &host, why)) > 0; i++) {
		int n = snprintf(line, sizeof(line), "%s", host.name);

		if (host.port != HOST_PORT)
			n += snprintf(line + n, sizeof(line) - (size_t)n, ":%u", host.port);
		snprintf(line + n, sizeof(line) - (size_t)n, " (as %s)", host.user);
		report_item(out, "host", "hosts", line);
	}
	return r;
}

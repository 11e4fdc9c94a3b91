/* SPDX-License-Identifier: MIT */
/* The agents entries: see agent.h. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/paths.h"
#include "identity/agent.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/text.h"

#define LOCK_MILLISECONDS 10000 /* a holder changes a few files, with their syncs */

static const char *const state_words[] = {"active", "disabled", "deleted"};

const char *agent_state_word(enum agent_state state)
{
	return state_words[state];
}

int agent_state_parse(const char *word, enum agent_state *state)
{
	for (size_t i = 0; i < sizeof(state_words) / sizeof(*state_words); i++) {
		if (strcmp(word, state_words[i]))
			continue;
		*state = (enum agent_state)i;
		return 0;
	}
	return -EINVAL;
}

bool agent_has(const struct agent *agent, const char *identity)
{
	for (size_t i = 0; i < agent->count; i++)
		if (!strcmp(agent->identities[i], identity))
			return true;
	return false;
}

static int parse_identities(struct agent *agent, char *value, struct reason *why)
{
	char *word;
	int r;

	while ((word = text_word(&value))) {
		r = identity_name_check(word, why);
		if (r < 0)
			return r;
		if (agent->count == AGENT_IDENTITIES_MAX)
			return reason_set(
			    why, -EINVAL, "more than %d identities", AGENT_IDENTITIES_MAX);
		strcpy(agent->identities[agent->count++], word);
	}
	return 0;
}

static int parse_pair(struct agent *agent, const char *key, char *value, struct reason *why)
{
	uint64_t number;

	if (!strcmp(key, "identities"))
		return parse_identities(agent, value, why);
	if (!strcmp(key, "state"))
		return agent_state_parse(value, &agent->state) < 0
			   ? reason_set(why, -EINVAL, "state=%s is unknown", value)
			   : 0;
	if (!strcmp(key, "linger")) {
		agent->linger = !strcmp(value, "yes");
		return 0;
	}
	if (!strcmp(key, "uid")) {
		if (text_number(value, 10, 1, UINT32_MAX - 1, &number) < 0)
			return reason_set(why, -EINVAL, "uid=%s is no uid of an agent", value);
		agent->uid = (uid_t)number;
	}
	/* Unknown keys are a later version's. */
	return 0;
}

static int parse_entry(struct agent *agent, struct buf *text, struct reason *why)
{
	char *cursor = text->data, *key, *value;
	unsigned line = 0;
	int r;

	if (!text->len || memchr(text->data, '\0', text->len))
		return reason_set(why, -EINVAL, "it is empty or not text");
	while ((r = text_pair(&cursor, &line, &key, &value)) > 0) {
		r = parse_pair(agent, key, value, why);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return reason_set(why, r, "line %u is not key=value", line);
	if (!agent->uid || !agent->count)
		return reason_set(why, -EINVAL, "uid or identities is missing");
	return 0;
}

int agent_load(const char *user, struct agent *agent, struct reason *why)
{
	static const struct file_rule rule = {
	    .owner = 0, .forbidden = FILE_PUBLIC, .max = AGENT_FILE_MAX};
	char path[sizeof(PATH_AGENTS) + 1 + USER_NAME_MAX];
	buf_auto text = {0};
	int r;

	if (user_name_check(user, NULL) < 0)
		return -ENOENT;
	*agent = (struct agent){0};
	strcpy(agent->user, user);
	snprintf(path, sizeof(path), PATH_AGENTS "/%s", user);
	r = file_read(AT_FDCWD, path, &rule, &text, why);
	if (r < 0)
		return r;
	r = parse_entry(agent, &text, why);
	if (r < 0)
		return reason_prefix(why, r, "agents entry %s: ", path);
	return 0;
}

/* Points IDENTITY at the agent. A link to somebody else is an error: an identity has one user. */
static int link_identity(int dir, const char *identity, const char *user, struct reason *why)
{
	char target[USER_NAME_MAX + 16], there[sizeof(target)];
	ssize_t len;

	snprintf(target, sizeof(target), "../agents/%s", user);
	if (symlinkat(target, dir, identity) == 0)
		return 0;
	if (errno != EEXIST)
		return reason_errno(why, -errno, "%s/%s", PATH_IDENTITIES, identity);
	len = readlinkat(dir, identity, there, sizeof(there) - 1);
	if (len < 0)
		return reason_errno(why, -errno, "%s/%s", PATH_IDENTITIES, identity);
	there[len] = '\0';
	if (strcmp(there, target))
		return reason_set(why, -EEXIST, "identity %s is carried by %s already", identity,
		    there + strlen("../agents/"));
	return 0;
}

int agent_save(const struct agent *agent, struct reason *why)
{
	fd_auto links = dir_make(AT_FDCWD, PATH_IDENTITIES, 0755, 0, why);
	fd_auto dir = links < 0 ? links : dir_make(AT_FDCWD, PATH_AGENTS, 0755, 0, why);
	buf_auto text = {0};
	int r;

	if (dir < 0)
		return dir;
	for (size_t i = 0; i < agent->count; i++) {
		r = link_identity(links, agent->identities[i], agent->user, why);
		if (r < 0)
			return r;
	}
	buf_addf(&text, "uid=%u\nidentities=", agent->uid);
	for (size_t i = 0; i < agent->count; i++)
		buf_addf(&text, "%s%s", i ? " " : "", agent->identities[i]);
	buf_addf(&text, "\nstate=%s\nlinger=%s\n", agent_state_word(agent->state),
	    agent->linger ? "yes" : "no");
	if (text.error)
		return reason_errno(why, text.error, "agents entry of %s", agent->user);
	return file_replace(dir, agent->user, 0644, true, text.data, text.len, why);
}

/* Removes IDENTITY's link if it points at the agent. */
static int unlink_identity(const char *identity, const char *user, struct reason *why)
{
	char path[sizeof(PATH_IDENTITIES) + IDENTITY_NAME_MAX + 1];
	char there[USER_NAME_MAX + 1];

	if (agent_of_identity(identity, there, NULL) < 0 || strcmp(there, user))
		return 0;
	snprintf(path, sizeof(path), PATH_IDENTITIES "/%s", identity);
	if (unlink(path) < 0 && errno != ENOENT)
		return reason_errno(why, -errno, "removing %s", path);
	return 0;
}

int agent_remove(const struct agent *agent, struct reason *why)
{
	char path[sizeof(PATH_AGENTS) + 1 + USER_NAME_MAX];

	for (size_t i = 0; i < agent->count; i++) {
		int r = unlink_identity(agent->identities[i], agent->user, why);

		if (r < 0)
			return r;
	}
	snprintf(path, sizeof(path), PATH_AGENTS "/%s", agent->user);
	if (unlink(path) < 0 && errno != ENOENT)
		return reason_errno(why, -errno, "removing %s", path);
	return 0;
}

int agent_drop(struct agent *agent, const char *identity, struct reason *why)
{
	size_t kept = 0;
	int r;

	for (size_t i = 0; i < agent->count; i++)
		if (strcmp(agent->identities[i], identity))
			memmove(agent->identities[kept++], agent->identities[i],
			    sizeof(agent->identities[i]));
	agent->count = kept;
	r = agent_save(agent, why);
	if (r < 0)
		return r;
	return unlink_identity(identity, agent->user, why);
}

int agent_lock(struct reason *why)
{
	fd_auto dir = dir_make(AT_FDCWD, PATH_AGENTS, 0755, 0, why);
	fd_auto fd = -1;
	int r;

	if (dir < 0)
		return dir;
	fd = openat(dir, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return reason_errno(why, -errno, "%s/.lock", PATH_AGENTS);
	r = file_lock(fd, LOCK_EX, deadline_in(LOCK_MILLISECONDS));
	if (r == -ETIMEDOUT)
		return reason_set(why, -EBUSY,
		    "another process has been changing agents for %d seconds; find it with: fuser %s/.lock",
		    LOCK_MILLISECONDS / 1000, PATH_AGENTS);
	if (r < 0)
		return reason_errno(why, r, "locking %s", PATH_AGENTS);
	return take_fd(&fd);
}

int agent_of_identity(const char *identity, char user[USER_NAME_MAX + 1], struct reason *why)
{
	char path[sizeof(PATH_IDENTITIES) + IDENTITY_NAME_MAX + 1], target[USER_NAME_MAX + 16];
	const char *name;
	ssize_t len;
	int r;

	r = identity_name_check(identity, why);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), PATH_IDENTITIES "/%s", identity);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0 && errno == ENOENT)
		return -ENOENT;
	if (len < 0)
		return reason_errno(why, -errno, "%s", path);
	target[len] = '\0';
	name = target + strlen("../agents/");
	if (strncmp(target, "../agents/", strlen("../agents/")) || user_name_check(name, NULL) < 0)
		return reason_set(
		    why, -EINVAL, "%s points to %s and not to ../agents/USER", path, target);
	strcpy(user, name);
	return 0;
}

int agent_each(
    int (*each)(void *context, const struct agent *agent), void *context, struct reason *why)
{
	struct dirent **names = NULL;
	int count = scandir(PATH_AGENTS, &names, NULL, alphasort), r = 0;

	if (count < 0)
		return errno == ENOENT ? 0 : reason_errno(why, -errno, "%s", PATH_AGENTS);
	for (int i = 0; i < count; i++) {
		struct agent agent;

		if (r == 0 && names[i]->d_name[0] != '.') {
			r = agent_load(names[i]->d_name, &agent, why);
			r = r == -ENOENT ? 0 : r < 0 ? r : each(context, &agent);
		}
		free(names[i]);
	}
	free(names);
	return r < 0 ? r : 0;
}

/* UID_MIN of login.defs(5), whose lines are a name, blanks and a number. */
static uid_t uid_min(void)
{
	file_auto file = fopen("/etc/login.defs", "re");
	unsigned found, least = 1000;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		/* sscanf(3) takes its time with each of the hundreds of lines that are something else. */
		if (!strncmp(line, "UID_MIN", strlen("UID_MIN")) &&
		    sscanf(line, "UID_MIN %u", &found) == 1)
			least = found;
	return least ? least : 1;
}

int agent_uid_check(uid_t uid, struct reason *why)
{
	uid_t least = uid_min();

	if (uid < least)
		return reason_set(why, -EPERM,
		    "uid %u is below UID_MIN (%u): system accounts and root are never agents", uid,
		    least);
	return 0;
}

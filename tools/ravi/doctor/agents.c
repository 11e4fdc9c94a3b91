/* SPDX-License-Identifier: MIT */
/* ravi doctor on agents: do the entries match OS users, vaults and links, and are their folders in order? */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../identity.h"
#include "../osuser.h"
#include "config/paths.h"
#include "doctor.h"
#include "util/cleanup.h"

#define FULL_PERCENT 90

void doctor_each_agent(struct doctor *d,
    void (*each)(struct doctor *d, void *context, struct agent *agent), void *context,
    void (*broken)(struct doctor *d, const char *user, const struct reason *why))
{
	struct dirent **names = NULL;
	int count = scandir(PATH_AGENTS, &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		struct reason why = {0};
		struct agent agent;
		int r = names[i]->d_name[0] == '.' ? -ENOENT
						   : agent_load(names[i]->d_name, &agent, &why);

		if (r == 0)
			each(d, context, &agent);
		else if (broken && names[i]->d_name[0] != '.')
			broken(d, names[i]->d_name,
			    r == -ENOENT ? &(struct reason){"no agent can have that name"} : &why);
		free(names[i]);
	}
	free(names);
}

/* ---- OS users ---- */

static void report_broken(struct doctor *d, const char *user, const struct reason *why)
{
	doctor_bad(d, user, "its agents entry cannot be read: %s", why->text);
	doctor_remedy(d, "correct " PATH_AGENTS "/%s, or put it back from a backup", user);
}

static void look_at_user(struct doctor *d, void *context, struct agent *agent)
{
	struct reason why = {0};
	uid_t uid = 0;
	int r = osuser_find(agent->user, &uid, &why);

	(void)context;
	if (r == -ENOENT && agent->state == AGENT_DELETED)
		return;
	if (r == -ENOENT) {
		doctor_bad(d, agent->user, "the OS user is gone; identity %s is carried by nobody",
		    agent->identities[0]);
		doctor_remedy(d,
		    "ravi identity delete %s, or make the user again: useradd -m -u %u %s",
		    agent->identities[0], agent->uid, agent->user);
	} else if (r < 0) {
		doctor_bad(d, agent->user, "%s", why.text);
		doctor_remedy(d, "getent passwd %s tells whether it can be looked up", agent->user);
	} else if (uid != agent->uid) {
		doctor_bad(d, agent->user,
		    "the OS user has uid %u now and not %u: it is somebody else, and gets no token",
		    uid, agent->uid);
		doctor_remedy(d, "usermod -u %u %s, or ravi identity delete %s", agent->uid,
		    agent->user, agent->identities[0]);
	} else if (agent_uid_check(uid, &why) < 0) {
		doctor_bad(d, agent->user, "%s", why.text);
		doctor_remedy(d, "ravi identity delete %s", agent->identities[0]);
	}
}

static void check_users(struct doctor *d)
{
	doctor_each_agent(d, look_at_user, NULL, report_broken);
}

/* ---- vaults ---- */

/*
 * Whether the entry may follow the vault by itself: towards less access alone. An older vault that was put back
 * says "active" of an identity that was disabled, or deleted, since.
 */
static bool may_follow(const struct agent *agent, const struct vault *vault)
{
	return vault_state(vault) > agent->state;
}

/* The vault is what is signed: the entry follows it. Looked at again under the lock. */
static int follow_vault(struct doctor *d, const char *user, struct reason *why)
{
	fd_auto lock = agent_lock(why);
	vault_auto vault = NULL;
	struct agent agent;
	int r = lock < 0 ? lock : agent_load(user, &agent, why);

	if (r == 0)
		r = machine_vault(&d->machine, agent.identities[0], NULL, &vault, why);
	if (r < 0 || !may_follow(&agent, vault))
		return r;
	agent.state = vault_state(vault);
	return agent_save(&agent, why);
}

static void look_at_vaults(struct doctor *d, void *context, struct agent *agent)
{
	(void)context;
	for (size_t i = 0; i < agent->count; i++) {
		const char *identity = agent->identities[i];
		vault_auto vault = NULL;
		struct reason why = {0};
		int r = machine_vault(&d->machine, identity, NULL, &vault, &why);

		/* One that does not open is vault-open's. */
		if (r == -ENOKEY) {
			doctor_bad(d, agent->user,
			    "identity %s has no vault; its logins get no token", identity);
			doctor_remedy(d, "put " PATH_VAULTS "/%s.age back from a backup", identity);
		}
		if (r < 0 || i || vault_state(vault) == agent->state)
			continue;
		doctor_bad(d, agent->user, "its entry says %s, and the vault of %s %s",
		    agent_state_word(agent->state), identity, agent_state_word(vault_state(vault)));
		if (!may_follow(agent, vault)) {
			doctor_remedy(d, "ravi identity %s %s, if that is meant",
			    vault_state(vault) == AGENT_ACTIVE ? "enable" : "delete", identity);
			continue;
		}
		doctor_remedy(d, DOCTOR_FIX);
		if (d->fix)
			doctor_fixed(d, follow_vault(d, agent->user, &why), &why);
	}
}

static void check_vaults(struct doctor *d)
{
	if (d->opened)
		doctor_each_agent(d, look_at_vaults, NULL, NULL);
}

/* ---- links ---- */

/* agent_save writes the links that are missing; it refuses one that is another's. */
static int save_again(const char *user, struct reason *why)
{
	fd_auto lock = agent_lock(why);
	struct agent agent;
	int r = lock < 0 ? lock : agent_load(user, &agent, why);

	return r < 0 ? r : agent_save(&agent, why);
}

static void look_at_links(struct doctor *d, void *context, struct agent *agent)
{
	(void)context;
	for (size_t i = 0; i < agent->count; i++) {
		char user[USER_NAME_MAX + 1] = "";
		struct reason why = {0};
		int r = agent_of_identity(agent->identities[i], user, &why);

		if (r == 0 && !strcmp(user, agent->user))
			continue;
		if (r == -ENOENT) {
			doctor_bad(d, agent->identities[i], "the link to its OS user %s is missing",
			    agent->user);
			doctor_remedy(d, DOCTOR_FIX);
			if (d->fix)
				doctor_fixed(d, save_again(agent->user, &why), &why);
		} else if (r < 0) {
			doctor_bad(d, agent->identities[i], "%s", why.text);
			doctor_remedy(d, "rm " PATH_IDENTITIES "/%s, then: " DOCTOR_FIX,
			    agent->identities[i]);
		} else {
			doctor_bad(d, agent->identities[i],
			    "it is in the entry of %s, and its link names %s", agent->user, user);
			doctor_remedy(d, "take it out of one of the entries in " PATH_AGENTS
					 ", then: " DOCTOR_FIX);
		}
	}
}

struct carrier_search {
	const char *identity;
	bool found;
};

static void look_for_carrier(struct doctor *d, void *context, struct agent *agent)
{
	struct carrier_search *search = context;

	(void)d;
	search->found = search->found || agent_has(agent, search->identity);
}

/* By the entries, whatever the links say. */
static bool is_carried(struct doctor *d, const char *identity)
{
	struct carrier_search search = {.identity = identity};

	doctor_each_agent(d, look_for_carrier, &search, NULL);
	return search.found;
}

/* Whether the identity lives and no entry has it: then its link is the last that tells who carried it. */
static bool is_last_record(struct doctor *d, const char *identity)
{
	vault_auto vault = NULL;
	int r;

	if (is_carried(d, identity))
		return false;
	/* What cannot be looked at may be alive. */
	r = d->opened ? machine_vault(&d->machine, identity, NULL, &vault, NULL) : -EIO;
	return r < 0 ? r != -ENOKEY : vault_state(vault) != AGENT_DELETED;
}

/* Under the lock: a link whose OS user does not carry the identity. It may be gone, or right by now. */
static int remove_link(struct doctor *d, const char *identity, struct reason *why)
{
	fd_auto lock = agent_lock(why);
	char user[USER_NAME_MAX + 1], path[sizeof(PATH_IDENTITIES) + IDENTITY_NAME_MAX + 1];
	struct agent agent;
	int r = lock < 0 ? lock : agent_of_identity(identity, user, why);

	if (r == 0)
		r = agent_load(user, &agent, why);
	if (r != -ENOENT && (r < 0 || agent_has(&agent, identity)))
		return r;
	if (is_last_record(d, identity))
		return reason_set(
		    why, -EBUSY, "it is the last that tells who carried %s", identity);
	snprintf(path, sizeof(path), PATH_IDENTITIES "/%s", identity);
	return unlink(path) < 0 && errno != ENOENT ? reason_errno(why, -errno, "%s", path) : 0;
}

static void look_at_stale_link(struct doctor *d, const char *identity)
{
	char user[USER_NAME_MAX + 1];
	struct reason why = {0};
	struct agent agent;
	int r = agent_of_identity(identity, user, NULL);

	/* A target that is none, and an entry that cannot be read, are said above. */
	if (r == 0)
		r = agent_load(user, &agent, NULL);
	else
		return;
	if (r < 0 ? r != -ENOENT : agent_has(&agent, identity))
		return;
	/* Said below, and kept for the remedy. */
	if (is_last_record(d, identity))
		return;
	doctor_warn(d, identity, "a link of it names %s, who does not carry it", user);
	doctor_remedy(d, DOCTOR_FIX);
	if (d->fix)
		doctor_fixed(d, remove_link(d, identity, &why), &why);
}

static void check_links(struct doctor *d)
{
	dir_auto dir = NULL;
	const struct dirent *entry;

	doctor_each_agent(d, look_at_links, NULL, NULL);
	dir = opendir(PATH_IDENTITIES);
	while (dir && (entry = readdir(dir)))
		if (identity_name_check(entry->d_name, NULL) == 0)
			look_at_stale_link(d, entry->d_name);
}

/* ---- vaults that nobody carries ---- */

static int look_at_carrier(void *opaque, const char *name)
{
	struct doctor *d = opaque;
	char command[160];
	vault_auto vault = NULL;
	struct agent agent;

	/* Vaults and entries that cannot be read are said above. */
	if (machine_vault(&d->machine, name, NULL, &vault, NULL) < 0 ||
	    vault_state(vault) == AGENT_DELETED || identity_carrier(name, &agent, NULL) < 0 ||
	    agent.count || is_carried(d, name))
		return 0;
	/* Without a link it may be meant so: vault import --no-user. */
	if (*agent.user)
		doctor_bad(d, name,
		    "its link names the OS user %s, whose entry is gone or lacks it: nobody logs "
		    "in with it",
		    agent.user);
	else
		doctor_warn(d, name, "no OS user carries it, so nobody logs in with it");
	identity_uncarried(vault, agent.user, command, sizeof(command));
	doctor_remedy(d, "%s", command);
	return 0;
}

static void check_carriers(struct doctor *d)
{
	if (d->opened)
		store_directory.list(d->machine.store, look_at_carrier, d, NULL);
}

/* ---- folders on tmpfs ---- */

static void look_at_home(struct doctor *d, void *context, struct agent *agent)
{
	char path[sizeof(PATH_HOMES) + USER_NAME_MAX + 1];
	struct reason why = {0};
	struct stat st;

	(void)context;
	snprintf(path, sizeof(path), PATH_HOMES "/%s", agent->user);
	/* Root's: it is being removed, or its removal was cut short; the sweep ends that. */
	if (lstat(path, &st) < 0 || st.st_uid == 0)
		return;
	if (!S_ISDIR(st.st_mode) || st.st_uid != agent->uid) {
		doctor_bad(d, path, "it is not a folder of uid %u", agent->uid);
		doctor_remedy(d, "ravi release %s", agent->user);
	} else if (st.st_mode & 0077) {
		doctor_bad(d, path, "it has mode %04o: others may see the agent's login of codex",
		    st.st_mode & 07777u);
		doctor_remedy(d, DOCTOR_FIX);
		/* The folder above is root's: nobody puts a link into its place meanwhile. */
		if (d->fix)
			doctor_fixed(d,
			    chmod(path, 0700) < 0 ? reason_errno(&why, -errno, "chmod") : 0, &why);
	}
}

static void check_homes(struct doctor *d)
{
	struct statvfs st;

	doctor_each_agent(d, look_at_home, NULL, NULL);
	if (statvfs(PATH_HOMES, &st) < 0 || !st.f_blocks)
		return;
	if ((st.f_blocks - st.f_bavail) * 100 / st.f_blocks >= FULL_PERCENT) {
		doctor_bad(d, PATH_HOMES,
		    "its file system is full to %ju in 100: codex cannot renew its logins",
		    (uintmax_t)((st.f_blocks - st.f_bavail) * 100 / st.f_blocks));
		doctor_remedy(d, "see who fills it: du -sx " PATH_HOMES "/*");
	}
}

const struct doctor_check doctor_agents[] = {
    {"agent-users", "every agents entry matches its OS user", check_users},
    {"agent-vaults", "every agents entry matches its vaults", check_vaults},
    {"agent-links", "every identity leads to its OS user", check_links},
    {"agent-carriers", "every identity is carried by an OS user", check_carriers},
    {"agent-homes", "the agents' folders on tmpfs are theirs alone, with room left", check_homes},
    {0},
};

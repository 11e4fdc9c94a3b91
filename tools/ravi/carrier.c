/* SPDX-License-Identifier: MIT */
/* The OS user that carries an identity and its agents entry: see carrier.h. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "carrier.h"
#include "osuser.h"
#include "util/cli.h"

/* An identity has one OS user. A deleted one may change it once the former user is gone. */
int carrier_check(const struct carrier *c, struct reason *why)
{
	const char *name = c->identity;
	char carrier[USER_NAME_MAX + 1];
	struct agent entry;
	uid_t uid;
	int r = agent_of_identity(name, carrier, why);

	if (r == -ENOENT || (r == 0 && !strcmp(carrier, c->user)))
		return 0;
	if (r < 0)
		return r;
	r = osuser_find(carrier, &uid, why);
	if (r == 0)
		return reason_set(why, -EEXIST,
		    "identity %s was carried by the OS user %s; say --user %s, or remove that user "
		    "first (userdel -r %s)",
		    name, carrier, carrier, carrier);
	if (r != -ENOENT)
		return r;
	r = agent_load(carrier, &entry, why);
	if (r == 0 && entry.count > 1)
		return reason_set(why, -EEXIST,
		    "identity %s is carried by the OS user %s, who is gone; delete that user's "
		    "identities first (ravi identity list)",
		    name, carrier);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT) {
		entry = (struct agent){.count = 1};
		strcpy(entry.user, carrier);
		strcpy(entry.identities[0], name);
	}
	return agent_remove(&entry, why);
}

struct uid_search {
	uid_t uid;
	const char *user;
	char found[USER_NAME_MAX + 1];
};

static int same_uid(void *context, const struct agent *agent)
{
	struct uid_search *search = context;

	/* A deleted one has no ring, and its uid may have gone to somebody new. */
	if (agent->state == AGENT_DELETED || agent->uid != search->uid ||
	    !strcmp(agent->user, search->user))
		return 0;
	strcpy(search->found, agent->user);
	return -EEXIST;
}

/* Whether the OS user that is there may carry the identity. */
static int check_user(struct carrier *c, uid_t uid, struct reason *why)
{
	struct uid_search search = {.uid = uid, .user = c->user};
	int r = agent_uid_check(uid, why);

	if (r < 0)
		return r;
	if (c->agent.count && c->agent.uid != uid)
		return reason_set(why, -EPERM,
		    "the agent %s has uid %u, but the OS user %s has uid %u now; delete its "
		    "identities first (ravi identity list)",
		    c->user, c->agent.uid, c->user, uid);
	/* Looked at when it became an agent; as long as it is one, no other gets its uid. */
	if (c->agent.count)
		return 0;
	r = agent_each(same_uid, &search, why);
	if (r == -EEXIST)
		return reason_set(why, -EPERM,
		    "the OS user %s has uid %u, as the agent %s has, and a uid has one ring; "
		    "delete that agent's identities first, or give the user another uid",
		    c->user, uid, search.found);
	if (r == 0)
		c->agent.uid = uid;
	return r;
}

/* useradd may fail late, with no home folder to give: the user is there then, and is ours to remove. */
static int make_user(struct carrier *c, uid_t *uid, struct reason *why)
{
	int r = osuser_add(c->user, why);

	if (r == -EEXIST)
		return r;
	c->made_user = osuser_find(c->user, uid, r < 0 ? NULL : why) == 0;
	if (r == 0 && !c->made_user)
		return reason_set(why, -EIO,
		    "%s made the OS user %s, and the system does not know it", USERADD, c->user);
	return r;
}

/* The agents entry as it is, and the OS user, who is made here when missing. */
int carrier_prepare(struct carrier *c, struct reason *why)
{
	uid_t uid;
	int r = agent_load(c->user, &c->before, why);

	if (r < 0 && r != -ENOENT)
		return r;
	/* The entry of a deleted agent is there to deny logins; nothing of it is taken over. */
	if (r == 0 && c->before.state != AGENT_DELETED)
		c->agent = c->before;
	strcpy(c->agent.user, c->user);
	r = osuser_find(c->user, &uid, why);
	if (r == -ENOENT && c->agent.count)
		return reason_set(why, -EEXIST,
		    "the agent %s has lost its OS user; delete its identities first (ravi identity "
		    "list)",
		    c->user);
	if (r == -ENOENT)
		r = make_user(c, &uid, why);
	return r < 0 ? r : check_user(c, uid, why);
}

int carrier_enter(struct carrier *c, struct reason *why)
{
	const char *former = c->before.count ? c->before.identities[0] : NULL;
	int r;

	if (!agent_has(&c->agent, c->identity)) {
		if (c->agent.count == AGENT_IDENTITIES_MAX)
			return reason_set(why, -E2BIG, "the agent %s carries %d identities already",
			    c->user, AGENT_IDENTITIES_MAX);
		strcpy(c->agent.identities[c->agent.count++], c->identity);
	}
	c->agent.linger = c->agent.linger || c->linger;
	if (carrier_is_default(&c->agent, c->identity))
		c->agent.state = c->state;
	c->made_entry = true;
	r = agent_save(&c->agent, why);
	/* The link of a deleted identity of this user that the new one takes the place of. */
	if (r == 0 && former && !agent_has(&c->agent, former))
		r = agent_drop(&c->agent, former, why);
	return r;
}

static int undo_entry(struct carrier *c, struct reason *why)
{
	struct agent before = c->before;

	if (!before.count)
		return agent_remove(&c->agent, why);
	if (agent_has(&before, c->identity))
		return agent_save(&before, why);
	return agent_drop(&before, c->identity, why);
}

void carrier_undo_entry(struct carrier *c)
{
	struct reason why = {0};

	if (c->made_entry && undo_entry(c, &why) < 0)
		cli_note("the agents entry of %s stays behind: %s", c->user, why.text);
}

void carrier_undo_user(struct carrier *c)
{
	struct reason why = {0};

	if (c->made_user && osuser_remove(c->user, &why) < 0)
		cli_note("the OS user %s stays behind: %s", c->user, why.text);
}

void carrier_block_interrupts(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

bool carrier_is_default(const struct agent *agent, const char *identity)
{
	return agent->count && !strcmp(agent->identities[0], identity);
}

int carrier_follow(
    struct agent *agent, const char *identity, enum agent_state state, struct reason *why)
{
	if (!agent->count)
		return 0;
	if (carrier_is_default(agent, identity)) {
		agent->state = state;
		return agent_save(agent, why);
	}
	if (state == AGENT_DELETED)
		return agent_drop(agent, identity, why);
	return 0;
}

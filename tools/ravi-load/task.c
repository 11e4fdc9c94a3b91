/* SPDX-License-Identifier: MIT */
/*
 * What ravi-load does for a user: see task.h. Everything about one user happens under that user's session
 * lock, so a login, a rotation and a last close take turns.
 */
#include <config.h>

#include <errno.h>
#include <keyutils.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "audit/audit.h"
#include "content.h"
#include "home.h"
#include "identity/agent.h"
#include "ring/build.h"
#include "ring/session.h"
#include "task.h"
#include "util/cleanup.h"
#include "util/takeover.h"

static int say(struct task *task, int error, const struct reason *why)
{
	snprintf(task->record->text, sizeof(task->record->text), "%s", why->text);
	return error;
}

static int end_kernel_ring(const char *user, const char *cause, struct reason *why)
{
	struct session_ring ring;
	int r = session_ring_load(user, &ring, why);

	if (r == -ENOENT)
		return 0;
	if (r == 0 && session_ring_is_ours(user, ring.id)) {
		r = ring_end(ring.id, why);
		audit("release", r ? "failed" : "done", "user", user, "cause", cause, NULL);
		if (r < 0)
			return r;
	}
	/* A damaged record names no ring: without it the next load builds a new one. */
	return session_ring_remove(user, why);
}

/*
 * Ends the ring that is recorded, if there is one, and then the folder on tmpfs; `force`: that, too, in any
 * case. The caller holds the lock.
 */
static int end_ring(
    const struct task *task, const char *user, const char *cause, bool force, struct reason *why)
{
	const struct home_end end = {
	    .user = user, .conf = task->conf, .deadline = task->deadline, .force = force};
	int r = end_kernel_ring(user, cause, why);

	return r < 0 ? r : home_end(&end, why);
}

/* Whether the OS user is still the one that was made an agent. */
static int check_os_user(const struct agent *agent, struct reason *why)
{
	const struct passwd *pw = getpwnam(agent->user);

	if (!pw)
		return reason_set(why, -EPERM, "the OS user %s is gone", agent->user);
	if (pw->pw_uid != agent->uid)
		return reason_set(why, -EPERM, "the OS user %s has uid %u now and not %u",
		    agent->user, pw->pw_uid, agent->uid);
	return agent_uid_check(agent->uid, why);
}

/* Who may have a ring now: 0, -EACCES (disabled, deleted), -EPERM (another OS user), -ENOENT (none). */
static int check_agent(const char *user, struct agent *agent, struct reason *why)
{
	int r = agent_load(user, agent, why);

	if (r == -ENOENT)
		return reason_set(why, r, "%s is not an agent", user);
	if (r == 0)
		r = check_os_user(agent, why);
	if (r == 0 && agent->state != AGENT_ACTIVE)
		r = reason_set(why, -EACCES, "identity %s is %s", agent->identities[0],
		    agent_state_word(agent->state));
	return r;
}

/* The serial of the live ring, 0 when there is none that is ours and this uid's. */
static int32_t live_ring(const struct agent *agent)
{
	struct session_ring ring;

	if (session_ring_load(agent->user, &ring, NULL) < 0 || ring.uid != agent->uid ||
	    !session_ring_is_ours(agent->user, ring.id))
		return 0;
	return ring.id;
}

/*
 * Links the ring where the configuration says; a new one must end up somewhere, or it dies with us. An
 * agent that has used up its quota or spoilt its @u does not keep a live ring from being changed: then
 * `note` says what was left out.
 */
static int anchor(const struct task *task, const struct agent *agent, int32_t id, bool is_new,
    struct reason *note, struct reason *why)
{
	bool reach_user = task->conf->reach == REACH_USER;
	int in_user = ring_reach_user(id, agent->uid, reach_user, note);

	/* The uid went to the agent's and back, which takes both guards off. */
	if (process_guard(why) < 0)
		return -EPERM;
	if (task->into_session && keyctl_link(id, KEY_SPEC_SESSION_KEYRING) < 0)
		return reason_errno(why, -errno, "linking the ring into the session ring");
	if (!is_new || task->into_session)
		return 0;
	if (in_user < 0)
		return reason_set(why, in_user, "%s", note->text);
	if (!reach_user)
		return reason_set(why, -ENOTCONN,
		    "reach=session and no session to link it into; the next login loads it");
	return 0;
}

static void audit_load(
    const struct agent *agent, const struct content *content, int error, const struct reason *why)
{
	char keys[24], revision[24];

	snprintf(keys, sizeof(keys), "%zu", content->ring.count);
	snprintf(revision, sizeof(revision), "%llu", (unsigned long long)content->revision);
	audit("load", error ? "failed" : "done", "user", agent->user, "identity",
	    agent->identities[0], "keys", error ? NULL : keys, "revision", error ? NULL : revision,
	    "cause", error ? why->text : NULL, NULL);
}

static int load_ring(struct task *task, const struct agent *agent, struct reason *why)
{
	int32_t existing = live_ring(agent), id = 0;
	content_auto content = {0};
	struct reason note = {0};
	int r = content_build(agent, &content, why);

	if (r == 0)
		r = ring_build(agent->user, existing, &content.ring, &id, why);
	/*
	 * Recorded before it can be reached: when we are killed in between, the record names a ring that
	 * died with us, and never is there a ring in @u that no close knows of.
	 */
	if (r == 0) {
		struct session_ring ring = {
		    .id = id, .uid = agent->uid, .keys = (uint32_t)content.ring.count};

		r = session_ring_save(agent->user, &ring, why);
	}
	if (r == 0)
		r = anchor(task, agent, id, !existing, &note, why);
	audit_load(agent, &content, r, why);
	if (r < 0)
		return r;
	task->record->ring = id;
	task->record->keys = (uint32_t)content.ring.count;
	return reason_set(why, 0, "ring %d of %s holds %zu keys, revision %llu%s%s", id,
	    agent->user, content.ring.count, (unsigned long long)content.revision,
	    *note.text ? "; but " : "", note.text);
}

/* Whether a ring is wanted: a session lives, or the identity lingers. */
static int is_wanted(int lock, const struct agent *agent, struct reason *why)
{
	int living = session_count(lock, why);

	return living < 0 ? living : living > 0 || agent->linger;
}

/* Without it codex does not run, and everything else does: no reason to fail the login. */
static void offer_home(const struct task *task, const struct agent *agent)
{
	struct reason why = {0};

	if (home_make(agent, task->deadline, &why) < 0)
		syslog(LOG_ERR, "no folder for ravi-codex: %s", why.text);
}

/* Whether the agent may have nothing any more, however well this machine could keep it. */
static bool is_denied(int error)
{
	return error == -EACCES || error == -EPERM || error == -ENOENT;
}

int task_load(struct task *task, const char *user)
{
	fd_auto lock = -1;
	struct reason why;
	struct agent agent;
	int r = check_agent(user, &agent, &why), wanted;

	if (r == -ENOENT)
		return say(task, r, &why);
	lock = session_lock(user, task->deadline, &why);
	if (lock < 0)
		return say(task, lock, &why);
	wanted = r < 0 ? 0 : is_wanted(lock, &agent, &why);
	if (r == 0 && wanted > 0)
		r = load_ring(task, &agent, &why);
	if (r == 0 && wanted > 0)
		offer_home(task, &agent);
	if (r == 0 && wanted == 0)
		r = end_ring(task, user, "no session lives", false, &why);
	if (r == 0 && wanted == 0)
		reason_set(&why, 0, "%s has no session; the next login loads the ring", user);
	if (r == -EACCES || r == -EPERM) {
		struct reason ignored;

		audit("deny", "denied", "user", user, "cause", why.text, NULL);
		end_ring(task, user, why.text, true, &ignored);
	}
	return say(task, wanted < 0 ? wanted : r, &why);
}

/* Ends the ring with the lock held, unless it is wanted still. */
static int end_unless_wanted(
    const struct task *task, int lock, const char *user, struct reason *why)
{
	struct agent agent;
	int r = check_agent(user, &agent, why), wanted;

	if (r < 0) {
		struct reason cause = *why;

		return end_ring(task, user, cause.text, is_denied(r), why);
	}
	wanted = is_wanted(lock, &agent, why);
	if (wanted)
		return wanted < 0 ? wanted : reason_set(why, 0, "%s keeps its ring", user);
	r = end_ring(task, user, "last session closed", false, why);
	return r < 0 ? r : reason_set(why, 0, "%s has no ring", user);
}

int task_end(struct task *task, const char *user)
{
	struct reason why = {0};
	fd_auto lock = session_lock(user, task->deadline, &why);

	return say(task, lock < 0 ? lock : end_unless_wanted(task, lock, user, &why), &why);
}

int task_release(struct task *task, const char *user)
{
	struct reason why = {0};
	fd_auto lock = session_lock(user, task->deadline, &why);
	int r = lock < 0 ? lock : end_ring(task, user, "released", true, &why);

	if (r == 0)
		reason_set(&why, 0, "%s has no ring", user);
	return say(task, r, &why);
}

struct sweep {
	struct task *task;
	int error;
};

/* One user's trouble does not keep the sweep from the others. */
static int sweep_user(void *context, const char *user)
{
	struct sweep *sweep = context;
	int r = task_end(sweep->task, user);

	if (r < 0)
		sweep->error = r;
	return 0;
}

int task_sweep(struct task *task)
{
	struct sweep sweep = {.task = task};
	struct reason why = {0};
	int r = session_each_user(sweep_user, &sweep, &why);

	if (r < 0)
		return say(task, r, &why);
	if (sweep.error)
		return sweep.error;
	reason_set(&why, 0, "swept");
	return say(task, 0, &why);
}

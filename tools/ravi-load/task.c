/* SPDX-License-Identifier: MIT */
/*
 * What ravi-load does for a user: see task.h. Everything about one user happens under that user's session
 * lock, so a login, a rotation and a last close take turns.
 */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "audit/audit.h"
#include "content.h"
#include "home.h"
#include "identity/agent.h"
#include "identity/local.h"
#include "machine/trail.h"
#include "ring/build.h"
#include "ring/keyctl.h"
#include "ring/session.h"
#include "task.h"
#include "util/cleanup.h"
#include "util/takeover.h"

static int say(struct task *task, int error, const struct reason *why)
{
	snprintf(task->record->text, sizeof(task->record->text), "%s", why->text);
	return error;
}

static int end_kernel_ring(
    const struct task *task, const char *user, const char *cause, struct reason *why)
{
	struct session_ring ring;
	int r = session_ring_load(user, &ring, why), ours;

	if (r == -ENOENT)
		return 0;
	/* What cannot be looked at now may be a live ring: its record stays, for the next who ends it. */
	if (r < 0 && r != -EBADMSG)
		return r;
	ours = r == 0 ? session_ring_is_ours(user, ring.id, why) : 0;
	if (ours < 0)
		return ours;
	if (ours) {
		r = ring_end(ring.id, why);
		audit_add(task->events, "release", r ? "failed" : "done", "user", user, "cause",
		    cause, NULL);
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
	int r = end_kernel_ring(task, user, cause, why);

	return r < 0 ? r : home_end(&end, why);
}

/*
 * No user of that name: it was deleted when its uid is somebody else's. Else a directory service that does
 * not answer looks just like that (nsswitch.conf asks the next one, which knows nothing), and nobody loses
 * the ring of a living session to it.
 */
static int explain_missing(const struct agent *agent, struct reason *why)
{
	const struct passwd *heir = getpwuid(agent->uid);

	if (heir)
		return reason_set(why, -EPERM, "the OS user %s is gone, and uid %u is %s's now",
		    agent->user, agent->uid, heir->pw_name);
	return reason_set(why, -ESRCH,
	    "no OS user %s is found; if it was deleted, run: ravi identity delete %s", agent->user,
	    agent->identities[0]);
}

/* Whether the OS user is still the one that was made an agent: 0, -EPERM, or what kept it from being known. */
static int check_os_user(const struct agent *agent, struct reason *why)
{
	const struct passwd *pw;
	gid_t gid;

	if (local_is_agent(agent, &gid))
		return agent_uid_check(agent->uid, why);
	errno = 0;
	pw = getpwnam(agent->user);
	/* getpwnam(3): some name services say "no such user" with an errno. */
	if (!pw && errno && errno != ENOENT && errno != ESRCH)
		return reason_errno(
		    why, errno == EPERM ? -EIO : -errno, "looking up the OS user %s", agent->user);
	if (!pw)
		return explain_missing(agent, why);
	if (pw->pw_uid != agent->uid)
		return reason_set(why, -EPERM, "the OS user %s has uid %u now and not %u",
		    agent->user, pw->pw_uid, agent->uid);
	return agent_uid_check(agent->uid, why);
}

/*
 * Who may have a ring now: 0, -EACCES (disabled, deleted), -EPERM (another OS user), -ENOENT (none), each
 * with `*denied`; without it, what is wrong is this machine's, and takes nothing from the agent.
 */
static int check_agent(const char *user, struct agent *agent, bool *denied, struct reason *why)
{
	int r = agent_load(user, agent, why);

	*denied = r == -ENOENT;
	if (r == -ENOENT)
		return reason_set(why, r, "%s is not an agent", user);
	if (r < 0)
		return r;
	*denied = agent->state != AGENT_ACTIVE;
	if (*denied)
		return reason_set(why, -EACCES, "identity %s is %s", agent->identities[0],
		    agent_state_word(agent->state));
	r = check_os_user(agent, why);
	*denied = r == -EPERM;
	return r;
}

/*
 * The serial of the live ring, 0 when there is none that is ours and this uid's; or -errno: a second one
 * beside it would outlive the first one's last close.
 */
static int32_t live_ring(const struct agent *agent, struct reason *why)
{
	struct session_ring ring;
	int r = session_ring_load(agent->user, &ring, why);

	if (r == -ENOENT || r == -EBADMSG || (r == 0 && ring.uid != agent->uid))
		return 0;
	if (r == 0)
		r = session_ring_is_ours(agent->user, ring.id, why);
	return r > 0 ? ring.id : r;
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

static void audit_load(const struct task *task, const struct agent *agent,
    const struct content *content, int error, const struct reason *why)
{
	char keys[24], revision[24];

	snprintf(keys, sizeof(keys), "%zu", content->ring.count);
	snprintf(revision, sizeof(revision), "%llu", (unsigned long long)content->revision);
	audit_add(task->events, "load", error ? "failed" : "done", "user", agent->user, "identity",
	    agent->identities[0], "keys", error ? NULL : keys, "revision", error ? NULL : revision,
	    "cause", error ? why->text : NULL, NULL);
}

/* What rings/USER says. `keys` 0: the ring is being changed, and no login takes it for a whole one. */
static int record_ring(const struct agent *agent, int32_t id, size_t keys, struct reason *why)
{
	const struct session_ring ring = {.id = id, .uid = agent->uid, .keys = (uint32_t)keys};

	return session_ring_save(agent->user, &ring, why);
}

static int load_ring(struct task *task, const struct agent *agent, bool *denied, struct reason *why)
{
	int32_t existing = live_ring(agent, why), id = 0;
	content_auto content = {0};
	struct reason note = {0};
	int r = existing < 0 ? existing
			     : content_build(agent, task->conf, task->deadline, &content, why);

	task->wants_sync |= content.wants_sync;
	*denied = content.denied;
	/* Killed half way, we leave values of two revisions, and expiries that an update took off. */
	if (r == 0 && existing)
		r = record_ring(agent, existing, 0, why);
	if (r == 0)
		r = ring_build(agent->user, existing, &content.ring, &id, why);
	/*
	 * Recorded before it can be reached: when we are killed in between, the record names a ring that
	 * died with us, and never is there a ring in @u that no close knows of.
	 */
	if (r == 0)
		r = record_ring(agent, id, content.ring.count, why);
	if (r == 0)
		r = anchor(task, agent, id, !existing, &note, why);
	audit_load(task, agent, &content, r, why);
	if (r < 0)
		return r;
	task->record->ring = id;
	task->record->keys = (uint32_t)content.ring.count;
	return reason_set(why, 0, "ring %d of %s holds %zu keys, revision %llu%s%s", id,
	    agent->user, content.ring.count, (unsigned long long)content.revision,
	    *note.text ? "; but " : "", note.text);
}

/*
 * Whether a ring is wanted: a session lives, or the identity lingers. `most`: see session_count. Who ends and
 * sweeps looks at all, so that no records of dead sessions stay behind one that lives for long.
 */
static int is_wanted(int lock, const struct agent *agent, unsigned most, struct reason *why)
{
	int living = session_count(lock, most, why);

	return living < 0 ? living : living > 0 || agent->linger;
}

/* Without it codex does not run, and everything else does: no reason to fail the login. */
static void offer_home(const struct task *task, const struct agent *agent)
{
	struct reason why = {0};

	if (home_make(agent, task->deadline, &why) < 0)
		syslog(LOG_ERR, "no folder for ravi-codex: %s", why.text);
}

/* With the lock held. */
static int load_or_end(
    struct task *task, int lock, const char *user, bool *denied, struct reason *why)
{
	struct agent agent;
	int r = check_agent(user, &agent, denied, why), wanted;

	if (r < 0)
		return r;
	wanted = is_wanted(lock, &agent, 1, why);
	if (wanted < 0)
		return wanted;
	r = wanted ? load_ring(task, &agent, denied, why)
		   : end_ring(task, user, "no session lives", false, why);
	if (r < 0)
		return r;
	if (wanted)
		offer_home(task, &agent);
	else
		reason_set(why, 0, "%s has no session; the next login loads the ring", user);
	return 0;
}

/*
 * Ends what a user must not have any more. Whoever holds the lock may stand still for good: the host of a
 * login has the real uid of whoever called it, or for a moment the agent's, who can stop it then. That
 * keeps no ring alive: it ends without the lock as well, and is dead for the holder, too.
 */
static int end_by_force(
    const struct task *task, int lock, const char *user, const char *cause, struct reason *why)
{
	return lock < 0 ? end_kernel_ring(task, user, cause, why)
			: end_ring(task, user, cause, true, why);
}

/* The other half is for what goes on without the lock then, and is still in time for who waits. */
static int lock_or_force(const struct task *task, const char *user, struct reason *why)
{
	return session_lock(user, deadline_in(deadline_left(task->deadline) / 2), why);
}

int task_load(struct task *task, const char *user)
{
	fd_auto lock = -1;
	struct reason why, ignored;
	struct agent agent;
	bool denied;
	int r = check_agent(user, &agent, &denied, &why);

	/* A folder to lock is made for agents alone. */
	if (r == -ENOENT)
		return say(task, r, &why);
	lock = denied ? lock_or_force(task, user, &ignored)
		      : session_lock(user, task->deadline, r < 0 ? &ignored : &why);
	/* Looked at again: what was true before the wait may not be what is being loaded. */
	if (lock >= 0)
		r = load_or_end(task, lock, user, &denied, &why);
	else if (r == 0)
		r = lock;
	if (denied) {
		audit_add(task->events, "deny", "denied", "user", user, "cause", why.text, NULL);
		end_by_force(task, lock, user, why.text, &ignored);
	}
	return say(task, r, &why);
}

/* Ends the ring with the lock held, unless it is wanted still. */
static int end_unless_wanted(
    const struct task *task, int lock, const char *user, struct reason *why)
{
	struct reason cause = {.text = "last session closed"};
	struct agent agent;
	bool denied;
	int r = check_agent(user, &agent, &denied, why), wanted;

	/* What is wrong with this machine takes the ring from no living session, and from nobody who lingers. */
	if (r < 0)
		cause = *why;
	wanted = denied ? 0 : is_wanted(lock, &agent, UINT_MAX, r < 0 ? NULL : why);
	if (wanted && r < 0)
		return r;
	if (wanted)
		return wanted < 0 ? wanted : reason_set(why, 0, "%s keeps its ring", user);
	r = end_ring(task, user, cause.text, denied, why);
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
	struct reason why = {0}, locked = {0};
	fd_auto lock = lock_or_force(task, user, &locked);
	int r = end_by_force(task, lock, user, "released", &why);

	if (r == 0 && lock < 0)
		r = reason_set(&why, lock, "the ring of %s has ended; but %s", user, locked.text);
	if (r == 0)
		reason_set(&why, 0, "%s has no ring", user);
	return say(task, r, &why);
}

int task_deny(struct task *task, const char *user)
{
	struct reason why = {0};
	struct agent agent;
	bool denied;
	int r = check_agent(user, &agent, &denied, &why);

	if (r == -ENOENT || (r < 0 && !denied))
		return say(task, r, &why);
	if (r < 0)
		audit_add_quietly(task->events, "deny", "denied", "user", user, "identity",
		    agent.identities[0], "cause", why.text, NULL);
	return say(task, 0, &why);
}

struct sweep {
	const struct task *task;
	int error;
	struct reason why; /* of the last error */
};

/*
 * One user's trouble does not keep the sweep from the others: each has all of the time, whatever an agent
 * before it made the sweep wait for.
 */
static int sweep_user(void *context, const char *user)
{
	struct sweep *sweep = context;
	struct loader_record record;
	struct task task = *sweep->task;
	int r;

	task.record = &record;
	task.deadline = deadline_in(task.conf->timeout * 1000);
	r = task_end(&task, user);
	audit_flush(task.events);
	if (r == 0)
		return 0;
	syslog(LOG_ERR, "sweeping %s: %s", user, record.text);
	sweep->error = reason_set(&sweep->why, r, "%s: %s", user, record.text);
	return 0;
}

/* Nobody waits here: what logins have put into the trail is signed, and synced. */
static void sign_trail(void)
{
	struct reason why = {0};

	if (machine_checkpoint(&why) < 0)
		syslog(LOG_ERR, "%s", why.text);
}

int task_sweep(struct task *task)
{
	struct sweep sweep = {.task = task};
	struct reason why = {0};
	int r = session_each_user(sweep_user, &sweep, &why);

	sign_trail();
	if (r < 0)
		return say(task, r, &why);
	if (sweep.error)
		return say(task, sweep.error, &sweep.why);
	reason_set(&why, 0, "swept");
	return say(task, 0, &why);
}

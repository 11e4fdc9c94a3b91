/* SPDX-License-Identifier: MIT */
/* ravi doctor on sessions: do records, rings and the kernel agree about who is logged in? */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/paths.h"
#include "doctor.h"
#include "ring/session.h"
#include "util/cleanup.h"
#include "util/text.h"

#define LOCK_MILLISECONDS 5000

/* What --fix does about one user: what ravi-load does at a login or at the last logout. */
static int run_loader(struct doctor *d, enum loader_task task, const char *user, struct reason *why)
{
	struct loader_record record;

	return context_loader(&d->conf, task, user, &record, why);
}

static void mend(struct doctor *d, enum loader_task task, const char *user)
{
	struct reason why = {0};

	doctor_remedy(d, DOCTOR_FIX);
	if (d->fix)
		doctor_fixed(d, run_loader(d, task, user, &why), &why);
}

/* ---- session records ---- */

static int look_at_sessions(void *opaque, const char *user)
{
	struct doctor *d = opaque;
	struct session_sight sight;
	struct reason why = {0};

	if (session_look(user, &sight, &why) < 0) {
		doctor_bad(d, user, "%s", why.text);
		doctor_remedy(d,
		    "mend " PATH_SESSIONS "/%s, or remove it while %s is not logged in", user,
		    user);
	} else if (sight.dead) {
		doctor_warn(d, user,
		    "%u of its sessions ended without closing, %u live; the sweep takes them away",
		    sight.dead, sight.living);
		mend(d, LOADER_END, user);
	}
	return 0;
}

static void check_sessions(struct doctor *d)
{
	struct reason why = {0};

	if (session_each_user(look_at_sessions, d, &why) < 0)
		doctor_bad(d, RAVI_RUNDIR, "%s", why.text);
}

/* ---- rings ---- */

/* What can be said of a user's ring without the lock that ravi-load has when it acts. */
enum claim {
	CLAIM_WANTED, /* it may have one, and somebody wants it */
	CLAIM_NONE, /* nobody seems to want it: ravi-load looks again, with the lock, before it ends it */
	CLAIM_DENIED, /* its identity is disabled or deleted: it has to go, whoever is logged in */
	CLAIM_UNKNOWN /* the entry cannot be read: that takes nothing from anybody */
};

static enum claim claim_of(const char *user, struct reason *why)
{
	struct session_sight sight;
	struct agent agent;
	int r = agent_load(user, &agent, why);

	if (r < 0)
		return r == -ENOENT ? CLAIM_NONE : CLAIM_UNKNOWN;
	if (agent.state != AGENT_ACTIVE)
		return CLAIM_DENIED;
	return agent.linger || (session_look(user, &sight, NULL) == 0 && sight.living > 0)
		   ? CLAIM_WANTED
		   : CLAIM_NONE;
}

/* Says what is wrong with it: whether anything is. */
static bool report_ring(struct doctor *d, const char *user, bool wanted)
{
	struct session_ring ring;
	struct reason why = {0};
	int r = session_ring_load(user, &ring, &why), ours = 0;

	if (r == 0)
		r = ours = session_ring_is_ours(user, ring.id, &why);
	if (r == -ENOENT && !wanted)
		return false;
	if (r == -ENOENT)
		doctor_bad(d, user, "it is logged in, or lingers, and has no ring");
	else if (r < 0)
		doctor_bad(d, user, "%s", why.text);
	else if (!wanted)
		doctor_warn(d, user, "it has a ring and no session");
	else if (!ours)
		doctor_bad(d, user,
		    "the kernel has no ring %d any more: its sessions read no token", ring.id);
	else if (!session_ring_is_whole(user, &ring))
		doctor_bad(d, user, "its ring lacks keys, or a change of it was cut short");
	else
		return false;
	return true;
}

static int look_at_ring(void *opaque, const char *user)
{
	static const enum loader_task tasks[] = {
	    [CLAIM_WANTED] = LOADER_LOAD,
	    [CLAIM_NONE] = LOADER_END,
	    [CLAIM_DENIED] = LOADER_RELEASE,
	};
	struct doctor *d = opaque;
	struct session_ring ring;
	struct reason why = {0};
	enum claim claim = claim_of(user, &why);

	if (claim != CLAIM_UNKNOWN) {
		if (report_ring(d, user, claim == CLAIM_WANTED))
			mend(d, tasks[claim], user);
	} else if (session_ring_load(user, &ring, NULL) != -ENOENT) {
		doctor_warn(
		    d, user, "it has a ring, and nobody can say whether it may: %s", why.text);
		doctor_remedy(d, "correct " PATH_AGENTS "/%s, or put it back from a backup", user);
	}
	return 0;
}

static void check_rings(struct doctor *d)
{
	session_each_user(look_at_ring, d, NULL);
}

/* ---- links by uid ---- */

/* Whether rings/UID leads to a record that says that uid. */
static bool is_right(const char *name, char user[USER_NAME_MAX + 1])
{
	struct session_ring ring;
	uint64_t uid;

	return text_number(name, 10, 1, UINT32_MAX - 1, &uid) == 0 &&
	       session_ring_of_uid((uid_t)uid, user) == 0 &&
	       session_ring_load(user, &ring, NULL) == 0 && ring.uid == uid;
}

static int remove_link(const char *name, const char *user, struct reason *why)
{
	char path[sizeof(PATH_RINGS) + 24], again[USER_NAME_MAX + 1];
	fd_auto lock = -1;

	/* Whoever builds a ring for that user has the lock. */
	if (user_name_check(user, NULL) == 0) {
		lock = session_lock(user, deadline_in(LOCK_MILLISECONDS), why);
		if (lock < 0)
			return lock;
	}
	if (is_right(name, again))
		return 0;
	snprintf(path, sizeof(path), PATH_RINGS "/%s", name);
	return unlink(path) < 0 && errno != ENOENT ? reason_errno(why, -errno, "%s", path) : 0;
}

static void check_ring_links(struct doctor *d)
{
	dir_auto dir = opendir(PATH_RINGS);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char user[USER_NAME_MAX + 1] = "", path[sizeof(PATH_RINGS) + 24];
		struct reason why = {0};

		if (entry->d_type != DT_LNK || strlen(entry->d_name) > 10 ||
		    is_right(entry->d_name, user))
			continue;
		snprintf(path, sizeof(path), PATH_RINGS "/%s", entry->d_name);
		doctor_warn(d, path,
		    "the link says whose ring uid %s may have, and leads to no such ring",
		    entry->d_name);
		doctor_remedy(d, DOCTOR_FIX);
		if (d->fix)
			doctor_fixed(d, remove_link(entry->d_name, user, &why), &why);
	}
}

const struct doctor_check doctor_sessions[] = {
    {"session-records", "no session ended without closing", check_sessions},
    {"session-rings", "who is logged in has a whole ring, and nobody else any", check_rings},
    {"session-links", "the links by uid lead to rings", check_ring_links},
    {0},
};

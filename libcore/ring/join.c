/* SPDX-License-Identifier: MIT */
/* Whose session ring a login gets: see join.h. */
#include <config.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "identity/agent.h"
#include "ring/join.h"
#include "ring/keyctl.h"
#include "ring/ring.h"
#include "ring/session.h"
#include "util/cleanup.h"

#define ENTRY_MAX (64 << 10) /* bytes of a passwd entry */

/*
 * The real uid under which has_session_ring() searches. -1 means "leave it", -2 is a nobody of some systems.
 */
#define NOBODYS_UID 4294967293u

struct ids {
	uid_t real, effective, saved;
	gid_t group_real, group_effective, group_saved;
};

/*
 * Raw system calls: glibc's setresuid changes every thread of the host (a display manager, a threaded
 * server), and these ids are this thread's business alone, as its session keyring is.
 */
static int set_uids(uid_t real, uid_t effective, uid_t saved)
{
	return syscall(SYS_setresuid, real, effective, saved) < 0 ? -errno : 0;
}

static int set_gids(gid_t real, gid_t effective, gid_t saved)
{
	return syscall(SYS_setresgid, real, effective, saved) < 0 ? -errno : 0;
}

/* First root again, which may then set every id; what cannot be restored is an error the caller sees. */
static int become_again(const struct ids *before, struct reason *why)
{
	int r = set_uids((uid_t)-1, 0, (uid_t)-1);

	if (r == 0)
		r = set_gids(before->group_real, before->group_effective, before->group_saved);
	if (r == 0)
		r = set_uids(before->real, before->effective, before->saved);
	if (r == 0)
		return 0;
	reason_errno(why, r, "the ids of the login process could not be restored");
	return -ENOTRECOVERABLE;
}

/* Real and effective uid of the agent, root kept as the saved one: the way back. */
static int become(uid_t uid, gid_t gid, struct ids *before, struct reason *why)
{
	int r = 0;

	if (getresuid(&before->real, &before->effective, &before->saved) < 0 ||
	    getresgid(&before->group_real, &before->group_effective, &before->group_saved) < 0)
		return reason_errno(why, -errno, "the ids of the login process");
	r = set_gids(gid, gid, (gid_t)-1);
	if (r == 0) {
		r = set_uids(uid, uid, 0);
		/* The groups were changed already. */
		if (r < 0 && become_again(before, why) < 0)
			return -ENOTRECOVERABLE;
	}
	return r < 0 ? reason_errno(why, r, "becoming uid %u to look at its keyrings", uid) : 0;
}

/* What @s is; a revoked one, or the kernel's stand-in _uid_ses.N that all of a uid share, is none. */
static bool agent_needs_ring(uid_t uid)
{
	struct ring_description d;

	return ring_describe(KEY_SPEC_SESSION_KEYRING, &d) < 0 || d.uid != uid ||
	       keyctl_read(KEY_SPEC_SESSION_KEYRING, NULL, 0) < 0 ||
	       !strncmp(d.text, "_uid_ses.", strlen("_uid_ses."));
}

/* With an effective uid that may look into /run/ravi/rings. */
static bool is_known_agent(uid_t uid)
{
	free_auto char *text = malloc(ENTRY_MAX);
	struct passwd entry, *found = NULL;
	char user[USER_NAME_MAX + 1];
	struct agent agent;
	int r = session_ring_of_uid(uid, user);

	/* An OS user that is gone may have left its ring. */
	if (!text || r != -ENOENT)
		return true;
	r = getpwuid_r(uid, &entry, text, ENTRY_MAX, &found);
	/* getpwuid_r(3): some name services say "no such user" with an errno. */
	if (!found)
		return r != 0 && r != ENOENT && r != ESRCH;
	return agent_load(found->pw_name, &agent, NULL) != -ENOENT;
}

/*
 * Whether the uid is, or was, an agent's. When that is not to be known, it may be one: a fresh session ring
 * costs whoever logs in little.
 */
static bool is_agent_uid(uid_t uid)
{
	uid_t effective = geteuid();
	bool is_agent;

	if (uid == 0)
		return false;
	if (effective != 0 && set_uids((uid_t)-1, 0, (uid_t)-1) < 0)
		return true;
	is_agent = is_known_agent(uid);
	return (effective != 0 && set_uids((uid_t)-1, effective, (uid_t)-1) < 0) || is_agent;
}

/* Whether the stand-in of NOBODYS_UID, which is the real uid, is what a search goes to: 0, or as below. */
static int has_no_stand_in(void)
{
	char name[32];
	int32_t stand_in, found;

	snprintf(name, sizeof(name), "_uid_ses.%u", NOBODYS_UID);
	stand_in = keyctl_get_keyring_ID(KEY_SPEC_USER_SESSION_KEYRING, 0);
	if (stand_in < 0)
		return -errno;
	found = request_key("keyring", name, NULL, 0);
	if (found >= 0)
		return found == stand_in ? 0 : -EPROTO;
	/* Every other error may be one of the search itself, and says nothing. */
	return errno == ENOKEY ? 1 : -errno;
}

/*
 * Whether this thread has a session ring: 1 or 0, -errno where that is not to be known so.
 *
 * A look at @s would tell, and do harm: who has no session ring is given the stand-in of his real uid at the
 * first look, for good. A search does none. It goes to the session ring, or to that stand-in where there is no
 * session ring (search_cred_keyrings_rcu() in the kernel). So we search as the real uid that nobody has, whose
 * stand-in nobody else can link anything into. For "_ses" first, as the kernel calls nearly every session ring:
 * what is found is one, or lies in one, and half of the work is saved. Else for the stand-in itself, which is
 * found where there is no session ring, and only there.
 */
static int has_session_ring(void)
{
	uid_t real = getuid();
	int r = set_uids(NOBODYS_UID, (uid_t)-1, (uid_t)-1);

	if (r < 0)
		return r;
	r = request_key("keyring", "_ses", NULL, 0) >= 0 ? 1 : has_no_stand_in();
	return set_uids(real, (uid_t)-1, (uid_t)-1) < 0 ? -ENOTRECOVERABLE : r;
}

/* Whether a keyring in @s gives its holder what an agent has: its ring, or its @u ("_uid.N"). */
static bool leads_to_agent(int32_t id, uid_t target)
{
	struct ring_description d;

	if (ring_describe(id, &d) < 0 || strcmp(d.type, "keyring"))
		return false;
	if (!strncmp(d.text, RING_PREFIX, strlen(RING_PREFIX)))
		return d.uid == 0 && d.mask == RING_MASK;
	return !strncmp(d.text, "_uid.", strlen("_uid.")) && d.uid != target && is_agent_uid(d.uid);
}

static bool agents_ring_would_travel(uid_t target)
{
	free_auto int32_t *serials = NULL;
	struct ring_description d;
	size_t count = 0;
	int r;

	r = ring_describe(KEY_SPEC_SESSION_KEYRING, &d);
	/* Not even to be looked at: its owner has forbidden it, and for all we know is an agent. */
	if (r < 0)
		return r == -EACCES;
	if (d.uid != target && is_agent_uid(d.uid))
		return true;
	/* In the target's own as well: root's is what an agent without key quota was given. */
	if (ring_links(KEY_SPEC_SESSION_KEYRING, &serials, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (leads_to_agent(serials[i], target))
			return true;
	return false;
}

/* The ring belongs to the real uid, and is charged to its quota: -EDQUOT where that is used up. */
static int join_fresh(void)
{
	return keyctl_join_session_keyring(NULL) < 0 ? -errno : 0;
}

/* Root's, from the ids of the target, to which it returns; what fails half way the caller restores. */
static int join_roots(uid_t uid)
{
	int r = set_uids(0, 0, (uid_t)-1);

	if (r == 0)
		r = join_fresh();
	return r < 0 ? r : set_uids(uid, uid, (uid_t)-1);
}

/* The target's; root's where its quota is used up: it only must not be the caller's. */
static int join_targets(uid_t uid)
{
	int r = join_fresh();

	return r == -EDQUOT ? join_roots(uid) : r;
}

void join_links_free(struct join_links *links)
{
	free(links->serials);
	*links = (struct join_links){0};
}

/*
 * Looks at @s, and joins a fresh ring, as the target itself: a process that has no session ring is given
 * its *real* uid's stand-in at the first look, in su and sudo the caller's, which would then travel.
 */
static int join_if(bool (*needed)(uid_t uid), int (*join)(uid_t uid), uid_t uid, gid_t gid,
    struct join_links *user, struct reason *why)
{
	struct ids before;
	int joined = 0, r;
	bool need;

	r = become(uid, gid, &before, why);
	if (r < 0)
		return r;
	need = needed(uid);
	if (need)
		joined = join(uid);
	/*
	 * Without @u in it the target reaches less of its own, which is no reason to refuse the login: it
	 * fails where the target has forbidden links to its @u, or revoked it, or has no quota left.
	 */
	if (need && joined == 0)
		keyctl_link(KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING);
	/* None where it fails: then nothing is reached. */
	if (user && ring_links(KEY_SPEC_USER_KEYRING, &user->serials, &user->count) < 0)
		join_links_free(user);
	r = become_again(&before, why);
	if (r < 0)
		return r;
	if (joined < 0)
		return reason_errno(why, joined, "joining a session ring for uid %u", uid);
	return need;
}

int join_for_agent(uid_t uid, gid_t gid, struct join_links *user, struct reason *why)
{
	return join_if(agent_needs_ring, join_targets, uid, gid, user, why);
}

static bool in_any_case(uid_t uid)
{
	(void)uid;
	return true;
}

int join_roots_for_agent(uid_t uid, gid_t gid, struct reason *why)
{
	return join_if(in_any_case, join_roots, uid, gid, NULL, why);
}

int join_for_other(uid_t uid, gid_t gid, struct reason *why)
{
	return join_if(agents_ring_would_travel, join_targets, uid, gid, NULL, why);
}

int join_sees_agent(struct reason *why)
{
	int r = has_session_ring();

	if (r == -ENOTRECOVERABLE)
		return reason_errno(why, r, "the real uid of the login process could not be restored");
	/* No target is every agent's. */
	return r > 0 ? agents_ring_would_travel((uid_t)-1) : r != 0;
}

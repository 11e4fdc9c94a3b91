/* SPDX-License-Identifier: MIT */
/*
 * What the module does in the login process: decide whether the user is an agent, see to the session
 * ring, count the session, link a ring that is there (a warm login) or have ravi-load build it (a cold
 * one). PAM_IGNORE means "not an agent" (or a host that is not root) and nothing else.
 */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include "audit/audit.h"
#include "identity/agent.h"
#include "identity/local.h"
#include "login.h"
#include "ring/join.h"
#include "ring/keyctl.h"
#include "ring/loader.h"
#include "ring/session.h"
#include "sync/base.h"
#include "util/cleanup.h"
#include "util/reason.h"

/* In the handle: this handle counted a session, under this name. */
#define MARKER "pam_ravi_session"

struct marker {
	char user[USER_NAME_MAX + 1];
	char record[SESSION_NAME_MAX];
};

#define debug(login, ...)                                                                          \
	do {                                                                                       \
		if ((login)->conf.debug)                                                           \
			pam_syslog((login)->pamh, LOG_DEBUG, __VA_ARGS__);                         \
	} while (0)

/* One log line, and the code that every system error becomes. */
static int session_error(const struct login *login, const struct reason *why)
{
	pam_syslog(login->pamh, LOG_ERR, "%s: %s", login->user, why->text);
	return PAM_SESSION_ERR;
}

static void report_unknown(void *context, const char *where, const char *key)
{
	pam_syslog(context, LOG_ERR, "%s: unknown option %s, ignored", where, key);
}

bool login_begin(struct login *login, pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	login->pamh = pamh;
	login->flags = flags;
	login->argc = argc;
	login->argv = argv;
	if (pam_get_user(pamh, &login->user, NULL) != PAM_SUCCESS || !login->user ||
	    !*login->user) {
		pam_syslog(pamh, LOG_ERR, "libpam knows no user");
		return false;
	}
	return true;
}

/* Once it is known that there is something to do: to nearly everybody who logs in, nothing of it matters. */
static void read_settings(struct login *login)
{
	struct reason why;

	if (login->has_settings)
		return;
	login->has_settings = true;
	if (conf_load(&login->conf, login->argc, login->argv, report_unknown, login->pamh, &why) <
	    0) {
		pam_syslog(login->pamh, LOG_ERR, "%s", why.text);
		login->conf_is_bad = true;
	}
	login->deadline = deadline_in(login->conf.timeout * 1000);
}

void login_end(struct login *login)
{
	conf_free(&login->conf);
}

/* The settings of the PAM line win over ravi.conf in the loader, too. What is none has been named. */
static int hand_on_settings(
    const struct login *login, struct loader_request *request, struct reason *why)
{
	for (int i = 0; i < login->argc; i++) {
		if (!conf_row_of(login->argv[i]))
			continue;
		if (request->setting_count == LOADER_SETTINGS_MAX)
			return reason_set(why, -E2BIG, "the PAM line has more than %d settings",
			    LOADER_SETTINGS_MAX);
		request->settings[request->setting_count++] = login->argv[i];
	}
	return 0;
}

static int run_loader(
    struct login *login, enum loader_task task, const char *user, struct reason *why)
{
	struct loader_request request = {
	    .task = task, .user = user, .into_session = task == LOADER_LOAD};
	struct loader_record record;
	int r;

	read_settings(login);
	/* A ring ends whatever the line says. */
	r = hand_on_settings(login, &request, why);
	if (r < 0 && task == LOADER_LOAD)
		return r;
	r = loader_ask(&request, login->deadline, &record, why);
	if (r < 0)
		return r;
	/* It found no session that lives, though this one does. */
	if (task == LOADER_LOAD && !record.ring)
		return reason_set(why, -ENXIO, "%s", record.text);
	debug(login, "%s: ravi-load: %s", user, record.text);
	return 0;
}

/* What is said in syslog here, in the audit trail as well: that takes a hash, and so the loader. */
static void record_denial(struct login *login)
{
	struct reason why;

	if (geteuid() == 0 && run_loader(login, LOADER_DENY, login->user, &why) < 0)
		pam_syslog(login->pamh, LOG_ERR, "%s: the audit trail lacks this: %s", login->user,
		    why.text);
}

static void free_marker(pam_handle_t *pamh, void *data, int error_status)
{
	(void)pamh, (void)error_status;
	free(data);
}

static const struct marker *find_marker(const struct login *login)
{
	const void *data = NULL;

	return pam_get_data(login->pamh, MARKER, &data) == PAM_SUCCESS ? data : NULL;
}

/* Counts this session, once a handle. */
static int count_session(const struct login *login, int lock, struct reason *why)
{
	struct marker *marker;
	int r;

	if (find_marker(login))
		return 0;
	marker = calloc(1, sizeof(*marker));
	if (!marker)
		return reason_errno(why, -ENOMEM, "counting the session");
	strcpy(marker->user, login->user);
	r = session_add(lock, marker->record, why);
	if (r == 0 && pam_set_data(login->pamh, MARKER, marker, free_marker) != PAM_SUCCESS) {
		session_remove(lock, marker->record, NULL);
		r = reason_set(why, -ENOMEM, "libpam takes no data");
	}
	if (r < 0)
		free(marker);
	return r;
}

/*
 * Whether the agent reaches the ring. It may have cleared its @u, or put something else in the ring's place
 * there: that is for ravi-load to mend.
 */
static bool is_reached(
    const struct login *login, const struct join_links *user, const struct session_ring *ring)
{
	if (login->conf.reach != REACH_USER)
		return true;
	for (size_t i = 0; i < user->count; i++)
		if (user->serials[i] == ring->id)
			return true;
	return false;
}

/* Links the live, whole ring into @s, when it is one that the agent reaches: 1 when there was one. */
static int link_warm_ring(const struct login *login, const struct agent *agent,
    const struct join_links *user, struct reason *why)
{
	struct session_ring ring;

	if (session_ring_load(login->user, &ring, NULL) < 0 || !is_reached(login, user, &ring) ||
	    ring.uid != agent->uid || !session_ring_is_whole(login->user, &ring))
		return 0;
	if (keyctl_link(ring.id, KEY_SPEC_SESSION_KEYRING) < 0)
		return reason_errno(why, -errno, "linking the ring into the session ring");
	debug(login, "%s: warm, ring %d with %u keys", login->user, ring.id, ring.keys);
	return 1;
}

/* Whether news are to be looked for where the vaults are at home: ravi-load sees to it, as required_fresh has it. */
static bool is_due(const struct login *login, const struct agent *agent)
{
	int64_t age;

	for (size_t i = 0; conf_has_remote_store(&login->conf) && i < agent->count; i++)
		if (base_age(agent->identities[i], &age, NULL) == 0 && age > login->conf.max_age)
			return true;
	return false;
}

/*
 * Under the lock the record is made and the ring looked at: a last close either sees the record, or has
 * ended the ring before we look.
 */
static int enter(const struct login *login, const struct agent *agent,
    const struct join_links *user, struct reason *why)
{
	fd_auto lock = session_lock(login->user, login->deadline, why);
	int r;

	if (lock < 0)
		return lock;
	r = count_session(login, lock, why);
	if (r < 0 || is_due(login, agent))
		return r;
	return link_warm_ring(login, agent, user, why);
}

/*
 * A ring that the @u of this uid may still hold from a former user with the same uid ends here. `may_own`: the
 * user is an agent, or may be one, and loses no ring of its own name.
 */
static int end_inherited_ring(struct login *login, uid_t uid, bool may_own, struct reason *why)
{
	char owner[USER_NAME_MAX + 1];

	if (session_ring_of_uid(uid, owner) < 0 || (may_own && !strcmp(owner, login->user)))
		return 0;
	pam_syslog(login->pamh, LOG_NOTICE, "%s: ending the ring of %s, a former holder of uid %u",
	    login->user, owner, uid);
	return run_loader(login, LOADER_RELEASE, owner, why);
}

static int enter_or_load(struct login *login, const struct agent *agent,
    const struct join_links *user, struct reason *why)
{
	int r = agent->state == AGENT_ACTIVE ? enter(login, agent, user, why) : 0;

	/* Without a whole ring, and for the log line and the end of a ring that is not to be. */
	return r == 0 ? run_loader(login, LOADER_LOAD, login->user, why) : r;
}

static int open_agent(struct login *login, const struct agent *agent, gid_t gid)
{
	join_links_auto user = {0};
	struct reason why, other;
	int r;

	read_settings(login);
	r = join_for_agent(agent->uid, gid, &user, &why);
	if (r < 0)
		return session_error(login, &why);
	debug(login, "%s: %s session ring", login->user, r ? "joined a fresh" : "kept the");
	if (end_inherited_ring(login, agent->uid, true, &why) < 0)
		return session_error(login, &why);
	if (login->conf_is_bad)
		return PAM_SESSION_ERR;
	r = enter_or_load(login, agent, &user, &why);
	/* A link is charged to the owner of the session ring, and the agent has used its quota up. */
	if (r == -EDQUOT) {
		int joined = join_roots_for_agent(agent->uid, gid, &other);

		if (joined == 1)
			r = enter_or_load(login, agent, &user, &why);
		else
			reason_add(&why, &other);
	}
	if (r < 0)
		return session_error(login, &why);
	return PAM_SUCCESS;
}

/* `may_own`: see end_inherited_ring. */
static int open_other(struct login *login, const struct local_user *user, bool may_own)
{
	struct reason why, other;
	int ended = end_inherited_ring(login, user->uid, may_own, &why);
	int r = join_for_other(user->uid, user->gid, &other);

	if (ended < 0 && r < 0)
		reason_add(&why, &other);
	if (ended < 0 || r < 0)
		return session_error(login, ended < 0 ? &why : &other);
	if (r) {
		read_settings(login);
		debug(login, "%s: left an agent's session ring", login->user);
	}
	return PAM_IGNORE;
}

/* Who is no agent, and has no uid to leave the session ring for: an agent's does not go along. */
static int open_unknown(struct login *login)
{
	struct reason why;
	int r = join_sees_agent(&why);

	if (r > 0)
		reason_set(&why, -ESRCH,
		    "no OS user of that name is found, so it cannot leave an agent's session ring");
	return r ? session_error(login, &why) : PAM_IGNORE;
}

/* Whether an agent's ring lives that the @u of who logs in may hold. */
static bool may_have_inherited(const struct login *login)
{
	char owner[USER_NAME_MAX + 1];
	struct local_user user;

	if (local_user(login->user, &user) < 0)
		return session_ring_any();
	return session_ring_of_uid(user.uid, owner) != -ENOENT;
}

/*
 * Whether a login as somebody who is no agent takes more than this question, and then his uid: 1, 0, -errno.
 * For nearly everybody it is all, and no name service is asked; it is where the session ring is another
 * user's, as in su and sudo, and somebody has to say whether that one is an agent.
 */
static int concerns_other(const struct login *login, struct reason *why)
{
	return may_have_inherited(login) ? 1 : join_sees_agent(why);
}

/* `agent` NULL: who logs in is none, or it is not known. */
static bool find_user(const struct login *login, const struct agent *agent, struct local_user *user)
{
	const struct passwd *pw;

	if (agent && local_is_agent(agent, &user->gid)) {
		user->uid = agent->uid;
		return true;
	}
	pw = pam_modutil_getpwnam(login->pamh, login->user);
	if (pw)
		*user = (struct local_user){.uid = pw->pw_uid, .gid = pw->pw_gid};
	return pw;
}

int login_open(struct login *login)
{
	struct local_user user;
	struct reason why;
	struct agent agent;
	bool found;
	int r, other;

	if (geteuid() != 0)
		return PAM_IGNORE;
	r = agent_load(login->user, &agent, &why);
	if (r == -ENOENT) {
		other = concerns_other(login, &why);
		if (other <= 0)
			return other < 0 ? session_error(login, &why) : PAM_IGNORE;
	}
	found = find_user(login, r == 0 ? &agent : NULL, &user);
	if (!found && r == -ENOENT)
		return open_unknown(login);
	/* An agent whose uid cannot be had, for want of descriptors or of the directory, is still one. */
	if (!found) {
		if (r == 0)
			reason_set(&why, -ENOENT,
			    "it has an agents entry, and there is no OS user of that name");
		return session_error(login, &why);
	}
	if (r == 0 && agent.uid == user.uid)
		return open_agent(login, &agent, user.gid);
	/*
	 * Not the agent, whatever the entry says: nothing of any agent goes along. An entry that cannot be read
	 * says nothing, and takes the ring from no living session.
	 */
	other = open_other(login, &user, r < 0 && r != -ENOENT);
	/* What failed there has had its line. */
	if (r == -ENOENT || other == PAM_SESSION_ERR)
		return other;
	if (r == 0)
		reason_set(&why, -EPERM,
		    "the agents entry is for uid %u and this user has uid %u; if the user was made "
		    "anew, "
		    "run: ravi identity delete, then create",
		    agent.uid, user.uid);
	session_error(login, &why);
	if (r == 0)
		record_denial(login);
	return PAM_SESSION_ERR;
}

/* Takes this handle's record away and says whether sessions live on. */
static int leave(const struct login *login, struct marker *marker, struct reason *why)
{
	fd_auto lock = session_lock(marker->user, login->deadline, why);
	int r;

	if (lock < 0)
		return lock;
	r = session_remove(lock, marker->record, why);
	/* Any other one that lives keeps the ring; how many there are is told to who debugs. */
	return r < 0 ? r : session_count(lock, login->conf.debug ? INT_MAX : 1, why);
}

int login_close(struct login *login)
{
	const struct marker *found = find_marker(login);
	struct marker marker;
	struct reason why;
	int living;

	/* (sd-pam) closes without privileges; the sweep after the unit ends what is left. */
	if (geteuid() != 0 || !found)
		return PAM_SUCCESS;
	read_settings(login);
	marker = *found;
	pam_set_data(login->pamh, MARKER, NULL, NULL);
	living = leave(login, &marker, &why);
	if (living < 0)
		return session_error(login, &why);
	debug(login, "%s: %d other sessions live", marker.user, living);
	if (living == 0 && run_loader(login, LOADER_END, marker.user, &why) < 0)
		return session_error(login, &why);
	return PAM_SUCCESS;
}

int login_refresh(struct login *login)
{
	const struct marker *marker = find_marker(login);
	struct reason why;

	if (geteuid() != 0 || !marker)
		return PAM_IGNORE;
	if (run_loader(login, LOADER_LOAD, marker->user, &why) == 0)
		return PAM_SUCCESS;
	session_error(login, &why);
	return PAM_CRED_ERR;
}

static int deny(struct login *login, const struct agent *agent)
{
	const char *state = agent_state_word(agent->state);
	buf_auto line = {0};

	audit_format(&line, "deny", "denied", "user", login->user, "identity", agent->identities[0],
	    "state", state, NULL);
	pam_syslog(login->pamh, LOG_NOTICE, "%s", buf_text(&line));
	read_settings(login);
	record_denial(login);
	if (!login->conf.quiet && !((unsigned)login->flags & PAM_SILENT))
		pam_error(login->pamh, "The identity %s is %s. The administrator can %s %s",
		    agent->identities[0], state,
		    agent->state == AGENT_DELETED ? "make it anew: ravi identity create --name"
						  : "enable it again: ravi identity enable",
		    agent->identities[0]);
	return PAM_PERM_DENIED;
}

int login_account(struct login *login)
{
	struct local_user user;
	struct agent agent;
	struct reason why;
	int r = agent_load(login->user, &agent, &why);

	if (r == -ENOENT)
		return PAM_IGNORE;
	if (r == 0 && find_user(login, &agent, &user) && user.uid == agent.uid)
		return agent.state == AGENT_ACTIVE ? PAM_SUCCESS : deny(login, &agent);
	if (r == 0)
		reason_set(&why, -EPERM, "the agents entry is for uid %u, which this user has not",
		    agent.uid);
	session_error(login, &why);
	return PAM_SYSTEM_ERR;
}

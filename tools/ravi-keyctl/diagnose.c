/* SPDX-License-Identifier: MIT */
/* What is wrong, and what mends it: the second half of ravi-keyctl status. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/conf.h"
#include "identity/agent.h"
#include "ring/keyctl.h"
#include "status.h"

/* A keyring of our name that is not taken, and how to get rid of it. */
static void diagnose_sight(struct status *status, const struct ring_sight *sight)
{
	const char *place = sight->place == RING_IN_USER ? "@u" : "@s";
	const char *fault = "it has ended, or is another user's";
	char remedy[USER_NAME_MAX + 96];

	if (sight->real)
		return;
	if (sight->mask != RING_MASK)
		fault = "its permissions are not those that ravi-load gives";
	else if (sight->owner == status->uid && status->uid != 0)
		fault = "it belongs to this user, so something that runs as it has planted it";
	snprintf(remedy, sizeof(remedy), "keyctl unlink %d %s", sight->id, place);
	/* A ring of the same name has taken the real one's place, which only root can give back. */
	if (!status->has_ring)
		snprintf(remedy, sizeof(remedy),
		    "keyctl unlink %d %s; then, as root: ravi reload %s", sight->id, place,
		    status->user);
	status_problem(status, remedy,
	    "the keyring %d in %s is called %s and is not the real ring: %s", sight->id, place,
	    sight->description, fault);
}

static void diagnose_key(
    struct status *status, const struct inventory *inventory, const struct inventory_key *key)
{
	char expiry[KEY_EXPIRY_TEXT], remedy[SECRET_NAME_MAX + IDENTITY_NAME_MAX + 64];

	if (key->state == RING_KEY_LIVE)
		return;
	key_expiry_describe(key, expiry);
	snprintf(remedy, sizeof(remedy),
	    "store a new one, as root: ravi secrets set %s --identity %s", key->name,
	    inventory->profile.name);
	status_problem(status, remedy, "%s of %s: %s", key->name, inventory->profile.name, expiry);
}

static void diagnose_identity(struct status *status, const struct inventory *inventory)
{
	const struct ring_profile *profile = &inventory->profile;
	char remedy[USER_NAME_MAX + 32];

	for (size_t i = 0; i < inventory->count; i++)
		diagnose_key(status, inventory, &inventory->keys[i]);
	snprintf(remedy, sizeof(remedy), "as root: ravi reload %s", status->user);
	if (profile->changing)
		status_problem(status, remedy,
		    "the secrets of %s are being changed, or a change of them was cut short",
		    profile->name);
	if (!inventory_is_whole(inventory))
		status_problem(status, remedy, "the ring holds %zu of the %u secrets of %s",
		    inventory->count, profile->keys, profile->name);
}

/* Why the kernel shows this process another keyring than the login's, or none. */
static bool diagnose_kernel(struct status *status)
{
	int32_t user = keyctl_get_keyring_ID(KEY_SPEC_USER_KEYRING, 0);

	if (user < 0 && (errno == ENOSYS || errno == EPERM)) {
		status_problem(status,
		    "allow the system calls add_key, keyctl and request_key (systemd: "
		    "SystemCallFilter=@keyring), or run it outside of the container",
		    "the kernel keyring is closed to this process: %s", strerror(errno));
		return true;
	}
	if (!ring_in_first_namespace()) {
		status_problem(status,
		    "run it outside of the user namespace (a unit: without PrivateUsers=), or "
		    "enter the namespace from a process that has the ring in its session keyring",
		    "this process is in a user namespace of its own and sees another @u there");
		return true;
	}
	return false;
}

static bool diagnose_entry(struct status *status, const struct agent *agent)
{
	char remedy[IDENTITY_NAME_MAX + 64];

	if (agent->uid != status->uid) {
		status_problem(status,
		    "as root: delete the identity of the former user, or give this user its old "
		    "uid",
		    "%s is recorded as an agent with uid %u, and has uid %u: another user of the "
		    "same name inherits nothing",
		    status->user, agent->uid, status->uid);
		return true;
	}
	if (agent->state == AGENT_ACTIVE)
		return false;
	snprintf(remedy, sizeof(remedy), "as root: ravi identity %s",
	    agent->state == AGENT_DISABLED ? "enable" : "create --name");
	snprintf(
	    remedy + strlen(remedy), sizeof(remedy) - strlen(remedy), " %s", agent->identities[0]);
	status_problem(status, remedy, "the identity %s is %s", agent->identities[0],
	    agent_state_word(agent->state));
	return true;
}

/* Whether this user can have a ring at all. */
static bool diagnose_user(struct status *status)
{
	struct agent agent;
	struct reason why = {0};
	char remedy[USER_NAME_MAX + 80];
	int r;

	if (status->uid == 0) {
		status_problem(status, "run it as the agent: sudo -u USER ravi-keyctl status",
		    "root has no ring: only agents have one");
		return true;
	}
	if (!*status->user) {
		status_problem(status, "run it as a user that the system knows",
		    "uid %u has no user name", status->uid);
		return true;
	}
	r = agent_load(status->user, &agent, &why);
	if (r == -ENOENT) {
		snprintf(remedy, sizeof(remedy),
		    "as root: ravi identity create --name NAME --user %s", status->user);
		status_problem(status, remedy, "%s is no agent", status->user);
		return true;
	}
	if (r < 0) {
		status_problem(status, "as root: mend or restore that file", "%s", why.text);
		return true;
	}
	return diagnose_entry(status, &agent);
}

/* An agent without a ring: its login has ended, or this process is not part of one. */
static void diagnose_login(struct status *status)
{
	char description[64];
	conf_auto conf = {0};

	if (keyctl_describe(KEY_SPEC_SESSION_KEYRING, description, sizeof(description)) < 0 &&
	    errno == EKEYREVOKED) {
		status_problem(status, "log in again, and start it from there",
		    "the login that this process belongs to has ended, and no other of %s is open",
		    status->user);
		return;
	}
	if (conf_load(&conf, 0, NULL, NULL, NULL, NULL) == 0 && conf.reach == REACH_SESSION) {
		status_problem(status,
		    "start it from the login itself, or set reach = user in ravi.conf and log in "
		    "again",
		    "ravi.conf says reach = session: the ring is in a login's own session keyring, "
		    "and this process has another one");
		return;
	}
	status_problem(status,
	    "log in through PAM (ssh, su -, sudo -u); if there is no ring then, as "
	    "root: " RAVI_LIBEXECDIR
	    "/ravi-pam status, and what pam_ravi said in the log (authpriv)",
	    "no login of %s is open that went through pam_ravi: the ring ends with the last one",
	    status->user);
}

void diagnose(struct status *status)
{
	for (size_t i = 0; i < status->sight_count; i++)
		diagnose_sight(status, &status->sights[i]);
	for (size_t i = 0; i < status->identity_count; i++)
		diagnose_identity(status, &status->identities[i]);
	if (status->has_ring)
		return;
	if (!diagnose_kernel(status) && !diagnose_user(status))
		diagnose_login(status);
}

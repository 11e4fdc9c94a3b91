/* SPDX-License-Identifier: MIT */
/* Who is asking: see peer.h. */
#include <config.h>

#include <errno.h>
#include <pwd.h>
#include <sys/socket.h>

#include "peer.h"

int peer_agent(int fd, uid_t *uid, struct agent *agent, struct reason *why)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);
	const struct passwd *pw;
	int r;

	*uid = (uid_t)-1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || len != sizeof(peer))
		return reason_errno(why, -errno, "asking the kernel who is asking");
	*uid = peer.uid;
	if (peer.uid == 0)
		return reason_set(why, -EPERM,
		    "root asks no broker: ravi secrets set and delete change the vault itself");
	r = agent_uid_check(peer.uid, why);
	if (r < 0)
		return r;
	pw = getpwuid(peer.uid);
	if (!pw)
		return reason_set(why, -EPERM, "uid %u is no user of this machine", peer.uid);
	r = agent_load(pw->pw_name, agent, why);
	if (r == -ENOENT)
		return reason_set(why, -EPERM,
		    "uid %u is no agent; only agents ask for writes, and only for their own",
		    peer.uid);
	if (r < 0)
		return r;
	if (agent->uid != peer.uid)
		return reason_set(why, -EPERM,
		    "%s was made an agent with uid %u and has uid %u now", agent->user, agent->uid,
		    peer.uid);
	if (agent->state != AGENT_ACTIVE)
		return reason_set(why, -EACCES, "identity %s is %s", agent->identities[0],
		    agent_state_word(agent->state));
	return 0;
}

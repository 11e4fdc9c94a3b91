/* SPDX-License-Identifier: MIT */
/* ravi doctor on the kernel: are there keyrings, and is there room in them for all who may log in? */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "ring/keyctl.h"
#include "ring/ring.h"
#include "ring/session.h"
#include "util/cleanup.h"

#define KEY_USERS   "/proc/key-users"
#define PROFILE_MAX 1024 /* bytes of a profile without its lines about keys */
#define LINE_BYTES  200  /* at most, of a secret's two lines in it */
#define SYSCTL_FILE "/etc/sysctl.d/60-ravi.conf"

/* Of one uid: a line of /proc/key-users (proc(5)). */
struct usage {
	uint64_t keys, max_keys, bytes, max_bytes;
};

static void check_keyring(struct doctor *d)
{
	static const char probe[] = "ravi:doctor";
	int32_t key = add_key("user", probe, probe, sizeof(probe), KEY_SPEC_PROCESS_KEYRING);

	if (key >= 0) {
		keyctl_revoke(key);
		return;
	}
	switch (errno) {
	case ENOSYS:
		doctor_bad(d, NULL, "this kernel has no keyrings: no agent can have a token");
		doctor_remedy(d,
		    "a kernel with CONFIG_KEYS, or a container whose filter allows add_key, "
		    "keyctl and request_key");
		return;
	case EPERM:
	case EACCES:
		doctor_bad(
		    d, NULL, "the kernel's keyrings are forbidden here, as containers often do");
		doctor_remedy(d, "allow the system calls add_key, keyctl and request_key (Docker: "
				 "--security-opt seccomp=PROFILE)");
		return;
	case EDQUOT:
		doctor_bad(d, NULL, "root has used up its key quota: no ring can be built");
		doctor_remedy(d, "sysctl -w kernel.keys.root_maxkeys=1000000 "
				 "kernel.keys.root_maxbytes=25000000");
		return;
	default:
		doctor_bad(d, NULL, "making a key failed: %s", strerror(errno));
		doctor_remedy(d, "see the kernel's log: dmesg");
	}
}

static void check_namespace(struct doctor *d)
{
	if (ring_in_first_namespace())
		return;
	doctor_warn(d, NULL,
	    "this is a user namespace: agents have other user keyrings here than outside, and "
	    "root's "
	    "quota is a user's");
	doctor_remedy(d, "run pam-ravi in the first user namespace (no userns remapping)");
}

/* ---- quotas ---- */

/* The line of `uid`: 0 or -ENOENT, when it has no keys; -errno. */
static int read_usage(uid_t uid, struct usage *usage)
{
	file_auto file = fopen(KEY_USERS, "re");
	char line[256];
	unsigned found;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%u: %*u %*u/%*u %" SCNu64 "/%" SCNu64 " %" SCNu64 "/%" SCNu64,
			&found, &usage->keys, &usage->max_keys, &usage->bytes,
			&usage->max_bytes) == 5 &&
		    found == uid)
			return 0;
	return -ENOENT;
}

/* What the rings that are not loaded now would add to root's use. */
struct need {
	uint64_t keys, bytes;
	size_t identities;
};

static int need_secret(void *opaque, struct vault_secret *secret)
{
	struct need *need = opaque;

	need->keys++;
	need->bytes += strlen(secret->name) + sizeof(RING_PREFIX) + IDENTITY_NAME_MAX +
		       secret->value.len + LINE_BYTES;
	return 0;
}

static void need_agent(struct doctor *d, void *opaque, struct agent *agent)
{
	struct need *need = opaque;
	struct session_ring ring;

	if (agent->state != AGENT_ACTIVE)
		return;
	need->identities += agent->count;
	/* What is loaded is in root's use already. */
	if (session_ring_load(agent->user, &ring, NULL) == 0 &&
	    session_ring_is_ours(agent->user, ring.id, NULL) > 0)
		return;
	need->keys++;
	need->bytes += RING_DESCRIPTION_MAX;
	for (size_t i = 0; i < agent->count; i++) {
		vault_auto vault = NULL;

		if (machine_vault(&d->machine, agent->identities[i], NULL, &vault, NULL) < 0)
			continue;
		need->keys++;
		need->bytes += PROFILE_MAX;
		vault_each(vault, need_secret, need);
	}
}

/* Twice what is wanted, as a round number: room for the identities to come. */
static uint64_t round_up(uint64_t wanted, uint64_t unit)
{
	return (2 * wanted + unit - 1) / unit * unit;
}

/* `wanted` of `max`: the finding when nine tenths are passed. */
static void judge(struct doctor *d, const struct need *need, const char *of, const char *sysctl,
    uint64_t used, uint64_t wanted, uint64_t max, uint64_t unit)
{
	uint64_t rounded = round_up(wanted, unit);
	bool full = wanted > max;

	if (wanted <= max / 10 * 9)
		return;
	(full ? doctor_bad : doctor_warn)(d, "root",
	    "%s of keys: %" PRIu64 " used, %" PRIu64
	    " with the rings of all %zu identities, of %" PRIu64 ": %s",
	    of, used, wanted, need->identities, max,
	    full ? "logins will fail" : "there is little room for more");
	doctor_remedy(d,
	    "sysctl -w %s=%" PRIu64 ", and a line \"%s = %" PRIu64 "\" in " SYSCTL_FILE, sysctl,
	    rounded, sysctl, rounded);
}

static void check_root_quota(struct doctor *d)
{
	struct need need = {0};
	struct usage usage = {0};
	int r = read_usage(0, &usage);

	if (r < 0) {
		doctor_warn(d, KEY_USERS, "root's use of keys cannot be read: %s", strerror(-r));
		doctor_remedy(d, "mount -t proc proc /proc");
		return;
	}
	/* Entries and vaults that do not open are other checks'. */
	if (d->opened)
		doctor_each_agent(d, need_agent, &need, NULL);
	judge(d, &need, "number", "kernel.keys.root_maxkeys", usage.keys, usage.keys + need.keys,
	    usage.max_keys, 1000);
	judge(d, &need, "bytes", "kernel.keys.root_maxbytes", usage.bytes, usage.bytes + need.bytes,
	    usage.max_bytes, 1000000);
}

static void look_at_agent(struct doctor *d, void *context, struct agent *agent)
{
	struct usage usage;

	(void)context;
	if (read_usage(agent->uid, &usage) < 0)
		return;
	if (usage.keys > usage.max_keys / 10 * 8) {
		doctor_warn(d, agent->user,
		    "it has used %" PRIu64 " of its %" PRIu64 " keys; each of its logins takes one",
		    usage.keys, usage.max_keys);
		doctor_remedy(d,
		    "sysctl -w kernel.keys.maxkeys=%" PRIu64 ", and a line in " SYSCTL_FILE,
		    round_up(usage.max_keys, 100));
	}
	if (usage.bytes > usage.max_bytes / 10 * 8) {
		doctor_warn(d, agent->user,
		    "it has used %" PRIu64 " of its %" PRIu64 " bytes of keys", usage.bytes,
		    usage.max_bytes);
		doctor_remedy(d,
		    "sysctl -w kernel.keys.maxbytes=%" PRIu64 ", and a line in " SYSCTL_FILE,
		    round_up(usage.max_bytes, 10000));
	}
}

static void check_agent_quota(struct doctor *d)
{
	doctor_each_agent(d, look_at_agent, NULL, NULL);
}

const struct doctor_check doctor_kernel[] = {
    {"kernel-keyring", "the kernel gives us keyrings", check_keyring},
    {"kernel-namespace", "this is the first user namespace", check_namespace},
    {"kernel-root-quota", "root's key quota has room for every identity", check_root_quota},
    {"kernel-agent-quota", "no agent is near its key quota", check_agent_quota},
    {0},
};

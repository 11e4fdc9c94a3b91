/* SPDX-License-Identifier: MIT */
/* Taking in what codex wrote and nobody stored, root's side: see intake.h. */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "audit/audit.h"
#include "harvest.h"
#include "identity/agent.h"
#include "intake.h"
#include "machine/grow.h"
#include "sync/wanted.h"
#include "util/cleanup.h"
#include "util/spawn.h"

/* All that a child which was not tampered with can say. */
#define HARVEST_MAX (AGENT_IDENTITIES_MAX * (sizeof(struct harvest) + 2 * HARVEST_BYTES_MAX))

/* Until its end, the deadline, or more than it may say. */
static int read_all(int fd, struct deadline deadline, struct buf *out)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	for (;;) {
		void *to = buf_reserve(out, HARVEST_BYTES_MAX);
		ssize_t got;

		if (!to)
			return out->error;
		if (poll(&wait, 1, deadline_left(deadline)) == 0)
			return -ETIMEDOUT;
		got = read(fd, to, HARVEST_BYTES_MAX);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return 0;
		out->len += got > 0 ? (size_t)got : 0;
		if (out->len > HARVEST_MAX)
			return -EFBIG;
	}
}

/*
 * Its exit status; a child that does not end by itself is killed. One that was taken over may have said all
 * and stay: that, too, only until the deadline.
 */
static int reap(pid_t pid, struct deadline deadline, int error)
{
	fd_auto pidfd = pidfd_open(pid, 0);
	int status;

	if (!error && pidfd < 0)
		error = -errno;
	if (!error && !spawn_ends(pidfd, deadline))
		error = -ETIMEDOUT;
	if (error)
		kill(pid, SIGKILL); /* not reaped yet: the pid is still its own */
	status = spawn_reap(pid);
	if (error)
		return error;
	return status < 0 ? -ECHILD : status >= 128 ? -EINTR : status;
}

static int run_child(const struct intake *intake, struct buf *out, struct reason *why)
{
	fd_auto reader = -1;
	fd_auto writer = -1;
	int ends[2], r;
	pid_t pid;

	if (pipe(ends) < 0)
		return reason_errno(why, -errno, "making a pipe");
	reader = ends[0];
	writer = ends[1];
	pid = fork();
	if (pid < 0)
		return reason_errno(why, -errno, "forking");
	if (pid == 0)
		_exit(harvest(intake, writer));
	cleanup_fd(&writer);
	writer = -1;
	r = reap(pid, intake->deadline, read_all(reader, intake->deadline, out));
	if (r == HARVEST_RUNNING)
		return 1;
	if (r > 0)
		return reason_set(why, -EIO, "the agent's files could not be read (step %d)", r);
	return r < 0 ? reason_errno(why, r, "reading the agent's files") : 0;
}

/* What the child says is the agent's word: a name that no session has could be any secret's. */
static bool is_plausible(const struct harvest *item)
{
	return item->magic == HARVEST_MAGIC && item->len && item->len <= CODEX_LOGIN_MAX &&
	       item->sent_len <= HARVEST_BYTES_MAX && item->from_len <= HARVEST_BYTES_MAX &&
	       memchr(item->identity, '\0', sizeof(item->identity)) &&
	       memchr(item->secret, '\0', sizeof(item->secret)) && codex_is_login(item->secret);
}

/* What follows the record. */
static size_t bytes_of(const struct harvest *item)
{
	return (size_t)item->len + item->sent_len + item->from_len;
}

static int store(const struct intake *intake, struct machine *machine, const struct harvest *item,
    const char *bytes, struct reason *why)
{
	buf_auto sent = {0};
	buf_auto from = {0};
	struct grow grow = {.change = {.name = item->secret,
				.value = bytes,
				.len = item->len,
				.keep = (unsigned)intake->conf->keep,
				.by_agent = true,
				.by = intake->user},
	    .base = item->base,
	    .from_none = !item->base,
	    .keeps_expiry = item->base != 0,
	    .policy = intake->conf};
	uint64_t version = 0;
	char text[24] = "";
	int r = buf_add(&sent, bytes + item->len, item->sent_len);

	if (r == 0)
		r = buf_add(&from, bytes + item->len + item->sent_len, item->from_len);
	if (item->sent_len)
		grow.sent = &sent;
	if (item->from_len)
		grow.from = &from;
	if (r == 0)
		r = grow_store(machine, item->identity, &grow, &version, why);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)version);
	audit("write-back",
	    r == 0         ? "done"
	    : r == -EACCES ? "denied"
			   : "failed",
	    "user", intake->user, "identity", item->identity, "name", item->secret, "version",
	    version ? text : NULL, "via", "ravi-load", "cause", r ? why->text : NULL, NULL);
	if (r == 0 || r == -ESTALE)
		wanted_ask(intake->conf, item->identity);
	/* A conflict is stored, too; and what the administrator forbids would be forbidden for ever. */
	return r == -ESTALE || r == -EACCES ? 0 : r;
}

static int store_all(const struct intake *intake, const struct agent *agent,
    const struct buf *harvested, struct reason *why)
{
	machine_auto machine = {0};
	struct harvest item;
	size_t at = 0;
	int r = machine_open(&machine, why);

	while (r == 0 && at < harvested->len) {
		if (harvested->len - at < sizeof(item))
			return reason_set(why, -EPROTO, "the agent's files: half a record");
		memcpy(&item, harvested->data + at, sizeof(item));
		at += sizeof(item);
		if (!is_plausible(&item) || harvested->len - at < bytes_of(&item))
			return reason_set(why, -EPROTO, "the agent's files: no record of ours");
		/* One that the agent carries no more has no vault to go to, and stops no other's. */
		if (agent_has(agent, item.identity))
			r = store(intake, &machine, &item, harvested->data + at, why);
		at += bytes_of(&item);
	}
	return r;
}

int intake_run(const struct intake *intake, struct reason *why)
{
	buf_auto harvested = {0};
	struct agent agent;
	int r = run_child(intake, &harvested, why);

	if (r != 0 || !harvested.len)
		return r;
	r = agent_load(intake->user, &agent, why);
	if (r == -ENOENT || (r == 0 && agent.uid != intake->uid))
		return reason_set(why, -ENOENT, "%s is no agent (any more)", intake->user);
	return r < 0 ? r : store_all(intake, &agent, &harvested, why);
}

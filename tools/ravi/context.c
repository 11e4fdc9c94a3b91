/* SPDX-License-Identifier: MIT */
/* What root's commands work on: see context.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/paths.h"
#include "context.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/file.h"
#include "util/text.h"

#define LOADER_MILLISECONDS 15000 /* nobody waits for a login here */

int context_need_root(const char *what, struct reason *why)
{
	if (geteuid() == 0)
		return 0;
	return reason_set(why, -EPERM, "only root may %s; say it with sudo", what);
}

static void note_unknown(void *nothing, const char *where, const char *key)
{
	(void)nothing;
	cli_note("%s: unknown key \"%s\" ignored", where, key);
}

int context_conf(struct conf *conf, struct reason *why)
{
	return conf_load(conf, 0, NULL, note_unknown, NULL, why);
}

int context_open(struct context *context, struct reason *why)
{
	int r = context_conf(&context->conf, why);

	return r < 0 ? r : machine_open(&context->machine, why);
}

void context_close(struct context *context)
{
	machine_close(&context->machine);
	conf_free(&context->conf);
}

int context_fail(int error, const struct reason *why)
{
	int code = cli_fail(error, why);

	return code == EXIT_USAGE ? EXIT_FAILED : code;
}

/* All living identities of this machine, up to what a message holds. */
struct census {
	size_t count;
	char first[IDENTITY_NAME_MAX + 1];
	char names[240];
};

static int count_agent(void *context, const struct agent *agent)
{
	struct census *census = context;

	for (size_t i = 0; i < agent->count; i++) {
		size_t used = strlen(census->names);

		/* The state is the default identity's; deleted additional ones are dropped. */
		if (i == 0 && agent->state == AGENT_DELETED)
			continue;
		if (!census->count++)
			strcpy(census->first, agent->identities[i]);
		snprintf(census->names + used, sizeof(census->names) - used, "%s%s",
		    used ? ", " : "", agent->identities[i]);
	}
	return 0;
}

int context_identity(const char *named, char identity[IDENTITY_NAME_MAX + 1], struct reason *why)
{
	const char *name = named ? named : getenv("RAVI_IDENTITY");
	struct census census = {0};
	int r;

	if (name && *name) {
		r = identity_name_check(name, why);
		if (r == 0)
			strcpy(identity, name);
		return r;
	}
	r = agent_each(count_agent, &census, why);
	if (r < 0)
		return r == -EINVAL ? -EBADMSG : r;
	if (!census.count)
		return reason_set(why, -ENOSECRET,
		    "there is no identity yet; make one: ravi identity create --name NAME");
	if (census.count > 1)
		return reason_set(why, -EINVAL,
		    "which identity? say --identity NAME or set RAVI_IDENTITY: %s", census.names);
	strcpy(identity, census.first);
	return 0;
}

int context_need_living(const struct vault *vault, struct reason *why)
{
	if (vault_state(vault) != AGENT_DELETED)
		return 0;
	return reason_set(why, -ENOSECRET,
	    "identity %s is deleted; start it again: ravi identity create --name %s",
	    vault_name(vault), vault_name(vault));
}

int context_loader(const struct conf *conf, enum loader_task task, const char *user,
    struct loader_record *record, struct reason *why)
{
	const struct loader_request request = {
	    .task = task, .user = user, .reach = conf_reach_word(conf->reach)};
	int r = loader_ask(&request, deadline_in(LOADER_MILLISECONDS), record, why);

	/* Exit code 6 is for stores and services. */
	return r == -ETIMEDOUT ? -EIO : r;
}

int context_refresh(const struct context *context, const char *user, struct reason *why)
{
	return machine_refresh(
	    user, conf_reach_word(context->conf.reach), deadline_in(LOADER_MILLISECONDS), why);
}

int context_release(const struct context *context, const char *user, struct reason *why)
{
	struct loader_record record;
	int r = context_loader(&context->conf, LOADER_RELEASE, user, &record, why);

	if (r < 0)
		return reason_prefix(why, -EIO,
		    "stored, but not all that %s has could be ended (say: ravi release %s): ", user,
		    user);
	return 0;
}

const char *context_result(int error)
{
	if (error >= 0)
		return "done";
	return error == -EPERM || error == -EACCES || error == -EKEYREJECTED ? "denied" : "failed";
}

/* Whether the kernel knows as whom this process logged in: /proc/self/loginuid, (uid_t)-1 for nobody. */
static bool login_uid(uid_t *uid)
{
	fd_auto fd = open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC);
	buf_auto text = {0};
	uint64_t number;

	if (fd < 0 || file_read_fd(fd, 16, &text) < 0 ||
	    text_number(buf_text(&text), 10, 0, UINT32_MAX - 1, &number) < 0)
		return false;
	*uid = (uid_t)number;
	return true;
}

static uid_t doer(void)
{
	const char *sudo = getenv("SUDO_UID");
	uid_t uid = getuid();
	uint64_t number;

	if (!login_uid(&uid) && uid == 0 && sudo &&
	    text_number(sudo, 10, 1, UINT32_MAX - 1, &number) == 0)
		uid = (uid_t)number;
	return uid;
}

struct uid_text context_uid(void)
{
	struct uid_text uid;

	snprintf(uid.text, sizeof(uid.text), "%u", doer());
	return uid;
}

struct writer_text context_writer(void)
{
	struct writer_text writer;
	uid_t uid = doer();
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		snprintf(writer.text, sizeof(writer.text), "%s", pw->pw_name);
	else
		snprintf(writer.text, sizeof(writer.text), "%u", uid);
	return writer;
}

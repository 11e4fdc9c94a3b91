/* SPDX-License-Identifier: MIT */
/*
 * ravi-codex save: what `codex login` has left in CODEX_HOME, the one thing for which a human was needed,
 * goes into the vault; in its place comes a link to tmpfs.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/client.h"
#include "commands.h"
#include "prepare.h"
#include "store.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/file.h"
#include "util/nodump.h"
#include "util/report.h"

/* What codex holds while it writes its auth.json. */
#define CODEX_OWN_LOCK "auth.lock"

/* It may be a link of the agent's own; what it leads to must be a file of the agent's. */
static int read_found(const struct place *place, struct buf *content, struct reason *why)
{
	fd_auto fd = openat(place->home_fd, CODEX_FILE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return reason_errno(why, -errno, "%s/" CODEX_FILE, place->home);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return reason_set(
		    why, -EPERM, "%s/" CODEX_FILE " is no file of this user's", place->home);
	r = file_read_fd(fd, CODEX_LOGIN_MAX, content);
	if (r < 0)
		return reason_errno(why, r, "%s/" CODEX_FILE, place->home);
	r = codex_file_check(content->data, content->len, why);
	return r < 0 ? reason_prefix(why, r, "%s/" CODEX_FILE ": ", place->home) : 0;
}

/* On top of the version that the ring has: who logs in knows of that one and of no other. */
static int send_found(
    struct place *place, const struct buf *content, uint64_t *version, struct reason *why)
{
	buf_auto held = {0};
	struct broker_write write = {.identity = place->identity,
	    .name = CODEX_SECRET,
	    .value = content->data,
	    .len = content->len,
	    .has_base = true};
	int r = place_read(place, CODEX_SECRET, &held, &write.base, why);

	if (r < 0 && r != -ENOSECRET && r != -EKEYEXPIRED)
		return r;
	/* What has expired is none, and its end is not that of the login that comes in its place. */
	if (r < 0)
		write.base = 0;
	else
		write.expires = ring_profile_expires(&place->profile, CODEX_SECRET);
	return broker_set(&write, deadline_in(BROKER_MILLISECONDS), version, why);
}

/* A running codex has the old login in memory, and would put its next refresh on top of this one. */
static int check_alone(const struct place *place, struct reason *why)
{
	fd_auto running = codex_lock_open(place->folder_fd, CODEX_LOCK_RUNNING, false, why);

	if (running < 0)
		return running;
	if (prepare_is_alone(running))
		return 0;
	return reason_set(why, -EBUSY,
	    "a codex of %s runs with the login that is stored; end it first, then say it again",
	    place->choice.identity);
}

static int save_found(struct place *place, uint64_t *version, struct reason *why)
{
	struct login login = {.form = CODEX_AUTH_FILE, .secret = CODEX_SECRET};
	buf_auto content = {0};
	int r = check_alone(place, why);

	if (r == 0)
		r = store_back(place, deadline_in(BROKER_MILLISECONDS), why);
	/* What is torn there is replaced. */
	if (r == 0 || r == -EBADMSG)
		r = read_found(place, &content, why);
	if (r == 0)
		r = send_found(place, &content, version, why);
	if (r < 0)
		return r;
	login.version = *version;
	r = store_place(place, &login, &content, why);
	return r < 0 ? r : link_put(place, why);
}

static int save_linked(struct place *place, uint64_t *version, struct reason *why)
{
	codex_base_auto base = {0};
	int r = store_back(place, deadline_in(BROKER_MILLISECONDS), why);

	if (r == 0)
		r = codex_base_load(place->folder_fd, &base, why);
	if (r == -ENOENT || (r == 0 && !base.version))
		return reason_set(why, -ENOSECRET,
		    "there is no login to save in %s; make one: ravi-codex login --device-auth",
		    place->home);
	*version = base.version;
	return r;
}

static int save_locked(struct place *place, uint64_t *version, struct reason *why)
{
	int state = link_look(place, why);

	if (state == LINK_NONE)
		return reason_set(why, -ENOSECRET,
		    "there is no login to save in %s; make one: ravi-codex login --device-auth",
		    place->home);
	if (state == LINK_OTHER)
		return reason_set(why, -EPERM,
		    "%s has the login of another identity; say --identity, or set CODEX_HOME",
		    place->home);
	if (state < 0)
		return state;
	return state == LINK_OURS ? save_linked(place, version, why)
				  : save_found(place, version, why);
}

static int save(struct place *place, const char *identity, uint64_t *version, struct reason *why)
{
	struct deadline deadline = deadline_in(PREPARE_MILLISECONDS);
	fd_auto lock = -1;
	fd_auto own = -1;
	int r = place_find(place, identity, false, why);

	if (r == 0)
		r = place_open_home(place, deadline, why);
	if (r == 0)
		r = place_open_folder(place, why);
	if (r < 0)
		return r;
	lock = codex_lock_open(place->folder_fd, CODEX_LOCK, false, why);
	own = codex_lock_open(place->home_fd, CODEX_OWN_LOCK, false, why);
	if (lock < 0 || own < 0)
		return lock < 0 ? lock : own;
	r = codex_lock_take(lock, LOCK_EX, deadline, why);
	if (r == 0)
		r = codex_lock_take(own, LOCK_EX, deadline, why);
	return r < 0 ? r : save_locked(place, version, why);
}

int run_save(void *values, int argc, char **argv)
{
	const struct request *request = values;
	report_auto out = report_begin(request->json, 0);
	place_auto place = PLACE_NONE;
	struct reason why = {0};
	struct rlimit core;
	uint64_t version = 0;
	int r = nodump_begin(&core);

	(void)argc, (void)argv;
	if (r == 0)
		r = save(&place, request->identity, &version, &why);
	if (r < 0)
		return cli_fail(r, &why);
	report_say(&out,
	    "the login of %s is stored, as version %llu; %s/" CODEX_FILE " is a link to tmpfs",
	    place.choice.identity, (unsigned long long)version, place.home);
	jsonout_text(&out.j, "identity", place.choice.identity);
	jsonout_text(&out.j, "name", CODEX_SECRET);
	jsonout_number(&out.j, "version", (int64_t)version);
	jsonout_text(&out.j, "home", place.home);
	r = report_print(&out);
	return r < 0 ? cli_fail(r, NULL) : EXIT_DONE;
}

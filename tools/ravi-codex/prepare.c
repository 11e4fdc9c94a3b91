/* SPDX-License-Identifier: MIT */
/* What has to be in place before codex starts: see prepare.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "broker/client.h"
#include "prepare.h"
#include "store.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "watch.h"

bool prepare_is_alone(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	flock(fd, LOCK_UN);
	return true;
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* What the folder holds, compared with what the ring has. */
struct finding {
	struct codex_base base;
	bool has_base;
	struct buf content; /* of auth.json; len 0: none */
	int growth;         /* codex_growth_find's */
};

#define finding_auto __attribute__((cleanup(finding_free))) struct finding

static void finding_free(struct finding *finding)
{
	codex_base_free(&finding->base);
	buf_free(&finding->content);
}

static int look(const struct place *place, struct finding *finding, struct reason *why)
{
	codex_growth_auto growth = {0};
	int r = codex_base_load(place->folder_fd, &finding->base, why);

	/* One that is damaged tells nothing, and is replaced. */
	finding->has_base = r == 0;
	if (r < 0 && r != -ENOENT && r != -EBADMSG)
		return r;
	r = codex_read(place->folder_fd, CODEX_FILE, &finding->content, why);
	if (r < 0 && r != -ENOENT)
		return r;
	finding->growth = codex_growth_find(place->folder_fd, &growth, NULL);
	return 0;
}

/* Whether this codex may get the ring's login, while others run with the one that lies there. */
static bool may_replace(const struct finding *finding, const struct login *login, bool alone)
{
	if (alone || !finding->content.len)
		return true;
	/* Nothing rewrites the file of a key. */
	return finding->has_base && finding->growth == 0 && finding->base.form == CODEX_API_KEY &&
	       login->form == CODEX_API_KEY;
}

static int settle(const struct place *place, const struct login *login, const struct buf *file,
    bool alone, struct reason *why)
{
	finding_auto finding = {0};
	int r = look(place, &finding, why);

	if (r < 0)
		return r;
	/* The vault lacks what lies there: it is shared, and written back when the broker is there. */
	if (finding.growth == 1)
		return 0;
	if (finding.content.len && same(&finding.content, file)) {
		if (finding.has_base && finding.base.version == login->version &&
		    !strcmp(finding.base.secret, login->secret))
			return 0;
		return store_place(place, login, file, why);
	}
	if (!may_replace(&finding, login, alone)) {
		cli_note("version %llu of %s is used when no codex of this login runs any more; "
			 "until then the one that they have is shared",
		    (unsigned long long)login->version, login->secret);
		return 0;
	}
	return store_place(place, login, file, why);
}

/*
 * A login to come (`codex login`): nothing lies there, and what will has grown from what the ring has now. One that
 * lies there goes when the vault had it and nobody runs with it: its version, which may be deleted, is not the base.
 */
static int expect_login(
    const struct place *place, const struct login *login, bool alone, struct reason *why)
{
	finding_auto finding = {0};
	buf_auto nothing = {0};
	int r = look(place, &finding, why);

	if (r < 0)
		return r;
	if (finding.has_base &&
	    (finding.base.version == login->version || !alone || finding.growth == 1))
		return 0;
	if (finding.has_base && unlinkat(place->folder_fd, CODEX_FILE, 0) < 0 && errno != ENOENT)
		return reason_errno(why, -errno, "%s/" CODEX_FILE, place->folder);
	return store_place(place, login, &nothing, why);
}

static int settle_login(
    struct place *place, const struct login *login, bool alone, struct reason *why)
{
	buf_auto file = {0};
	int r;

	/* Left by one who was killed. If the broker is away, it is shared like any other. */
	if (alone)
		store_back(place, deadline_in(BROKER_MILLISECONDS), NULL);
	if (!login->value.len)
		return expect_login(place, login, alone, why);
	r = codex_file_make(login->form, &login->value, &file);
	if (r < 0)
		return reason_errno(why, r, "%s", login->secret);
	return settle(place, login, &file, alone, why);
}

/* Whether codex of another login has this CODEX_HOME: it would follow the link to ours when it saves. */
static bool is_in_use(const struct place *place)
{
	char target[PATH_MAX] = "", *name;
	fd_auto running = -1;

	if (readlinkat(place->home_fd, CODEX_FILE, target, sizeof(target) - 1) < 0)
		return false;
	name = strrchr(target, '/');
	if (!name || (size_t)(name - target) + sizeof("/" CODEX_LOCK_RUNNING) > sizeof(target))
		return false;
	strcpy(name, "/" CODEX_LOCK_RUNNING);
	running = open(target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return running >= 0 && !prepare_is_alone(running);
}

static int check_link(const struct place *place, struct reason *why)
{
	int state = link_look(place, why);

	if (state < 0 || state == LINK_NONE || state == LINK_OURS)
		return state;
	if (state == LINK_FILE)
		return reason_set(why, -EPERM,
		    "%s/" CODEX_FILE
		    " is a login in clear; `ravi-codex save` stores it and puts a link there",
		    place->home);
	if (state == LINK_FOREIGN)
		return reason_set(why, -EPERM,
		    "%s/" CODEX_FILE " is a link to somewhere else; store what it leads to with "
		    "`ravi-codex save`, or remove it",
		    place->home);
	if (is_in_use(place))
		return reason_set(why, -EBUSY,
		    "a codex of another identity runs with CODEX_HOME %s; set another one for %s",
		    place->home, place->choice.identity);
	return state;
}

static int prepare_locked(
    struct place *place, const struct login *login, int running, struct reason *why)
{
	bool alone = prepare_is_alone(running);
	int state = check_link(place, why), r;

	if (state < 0)
		return state;
	r = settle_login(place, login, alone, why);
	if (r == 0 && state != LINK_OURS)
		r = link_put(place, why);
	if (r == 0)
		r = codex_lock_take(running, LOCK_SH, deadline_in(PREPARE_MILLISECONDS), why);
	return r < 0 ? r : watch_start(place, why);
}

int prepare(struct place *place, const struct login *login, struct reason *why)
{
	struct deadline deadline = deadline_in(PREPARE_MILLISECONDS);
	fd_auto lock = -1;
	fd_auto running = -1;
	int r = place_open_home(place, deadline, why);

	if (r == 0)
		r = place_open_folder(place, why);
	if (r < 0)
		return r;
	lock = codex_lock_open(place->folder_fd, CODEX_LOCK, false, why);
	if (lock < 0)
		return lock;
	running = codex_lock_open(place->folder_fd, CODEX_LOCK_RUNNING, true, why);
	if (running < 0)
		return running;
	r = codex_lock_take(lock, LOCK_EX, deadline, why);
	if (r == 0)
		r = prepare_locked(place, login, running, why);
	if (r < 0)
		return r;
	/* From here on codex holds it, and the kernel lets it go when the last of its processes ends. */
	(void)take_fd(&running);
	return 0;
}

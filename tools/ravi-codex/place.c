/* SPDX-License-Identifier: MIT */
/* Whose codex this is, and where it keeps what: see place.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "config/paths.h"
#include "place.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/file.h"

void place_close(struct place *place)
{
	cleanup_fd(&place->home_fd);
	cleanup_fd(&place->folder_fd);
	place->home_fd = place->folder_fd = -1;
	ring_profile_free(&place->profile);
}

void login_free(struct login *login)
{
	buf_free(&login->value);
}

/* CODEX_HOME, or ~/.codex, beside which every further identity has one of its own. */
int place_find_home(struct place *place, struct reason *why)
{
	const char *home = getenv("CODEX_HOME"), *base = getenv("HOME");
	const struct passwd *pw;
	int n;

	if (home && *home == '/') {
		n = snprintf(place->home, PATH_MAX, "%s", home);
	} else if (home && *home) {
		return reason_set(why, -EINVAL, "CODEX_HOME must be an absolute path");
	} else {
		pw = base && *base == '/' ? NULL : getpwuid(geteuid());
		base = pw ? pw->pw_dir : base;
		if (!base || *base != '/')
			return reason_set(why, -EINVAL, "set HOME or CODEX_HOME");
		n = snprintf(place->home, PATH_MAX, "%s/.codex%s%s", base,
		    place->identity ? "-" : "", place->identity ? place->identity : "");
	}
	return n < PATH_MAX ? 0 : reason_set(why, -ENAMETOOLONG, "CODEX_HOME is too long");
}

int place_find(struct place *place, const char *option, bool of_daemon, struct reason *why)
{
	char standard[IDENTITY_NAME_MAX + 1];
	const char *wanted = getenv("RAVI_IDENTITY");
	bool by_default = !option && of_daemon && !(wanted && *wanted);
	int r = ring_find(&place->ring, why);

	if (r == 0 && by_default) {
		r = ring_read_profile(&place->ring, NULL, &place->profile, why);
		strcpy(standard, place->profile.name);
		option = standard;
	}
	if (r == 0)
		r = choice_vault(&place->ring, option, &place->choice, &place->identity, why);
	/* Nobody has said it. */
	if (by_default)
		place->choice.source = CHOICE_DEFAULT;
	if (r == 0)
		r = ring_read_profile(&place->ring, place->identity, &place->profile, why);
	if (r < 0)
		return r;
	snprintf(place->folder, sizeof(place->folder), "%s/%s/" CODEX_FOLDER "/%s", PATH_HOMES,
	    place->ring.user, place->choice.identity);
	return place_find_home(place, why);
}

int place_open_home(struct place *place, struct deadline deadline, struct reason *why)
{
	struct stat st;

	if (mkdir(place->home, 0700) < 0 && errno != EEXIST)
		return reason_errno(why, -errno, "making %s", place->home);
	/* The folder may be a link of its owner's. */
	place->home_fd = open(place->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->home_fd < 0 || fstat(place->home_fd, &st) < 0)
		return reason_errno(why, -errno, "%s", place->home);
	if (st.st_uid != geteuid())
		return reason_set(why, -EPERM, "%s belongs to uid %u; set CODEX_HOME to your own",
		    place->home, st.st_uid);
	/* codex itself leaves sessions and snapshots there by its umask. */
	if ((st.st_mode & 0077) && fchmod(place->home_fd, 0700) < 0)
		return reason_errno(why, -errno, "mode of %s", place->home);
	return codex_lock_take(place->home_fd, LOCK_EX, deadline, why);
}

static int check_tmpfs(const struct place *place, int fd, struct reason *why)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return reason_errno(why, -errno, "%s", place->folder);
	if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC)
		return 0;
	return reason_set(why, -EMEDIUMTYPE,
	    "%s is on a disk, where no login may lie in clear; as root: mount -t tmpfs -o "
	    "mode=0711,size=16m ravi %s, then ravi reload %s",
	    PATH_HOMES, PATH_HOMES, place->ring.user);
}

int place_open_folder(struct place *place, struct reason *why)
{
	fd_auto user = -1;
	fd_auto codex = -1;
	char path[128];
	int r;

	snprintf(path, sizeof(path), "%s/%s", PATH_HOMES, place->ring.user);
	user = dir_open(AT_FDCWD, path, geteuid(), why);
	if (user == -ENOENT)
		return reason_set(why, -ENORING,
		    "%s is missing: log in again, or as root: ravi reload %s", path,
		    place->ring.user);
	r = user < 0 ? user : check_tmpfs(place, user, why);
	if (r < 0)
		return r;
	codex = dir_make(user, CODEX_FOLDER, 0700, geteuid(), why);
	if (codex < 0)
		return codex;
	place->folder_fd = dir_make(codex, place->choice.identity, 0700, geteuid(), why);
	return place->folder_fd < 0 ? place->folder_fd : 0;
}

int place_login(const struct place *place, struct login *login, struct reason *why)
{
	int r = -ENOSECRET;

	for (size_t i = 0; i < CODEX_SECRET_NAMES && r == -ENOSECRET; i++) {
		strcpy(login->secret, codex_secret_names[i]);
		r = ring_read(&place->ring, place->identity, login->secret, &login->value, why);
	}
	if (r == -ENOSECRET)
		return reason_set(why, r,
		    "%s has no Codex login: none of CODEX_SESSION_TOKEN, CODEX_API_KEY, "
		    "CODEX_ACCESS_TOKEN; store one, or: ravi-codex login --device-auth",
		    place->choice.identity);
	if (r < 0)
		return r;
	login->version = ring_profile_version(&place->profile, login->secret, &login->updated);
	if (!login->version)
		return reason_set(why, -EPROTO,
		    "the ring does not say which version %s has; as root: ravi reload %s",
		    login->secret, place->ring.user);
	r = codex_form_of(login->value.data, login->value.len, &login->form, why);
	return r < 0 ? reason_prefix(why, r, "%s of %s is no Codex login: ", login->secret,
			   place->choice.identity)
		     : 0;
}

int place_read(struct place *place, const char *secret, struct buf *value, uint64_t *version,
    struct reason *why)
{
	const char *identity = place->choice.identity;
	time_t updated;
	/* Who writes back outlives rings: the one it started with may have ended. */
	int r = ring_find(&place->ring, why);

	if (r == 0)
		r = ring_read_profile(&place->ring, identity, &place->profile, why);
	if (r < 0)
		return r;
	*version = ring_profile_version(&place->profile, secret, &updated);
	return ring_read(
	    &place->ring, place->profile.is_default ? NULL : identity, secret, value, why);
}

/* SPDX-License-Identifier: MIT */
/* The binding of a git worktree: see worktree.h. Finds git dirs as git does, without running it. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "choice/gitconfig.h"
#include "choice/worktree.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"

#define GITFILE     "gitdir: "
#define GITFILE_MAX (PATH_MAX + 64)
#define MODULES     "/modules/"
#define WAY_OUT     "; cd elsewhere, or say which identity (--identity, RAVI_IDENTITY)"

struct place {
	char dir[PATH_MAX]; /* a git dir, without links in its path */
	uid_t owner;        /* of the .git that led there */
};

static int join(char path[PATH_MAX], const char *dir, const char *name, struct reason *why)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	if (n < 0 || n >= PATH_MAX)
		return reason_set(why, -ENAMETOOLONG, "the path of %.200s... is too long", dir);
	return 0;
}

static bool is_there(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return join(path, dir, name, NULL) == 0 && access(path, F_OK) == 0;
}

/* As git tells them: the main one has objects of its own, a linked worktree's names where they are. */
static bool is_git_dir(const char *dir)
{
	return is_there(dir, "HEAD") && (is_there(dir, "objects") || is_there(dir, "commondir"));
}

/* What is another user's can be planted: a .git in /tmp must not choose an identity of ours. */
static bool is_foreign(uid_t owner)
{
	return owner != geteuid() && owner != 0;
}

/* A small regular file; `owner` is that of what was opened. -ENOENT without a reason. */
static int read_small(
    const char *path, size_t max, struct buf *text, uid_t *owner, struct reason *why)
{
	fd_auto fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return reason_errno(why, -errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return reason_set(why, -EBADMSG, "%s is not a regular file", path);
	*owner = st.st_uid;
	r = file_read_fd(fd, max, text);
	if (r == -EFBIG)
		return reason_set(why, r, "%s is larger than %zu bytes", path, max);
	return r < 0 ? reason_errno(why, r, "%s", path) : 0;
}

/* The git dir that the .git file `path` names: "gitdir: PATH", relative to the folder of that file. */
static int follow_gitfile(const char *path, struct place *place, struct reason *why)
{
	const char *slash = strrchr(path, '/'), *target;
	char named[PATH_MAX];
	buf_auto text = {0};
	int r;

	r = read_small(path, GITFILE_MAX, &text, &place->owner, why);
	if (r < 0)
		return r == -ENOENT ? reason_errno(why, r, "%s", path) : r;
	while (text.len && strchr("\r\n", text.data[text.len - 1]))
		buf_cut(&text, text.len - 1);
	if (strncmp(buf_text(&text), GITFILE, strlen(GITFILE)) ||
	    strlen(buf_text(&text)) != text.len)
		return reason_set(why, -EBADMSG, "%s is not \"" GITFILE "PATH\"" WAY_OUT, path);
	target = text.data + strlen(GITFILE);
	r = snprintf(named, sizeof(named), "%.*s%s",
	    *target != '/' && slash ? (int)(slash + 1 - path) : 0, path, target);
	if (r < 0 || r >= PATH_MAX)
		return reason_set(why, -ENAMETOOLONG, "the path in %.200s is too long", path);
	if (!realpath(named, place->dir))
		return reason_errno(why, -errno, "%s, which %s names" WAY_OUT, named, path);
	return 0;
}

/* The git dir that `path` is or, when it is a .git file, names. */
static int resolve(const char *path, const struct stat *st, struct place *place, struct reason *why)
{
	if (S_ISREG(st->st_mode))
		return follow_gitfile(path, place, why);
	place->owner = st->st_uid;
	if (!realpath(path, place->dir))
		return reason_errno(why, -errno, "%s" WAY_OUT, path);
	return 0;
}

static int resolve_named(const char *git_dir, struct place *place, struct reason *why)
{
	struct stat st;

	if (stat(git_dir, &st) < 0)
		return reason_errno(why, -errno, "the git dir %s" WAY_OUT, git_dir);
	return resolve(git_dir, &st, place, why);
}

/* A link is whoever's who made it: what it leads to may well be ours, and was not put here by us. */
static int check_link(const char *path, struct place *place, struct reason *why)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return reason_errno(why, -errno, "%s" WAY_OUT, path);
	if (S_ISLNK(st.st_mode) && is_foreign(st.st_uid))
		place->owner = st.st_uid;
	return 0;
}

/* The .git in `folder`: 1 when it leads to a git dir, 0 when git would look further up. */
static int look_for_dot_git(const char *folder, struct place *place, struct reason *why)
{
	char path[PATH_MAX];
	struct stat st;
	int r = join(path, folder, ".git", why);

	if (r < 0)
		return r;
	if (stat(path, &st) < 0) {
		/* A folder that this user cannot search is no worktree that it can work in. */
		if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
			return 0;
		return reason_errno(why, -errno, "%s" WAY_OUT, path);
	}
	if (!S_ISREG(st.st_mode) && !is_foreign(st.st_uid) && access(path, X_OK) < 0)
		return reason_errno(why, -errno, "%s" WAY_OUT, path);
	if (!S_ISREG(st.st_mode) && !is_git_dir(path))
		return 0;
	r = resolve(path, &st, place, why);
	if (r == 0)
		r = check_link(path, place, why);
	return r < 0 ? r : 1;
}

/* From the working directory upwards: 1 with the git dir, 0: none. */
static int discover(struct place *place, struct reason *why)
{
	char folder[PATH_MAX];
	struct stat st;

	if (!getcwd(folder, sizeof(folder)))
		return reason_errno(why, -errno, "the working directory" WAY_OUT);
	for (;;) {
		char *slash = strrchr(folder, '/');
		int r = look_for_dot_git(folder, place, why);

		/* A bare repository, or a folder inside of a .git. */
		if (r == 0 && is_git_dir(folder) && stat(folder, &st) == 0) {
			r = resolve(folder, &st, place, why);
			r = r < 0 ? r : 1;
		}
		if (r || !slash || !slash[1])
			return r;
		slash[slash == folder] = '\0';
	}
}

/* Cuts a submodule's git dir to that of the worktree it lies in. */
static bool to_superproject(char *dir)
{
	for (char *end = dir + strlen(dir); end > dir; end--) {
		if (strncmp(end, MODULES, strlen(MODULES)) != 0)
			continue;
		*end = '\0';
		if (is_git_dir(dir))
			return true;
		*end = '/';
	}
	return false;
}

static int read_binding(
    const struct place *place, struct worktree_binding *binding, struct reason *why)
{
	buf_auto text = {0};
	buf_auto value = {0};
	unsigned line = 0;
	uid_t owner = 0;
	int r;

	r = join(binding->config, place->dir, WORKTREE_CONFIG, why);
	if (r == 0)
		r = read_small(binding->config, WORKTREE_CONFIG_MAX, &text, &owner, why);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = gitconfig_last(buf_text(&text), text.len, "ravi", "identity", &value, &line);
	if (r == -EINVAL)
		return reason_set(why, -EBADMSG,
		    "%s line %u: git could not read that; mend it" WAY_OUT, binding->config, line);
	if (r <= 0)
		return r;
	if (is_foreign(owner) || is_foreign(place->owner))
		return reason_set(why, -EACCES,
		    "%s binds this worktree to an identity, and it is another user's (uid "
		    "%u)" WAY_OUT,
		    binding->config, is_foreign(owner) ? owner : place->owner);
	r = identity_name_check(buf_text(&value), why);
	if (r < 0)
		return reason_prefix(why, r, "ravi.identity in %s: ", binding->config);
	strcpy(binding->identity, buf_text(&value));
	return 1;
}

/* The nearest binding of the repository at `place` and of those that it is a submodule of. */
static int read_bindings(struct place *place, struct worktree_binding *binding, struct reason *why)
{
	int r;

	do
		r = read_binding(place, binding, why);
	while (r == 0 && to_superproject(place->dir));
	return r;
}

int worktree_find(const char *git_dir, struct worktree_binding *binding, struct reason *why)
{
	const char *named = git_dir ? git_dir : secure_getenv("GIT_DIR");
	struct place place;
	int r;

	*binding = (struct worktree_binding){0};
	if (named && *named) {
		r = resolve_named(named, &place, why);
		if (r == 0)
			r = read_bindings(&place, binding, why);
		if (r || git_dir)
			return r;
	}
	r = discover(&place, why);
	return r <= 0 ? r : read_bindings(&place, binding, why);
}

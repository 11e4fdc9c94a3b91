/* SPDX-License-Identifier: MIT */
/* Where a binding is written: see place.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "choice/worktree.h"
#include "place.h"
#include "settings.h"
#include "util/cleanup.h"

#define LOCK_TRIES    100
#define LOCK_PAUSE_US 100000

static int join(char path[PATH_MAX], const char *dir, const char *name, struct reason *why)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	if (n < 0 || n >= PATH_MAX)
		return reason_set(why, -ENAMETOOLONG, "the path of %.200s... is too long", dir);
	return 0;
}

/* "name (uid N)" for a person who reads it. */
struct who {
	char text[80];
};

static struct who who(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);
	struct who who;

	snprintf(who.text, sizeof(who.text), "%.40s (uid %u)",
	    user ? user->pw_name : "nobody known", uid);
	return who;
}

static int say_foreign(const char *path, uid_t owner, struct reason *why)
{
	return reason_set(why, -EPERM,
	    "%.200s belongs to %s, and you are %s: nothing of another user's is changed; bind it "
	    "as "
	    "its owner, or bind a worktree of your own (git worktree add)",
	    path, who(owner).text, who(geteuid()).text);
}

/* What git calls dubious ownership, in words that say whose it is and what can be done. */
static int say_dubious(const char *path, struct reason *why)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return reason_errno(why, -errno, "%s", path);
	return reason_set(why, -EPERM,
	    "%.100s belongs to %s, and you are %s: git trusts no repository of another user "
	    "(\"dubious ownership\"), and nothing of it is changed. Bind it as its owner; or trust "
	    "it (git config --global --add safe.directory PATH, for the repository and each "
	    "worktree) and bind a worktree of your own in it",
	    path, who(st.st_uid).text, who(geteuid()).text);
}

/* The path in git's "detected dubious ownership in repository at 'PATH'"; `path` itself elsewhere. */
static int explain_dubious(const char *path, struct reason *git_said, struct reason *why)
{
	char *start = strstr(git_said->text, "repository at '"), *end;

	if (!start)
		return say_dubious(path, why);
	start += strlen("repository at '");
	end = strstr(start, "' ");
	if (end)
		*end = '\0';
	return say_dubious(access(start, F_OK) == 0 ? start : path, why);
}

static int explain(const char *path, struct reason *git_said, struct reason *why)
{
	if (strstr(git_said->text, "dubious ownership"))
		return explain_dubious(path, git_said, why);
	if (strstr(git_said->text, "not a git repository"))
		return reason_set(why, -ENOTDIR,
		    "%.200s is no git worktree; make one first (git clone URL PATH, or git -C "
		    "REPOSITORY worktree add PATH)",
		    path);
	return reason_set(why, -EIO, "%.100s: %.300s", path, git_said->text);
}

/* One answer of git rev-parse, less the newline that it ends with: paths may have newlines themselves. */
static int ask(const struct git *git, const char *path, const char *question, struct buf *answer,
    struct reason *why)
{
	struct reason said = {0};
	int r = GIT_RUN(
	    git, answer, &said, "-C", path, "rev-parse", "--path-format=absolute", question);

	if (r < 0)
		return explain(path, &said, why);
	if (answer->len && answer->data[answer->len - 1] == '\n')
		buf_cut(answer, answer->len - 1);
	return 0;
}

static int ask_path(const struct git *git, const char *path, const char *question,
    char out[PATH_MAX], struct reason *why)
{
	buf_auto answer = {0};
	int r = ask(git, path, question, &answer, why);

	if (r < 0)
		return r;
	if (answer.len >= PATH_MAX || *buf_text(&answer) != '/')
		return reason_set(why, -EIO, "git %s says nothing useful in %s", question, path);
	strcpy(out, answer.data);
	return 0;
}

static int check_is_worktree(const struct git *git, const char *path, struct reason *why)
{
	buf_auto answer = {0};
	int r = ask(git, path, "--is-inside-work-tree", &answer, why);

	if (r < 0 || !strcmp(buf_text(&answer), "true"))
		return r;
	r = ask(git, path, "--is-bare-repository", &answer, why);
	if (r < 0)
		return r;
	if (!strcmp(buf_text(&answer), "true"))
		return reason_set(why, -ENOTDIR,
		    "%.200s is a bare repository, in which nobody commits; bind a worktree of it "
		    "(git -C %.60s worktree add PATH)",
		    path, path);
	return reason_set(
	    why, -ENOTDIR, "%.200s lies inside a git dir; name the worktree itself", path);
}

int place_worktree(const struct git *git, const char *path, struct place *place, struct reason *why)
{
	char whole[PATH_MAX];
	struct stat st;
	int r;

	*place = (struct place){.lock = -1};
	if (!realpath(path, whole) || stat(whole, &st) < 0)
		return reason_errno(why, -errno, "%.200s", path);
	if (!S_ISDIR(st.st_mode))
		return reason_set(why, -ENOTDIR, "%.200s is no folder", path);
	r = check_is_worktree(git, whole, why);
	if (r == 0)
		r = ask_path(git, whole, "--show-toplevel", place->top, why);
	if (r == 0)
		r = ask_path(git, whole, "--git-dir", place->git_dir, why);
	if (r == 0)
		r = ask_path(git, whole, "--git-common-dir", place->common_dir, why);
	if (r == 0)
		r = join(place->config, place->git_dir, WORKTREE_CONFIG, why);
	if (r == 0)
		r = join(place->signers, place->git_dir, PLACE_SIGNERS, why);
	return r;
}

/* git reads what GIT_CONFIG_GLOBAL names and no other; else it writes ~/.gitconfig unless only the other is there. */
static int choose_user_config(struct place *place, struct reason *why)
{
	const char *config_home = getenv("XDG_CONFIG_HOME"), *named = getenv("GIT_CONFIG_GLOBAL");
	char other[PATH_MAX];
	int r = join(place->config, place->top, ".gitconfig", why);

	if (named && *named != '/')
		return reason_set(why, -EINVAL,
		    "GIT_CONFIG_GLOBAL is \"%.80s\"; it must be an absolute path", named);
	if (named && snprintf(place->config, PATH_MAX, "%s", named) >= PATH_MAX)
		return reason_set(why, -ENAMETOOLONG, "GIT_CONFIG_GLOBAL is too long");
	if (named)
		return 0;
	if (r < 0 || access(place->config, F_OK) == 0)
		return r;
	if (config_home && *config_home == '/')
		r = join(other, config_home, "git/config", why);
	else
		r = join(other, place->top, ".config/git/config", why);
	if (r == 0 && access(other, F_OK) == 0)
		strcpy(place->config, other);
	return r;
}

int place_user(struct place *place, struct reason *why)
{
	const char *home = getenv("HOME");
	const struct passwd *user;
	int r;

	*place = (struct place){.is_user = true, .lock = -1};
	if (!home || *home != '/') {
		user = getpwuid(geteuid());
		home = user ? user->pw_dir : "/";
	}
	if (!realpath(home, place->top))
		return reason_errno(why, -errno, "the home folder %s", home);
	strcpy(place->git_dir, place->top);
	strcpy(place->common_dir, place->top);
	r = choose_user_config(place, why);
	if (r == 0)
		r = join(place->signers, place->top, "." PLACE_SIGNERS, why);
	return r;
}

/* What is not there yet will be made in a folder that is checked as well. */
static int check_owner(const char *path, bool is_file, struct reason *why)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : reason_errno(why, -errno, "%s", path);
	if (st.st_uid != geteuid())
		return say_foreign(path, st.st_uid, why);
	if (is_file && !S_ISREG(st.st_mode))
		return reason_set(why, -EINVAL, "%s is no regular file", path);
	return 0;
}

static int check_dot_git(const struct place *place, struct reason *why)
{
	char path[PATH_MAX];
	int r = join(path, place->top, ".git", why);

	return r < 0 ? r : check_owner(path, false, why);
}

/* One lock a repository, which linked worktrees share. A folder, so that nothing is left behind. */
static int take_lock(struct place *place, struct reason *why)
{
	fd_auto fd = open(place->common_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return reason_errno(why, -errno, "%s", place->common_dir);
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			place->lock = take_fd(&fd);
			return 0;
		}
		if (errno != EWOULDBLOCK && errno != EINTR)
			return reason_errno(why, -errno, "locking %s", place->common_dir);
		usleep(LOCK_PAUSE_US);
	}
	return reason_set(why, -EBUSY,
	    "another ravi-git-config has been at work in %s for %d seconds; try again when it is "
	    "done",
	    place->common_dir, LOCK_TRIES * LOCK_PAUSE_US / 1000000);
}

int place_claim(struct place *place, struct reason *why)
{
	int r = check_owner(place->top, false, why);

	if (r == 0 && !place->is_user)
		r = check_dot_git(place, why);
	if (r == 0)
		r = check_owner(place->git_dir, false, why);
	if (r == 0)
		r = check_owner(place->config, true, why);
	if (r == 0)
		r = check_owner(place->signers, true, why);
	return r < 0 ? r : take_lock(place, why);
}

void place_close(struct place *place)
{
	cleanup_fd(&place->lock);
	place->lock = -1;
}

/* ---- extensions.worktreeConfig ---- */

/* The copy first: what dies in between leaves the value twice, and not nowhere. */
static int move_setting(const struct git *git, const struct settings *common,
    const struct settings *main_own, const char *key, struct reason *why)
{
	static const struct values none;
	const struct setting *setting = settings_last(common, key);
	struct values values = {.count = 1};
	int r;

	if (!setting)
		return 0;
	values.items[0] = setting->value ? setting->value : "true";
	r = settings_set(git, main_own, key, &values, why);
	return r < 0 ? r : settings_set(git, common, key, &none, why);
}

static int check_common(
    const struct place *place, const char *config, const char *main_own, struct reason *why)
{
	int r = check_owner(place->common_dir, false, why);

	if (r == 0)
		r = check_owner(config, true, why);
	if (r == 0)
		r = check_owner(main_own, true, why);
	if (r < 0)
		return reason_prefix(why, r,
		    "extensions.worktreeConfig is not on in this repository, and turning it on "
		    "changes it: ");
	return 0;
}

/*
 * While the extension is off, git takes core.bare and core.worktree for the main worktree's anyway, and
 * guesses well without them: so they move first, and no git in another worktree ever sees them as its own.
 */
int place_separate(const struct git *git, const struct place *place, struct reason *why)
{
	const struct values on = {.items = {"true"}, .count = 1};
	char config[PATH_MAX], path[PATH_MAX];
	settings_auto common = {0};
	settings_auto main_own = {0};
	int r = join(config, place->common_dir, "config", why);

	if (r == 0)
		r = join(path, place->common_dir, WORKTREE_CONFIG, why);
	if (r == 0)
		r = settings_load(git, config, &common, why);
	if (r < 0 || settings_bool(&common, "extensions.worktreeconfig", false))
		return r;
	r = check_common(place, config, path, why);
	if (r == 0)
		r = settings_load(git, path, &main_own, why);
	if (r == 0 && settings_bool(&common, "core.bare", false))
		r = move_setting(git, &common, &main_own, "core.bare", why);
	if (r == 0)
		r = move_setting(git, &common, &main_own, "core.worktree", why);
	if (r == 0)
		r = settings_set(git, &common, "extensions.worktreeconfig", &on, why);
	return r;
}

void place_describe(const struct place *place, struct buf *out)
{
	const struct passwd *user = place->is_user ? getpwuid(geteuid()) : NULL;

	if (place->is_user)
		buf_addf(out, "the user %s", user ? user->pw_name : "of this uid");
	else
		buf_add_text(out, place->top);
}

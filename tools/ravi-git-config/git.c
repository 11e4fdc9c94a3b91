/* SPDX-License-Identifier: MIT */
/* Running the real git: see git.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "git.h"
#include "util/program.h"
#include "util/spawn.h"

#define DEADLINE_MS 10000
#define OUTPUT_MAX  (1u << 20) /* bytes; a whole configuration */
#define WORDS_MAX   300        /* bytes of git's words that fit a reason */

/* Another process of git's, which is done with a configuration file in no time. */
#define LOCK_TRIES    40
#define LOCK_PAUSE_US 50000

/* Where the caller's git was told to look (by a hook, say) is not the worktree that was asked for. */
static bool names_a_repository(const char *entry)
{
	static const char *const names[] = {"GIT_DIR=", "GIT_WORK_TREE=", "GIT_COMMON_DIR=",
	    "GIT_INDEX_FILE=", "GIT_PREFIX=", "GIT_OBJECT_DIRECTORY="};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(entry, names[i], strlen(names[i])))
			return true;
	return false;
}

static int build_full(struct git *git)
{
	size_t count = 0, n = 0;

	while (environ[count])
		count++;
	git->full = calloc(count + 1, sizeof(*git->full));
	if (!git->full)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (!names_a_repository(environ[i]))
			git->full[n++] = environ[i];
	return 0;
}

int git_find(struct git *git, struct reason *why)
{
	static const struct program_search search = {.name = "git", .setting = "git"};
	const char *home = getenv("HOME"), *config_home = getenv("XDG_CONFIG_HOME");
	size_t n = 0;
	int r;

	*git = (struct git){0};
	if (program_find(&search, git->path, NULL) < 0)
		return reason_set(why, -ENOENT, "there is no git in PATH; install it");
	git->quiet[n++] = "PATH=/usr/local/bin:/usr/bin:/bin";
	git->quiet[n++] = "LC_ALL=C"; /* its words are looked at */
	if (home) {
		buf_addf(&git->home, "HOME=%s", home);
		git->quiet[n++] = buf_text(&git->home);
	}
	if (config_home) {
		buf_addf(&git->config_home, "XDG_CONFIG_HOME=%s", config_home);
		git->quiet[n++] = buf_text(&git->config_home);
	}
	r = build_full(git);
	if (r == 0 && (git->home.error || git->config_home.error))
		r = -ENOMEM;
	return r < 0 ? reason_errno(why, r, "preparing to run git") : 0;
}

void git_free(struct git *git)
{
	buf_free(&git->home);
	buf_free(&git->config_home);
	free(git->full);
	git->full = NULL;
}

/* One try: its exit status, or a negative errno. */
static int run_once(const struct git *git, const char *const *envp, bool with_errors,
    struct buf *out, const char *const *argv)
{
	const struct spawn what = {
	    .path = git->path, .argv = argv, .envp = envp, .input = -1, .with_errors = with_errors};
	size_t len;
	int status, r;

	buf_reset(out);
	if (!buf_reserve(out, OUTPUT_MAX + 1))
		return out->error;
	r = spawn_collect(&what, deadline_in(DEADLINE_MS), out->data, OUTPUT_MAX, &len, &status);
	if (r < 0)
		return r;
	out->len = len;
	out->data[len] = '\0';
	if (len == OUTPUT_MAX)
		return -EFBIG;
	return status == SPAWN_STATUS_UNKNOWN ? -ECHILD : status;
}

/* git's words in one line, without its "fatal: ". */
static int say_failed(struct buf *said, int status, struct reason *why)
{
	const char *text;

	buf_cut(said, WORDS_MAX);
	while (said->len && said->data[said->len - 1] == '\n')
		buf_cut(said, said->len - 1);
	for (size_t i = 0; i < said->len; i++)
		if ((unsigned char)said->data[i] < ' ')
			said->data[i] = ' ';
	text = buf_text(said);
	if (!strncmp(text, "fatal: ", 7) || !strncmp(text, "error: ", 7))
		text += 7;
	return reason_set(
	    why, -EIO, "git: %s (exit status %d)", *text ? text : "nothing said", status);
}

static int run(const struct git *git, const char *const *envp, struct buf *out,
    const char *const *argv, struct reason *why)
{
	buf_auto said = {0};
	int r = run_once(git, envp, false, out, argv);

	/* What it says on stderr must not get into values: only what failed is run again to hear it. */
	for (int i = 0; i < LOCK_TRIES && r > 0; i++) {
		r = run_once(git, envp, true, &said, argv);
		if (r <= 0 || !strstr(buf_text(&said), "could not lock"))
			break;
		usleep(LOCK_PAUSE_US);
	}
	if (r > 0)
		return say_failed(&said, r, why);
	if (r < 0)
		return reason_errno(why, r, "running %s", git->path);
	if (said.len)
		buf_move(out, &said);
	return 0;
}

int git_run(const struct git *git, struct buf *out, const char *const *argv, struct reason *why)
{
	return run(git, git->quiet, out, argv, why);
}

int git_run_here(
    const struct git *git, struct buf *out, const char *const *argv, struct reason *why)
{
	return run(git, git->full, out, argv, why);
}

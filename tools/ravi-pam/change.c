/* SPDX-License-Identifier: MIT */
/*
 * ravi-pam enable, disable. On Debian and its relatives pam-auth-update writes the common-* files. It exits
 * with 0 and changes nothing when somebody edited them by hand, so what it did is read back; what is missing
 * is said line by line.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pam/reach.h"
#include "ravi-pam.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/spawn.h"

#define PAM_AUTH_UPDATE     "/usr/sbin/pam-auth-update"
#define UPDATE_MILLISECONDS 120000 /* debconf may wait for another process' lock */
#define SESSION_LINE        "session\toptional\tpam_ravi.so"
#define ACCOUNT_LINE        "account\t[perm_denied=die acct_expired=die default=ignore]\tpam_ravi.so"
#define MARK                "# added by ravi-pam"
#define RUNUSER             "/etc/pam.d/runuser"

static int need_root(const char *root)
{
	struct reason why;

	if (*root || geteuid() == 0)
		return 0;
	return cli_fail(
	    reason_set(&why, -EPERM, "only root changes login stacks; try: sudo " RAVI_PAM_SELF),
	    &why);
}

static bool is_there(const char *root, const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s%s", root, name);
	return access(path, F_OK) == 0;
}

/* Whether the stack reaches pam_ravi; where it cannot be read, it does not. */
static bool reaches(const char *root, const char *service, enum stack_type type)
{
	reach_auto reach = {0};

	return reach_find(root, service, type, &reach, NULL) == 0 && reach.kind == REACH_YES;
}

/* Says which line is missing, and where. */
static bool want(const char *root, const char *service, enum stack_type type, const char *line)
{
	if (reaches(root, service, type))
		return true;
	printf("Add this line to the end of %s/etc/pam.d/%s:\n\t%s\n", root, service, line);
	return false;
}

/* ---- pam-auth-update ---- */

/* Without a question: its answer to "overwrite what was edited by hand?" must stay no. */
static int update(const char *root, const char *verb, struct reason *why)
{
	const char *argv[8] = {"pam-auth-update"};
	const struct spawn what = {.path = PAM_AUTH_UPDATE,
	    .argv = argv,
	    .envp = (const char *const *)environ, /* debconf's variables, in a package's script */
	    .input = STDIN_FILENO,
	    .with_errors = true};
	char said[REASON_MAX / 2];
	int argc = 1, status = 0, r;
	size_t len;

	if (access(PAM_AUTH_UPDATE, X_OK) < 0)
		return 0;
	if (*root) {
		argv[argc++] = "--root";
		argv[argc++] = root;
	}
	argv[argc++] = "--package";
	argv[argc++] = verb;
	argv[argc++] = RAVI_PAM_PROFILE;
	if (setenv("DEBIAN_FRONTEND", "noninteractive", 1) < 0 || setenv("LC_ALL", "C", 1) < 0 ||
	    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1) < 0)
		return reason_errno(why, -errno, "setting the environment");
	r = spawn_collect(
	    &what, deadline_in(UPDATE_MILLISECONDS), said, sizeof(said) - 1, &len, &status);
	said[len] = '\0';
	if (r < 0)
		return reason_errno(why, r, "pam-auth-update");
	return status ? reason_set(why, -EIO, "pam-auth-update %s: %s", verb, said) : 0;
}

/* Whether the file itself calls pam_ravi. What cannot be read was read up to the line that libpam stumbles over. */
static bool has_lines(const char *path)
{
	bool has = false;

	for (int type = STACK_AUTH; type <= STACK_SESSION && !has; type++) {
		stack_auto stack = {0};

		stack_read_file(path, (enum stack_type)type, &stack, NULL);
		has = stack_find(&stack, STACK_MODULE, 0) < stack.count;
	}
	return has;
}

/* ---- runuser's file, which no profile reaches ---- */

/*
 * Rewrites it without our line, or with it at the end; where that changes nothing it is left alone. 1: it is
 * no plain file, or there is none; nothing was done.
 */
static int edit_runuser(const char *root, bool add, struct reason *why)
{
	const struct file_rule rule = {
	    .owner = geteuid(), .forbidden = FILE_PUBLIC, .max = STACK_FILE_MAX};
	char path[1024], file[1040], *cursor, *line;
	buf_auto text = {0};
	buf_auto lines = {0};
	buf_auto out = {0};
	fd_auto dir = -1;
	struct stat st;
	bool ours;

	snprintf(path, sizeof(path), "%s/etc/pam.d", root);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fstatat(dir, "runuser", &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return 1;
	/* One in which there is nothing of ours may be as odd as its owner likes. */
	snprintf(file, sizeof(file), "%s/runuser", path);
	if (!add && !has_lines(file))
		return 0;
	if (file_read(dir, "runuser", &rule, &text, why) < 0)
		return reason_prefix(why, -EIO, "%s: ", path);
	if (buf_add(&lines, text.data, text.len) < 0)
		return reason_errno(why, lines.error, "%s/runuser", path);
	buf_text(&lines);
	cursor = lines.data;
	while (cursor && (line = strsep(&cursor, "\n"))) {
		size_t len = strlen(line);

		ours = len >= strlen(MARK) && !strcmp(line + len - strlen(MARK), MARK);
		if (!ours && (*line || cursor))
			buf_addf(&out, "%s\n", line);
	}
	if (add)
		buf_addf(&out, "%s\t%s\n", SESSION_LINE, MARK);
	if (out.error)
		return reason_errno(why, out.error, "%s/runuser", path);
	if (out.len == text.len && !memcmp(buf_text(&out), buf_text(&text), out.len))
		return 0;
	return file_replace(dir, "runuser", st.st_mode & 07777, true, buf_text(&out), out.len, why);
}

static int add_to_runuser(const char *root, struct reason *why)
{
	int r = reaches(root, "runuser", STACK_SESSION) ? 0 : edit_runuser(root, true, why);

	if (r == 1)
		printf("%s" RUNUSER
		       " is no plain file. Add this line to the end of what runuser's session "
		       "stack is:\n\t%s\n",
		    root, SESSION_LINE);
	return r;
}

/* ---- the commands ---- */

static int enable(const struct ravi_pam_values *values, const char *root, struct reason *why)
{
	static const char module[] = RAVI_PAMDIR "/" STACK_MODULE,
			  profile[] = RAVI_PAMCONFIGSDIR "/" RAVI_PAM_PROFILE;
	bool all;
	int r;

	if (!is_there(root, module))
		return reason_set(why, -ENOENT,
		    "%s%s is not there; install pam-ravi before its lines", root, module);
	if (!is_there(root, profile))
		return reason_set(
		    why, -ENOENT, "%s%s is not there; install pam-ravi first", root, profile);
	r = update(root, "--enable", why);
	if (r < 0)
		return r;
	all = want(root, "common-session", STACK_SESSION, SESSION_LINE);
	all = want(root, "common-session-noninteractive", STACK_SESSION, SESSION_LINE) && all;
	all = want(root, "common-account", STACK_ACCOUNT, ACCOUNT_LINE) && all;
	if (!all) {
		puts("pam-auth-update kept its hands off: these files were edited by hand, or it "
		     "is not "
		     "installed.");
		return 1;
	}
	puts("pam_ravi is in common-session, common-session-noninteractive and common-account.");
	if (values->runuser) {
		r = add_to_runuser(root, why);
		if (r == 0)
			puts("runuser and runuser -l reach it as well.");
	} else if (is_there(root, RUNUSER) && !reaches(root, "runuser", STACK_SESSION)) {
		puts("runuser does not reach it: its stack includes no common-* file. To add a "
		     "line there:\n"
		     "\tsudo " RAVI_PAM_SELF " enable --runuser");
	}
	return r;
}

/* Says it of a file that still has lines of pam_ravi: returns whether it does. */
static bool is_left(const char *path)
{
	bool left = has_lines(path);

	if (left)
		printf("Take the lines with pam_ravi.so out of %s: it was edited by hand, and is "
		       "left alone.\n",
		    path);
	return left;
}

static bool is_backup(const char *name)
{
	size_t len = strlen(name);

	return strstr(name, ".pam-") || strstr(name, ".dpkg-") || (len && name[len - 1] == '~');
}

static bool any_left(const char *root)
{
	dir_auto dir = NULL;
	const struct dirent *entry;
	bool left = false;
	char folder[1024], path[2048];

	snprintf(folder, sizeof(folder), "%s/etc/pam.d", root);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		/* ravi-agent is ours: what units that need tokens name in PAMName=, gone with us. */
		if (entry->d_name[0] == '.' || is_backup(entry->d_name) ||
		    !strcmp(entry->d_name, "ravi-agent"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		left = is_left(path) || left;
	}
	return left;
}

int run_enable(void *opaque, int argc, char **argv)
{
	struct ravi_pam_values *values = opaque;
	struct reason why = {0};
	char root[512];
	int r = need_root(ravi_pam_root(values, root));

	(void)argc;
	(void)argv;
	if (r)
		return r;
	r = enable(values, root, &why);
	if (r < 0)
		cli_fail(r, &why);
	return r ? EXIT_FAILED : EXIT_DONE;
}

int run_disable(void *opaque, int argc, char **argv)
{
	struct reason why = {0};
	char root[512];
	int r = need_root(ravi_pam_root(opaque, root));

	(void)argc;
	(void)argv;
	if (r)
		return r;
	r = edit_runuser(root, false, &why);
	/* Not --remove: the profile would be a new one then, and pam-auth-update enables those by itself. */
	if (r >= 0)
		r = update(root, "--disable", &why);
	if (r < 0) {
		cli_fail(r, &why);
		return EXIT_FAILED;
	}
	if (any_left(root))
		return EXIT_FAILED;
	puts("pam_ravi is in no login stack.");
	return EXIT_DONE;
}

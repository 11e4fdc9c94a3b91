/* SPDX-License-Identifier: MIT */
/*
 * ravi doctor on files: owners and modes of what is ours, who could replace our programs, the settings.
 *
 * --fix sets modes. It gives to root only what that makes nothing true by that was not: folders. Settings, keys
 * and entries that somebody else owned may say what that one wrote, and so may a vault: who has this machine's
 * public key can seal one for it, with a list of signers of their own. A person has to look at them first.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../layout.h"
#include "config/paths.h"
#include "doctor.h"
#include "util/cleanup.h"
#include "util/file.h"

/* A file or folder of ours. */
struct ours {
	const char *path;
	mode_t type; /* S_IFREG, S_IFDIR, S_IFSOCK */
	mode_t mode;
	bool may_be_given; /* to root, by --fix */
	bool is_sealed;    /* no text that a person could look at */
};

static int mend(const struct ours *o, bool give, struct reason *why)
{
	fd_auto fd = open(o->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
				       (o->type == S_IFDIR ? O_DIRECTORY : 0));

	/* A socket cannot be opened; its folder is root's, and looked at before it. */
	if (fd < 0 && o->type == S_IFSOCK)
		return chmod(o->path, o->mode) < 0 ? reason_errno(why, -errno, "chmod") : 0;
	if (fd < 0)
		return reason_errno(why, -errno, "opening it");
	if (give && fchown(fd, 0, 0) < 0)
		return reason_errno(why, -errno, "chown");
	return fchmod(fd, o->mode) < 0 ? reason_errno(why, -errno, "chmod") : 0;
}

static void mend_if_asked(struct doctor *d, const struct ours *o, bool give)
{
	struct reason why = {0};

	doctor_remedy(d, DOCTOR_FIX);
	if (d->fix)
		doctor_fixed(d, mend(o, give, &why), &why);
}

static void look_at(struct doctor *d, const struct ours *o)
{
	mode_t mode, open_to_others;
	struct stat st;

	if (lstat(o->path, &st) < 0) {
		if (errno != ENOENT)
			doctor_bad(d, o->path, "%s", strerror(errno));
		return;
	}
	mode = st.st_mode & 07777;
	/* Rights that others have and should not: all of them here can be too many. */
	open_to_others = mode & ~o->mode & 0077;
	if ((st.st_mode & S_IFMT) != o->type) {
		doctor_bad(d, o->path, "it is something else than it should be (a link?)");
		doctor_remedy(d, "look at it, and put the right one there: ls -ld %s", o->path);
	} else if (st.st_uid != 0 && o->may_be_given) {
		doctor_bad(d, o->path, "it belongs to uid %u and not to root", st.st_uid);
		mend_if_asked(d, o, true);
	} else if (st.st_uid != 0) {
		doctor_bad(d, o->path,
		    "it belongs to uid %u, who may have written it, and not to root", st.st_uid);
		if (o->is_sealed)
			doctor_remedy(d,
			    "look at who signed it (ravi vault info --file %s), then: chown "
			    "root:root %s",
			    o->path, o->path);
		else
			doctor_remedy(d, "look at what it says, then: chown root:root %s", o->path);
	} else if (mode != o->mode) {
		(open_to_others ? doctor_bad : doctor_warn)(d, o->path,
		    "it has mode %04o and not %04o%s", mode, o->mode,
		    open_to_others & 0022 ? "; others could write it: look at what it says" : "");
		mend_if_asked(d, o, false);
	}
}

/* ---- folders ---- */

static void look_at_folder(struct doctor *d, const struct layout_folder *folder)
{
	const struct ours o = {folder->path, S_IFDIR, folder->mode, true, false};
	struct reason why = {0};
	fd_auto fd = -1;

	if (access(folder->path, F_OK) == 0 || errno != ENOENT) {
		look_at(d, &o);
		return;
	}
	if (folder->comes_back)
		return;
	doctor_bad(d, folder->path, "the folder is missing");
	doctor_remedy(d, "ravi init");
	/* An empty folder of vaults is no better than none: what was in it is a backup's matter. */
	if (!d->fix)
		return;
	fd = dir_make(AT_FDCWD, folder->path, folder->mode, 0, &why);
	doctor_fixed(d, fd < 0 ? fd : 0, &why);
}

static void check_folders(struct doctor *d)
{
	for (const struct layout_folder *f = layout_folders; f->path; f++)
		look_at_folder(d, f);
}

/* ---- files ---- */

static void look_at_all(struct doctor *d, const char *folder, mode_t mode, bool is_sealed)
{
	dir_auto dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[512];
		const struct ours o = {path, S_IFREG, mode, false, is_sealed};
		int n = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);

		/* Links by uid are another check's; names with a dot in front are temporary, or locks. */
		if (entry->d_name[0] == '.' || entry->d_type == DT_LNK || n < 0 ||
		    (size_t)n >= sizeof(path))
			continue;
		look_at(d, &o);
	}
}

static void check_files(struct doctor *d)
{
	static const struct ours files[] = {
	    {PATH_CONF, S_IFREG, 0644, false, false},
	    {PATH_TRUSTED, S_IFREG, 0644, false, false},
	    {PATH_HOST_KEY, S_IFREG, 0600, false, false},
	    {PATH_RECOVERY_KEY, S_IFREG, 0600, false, false},
	    {PATH_RECOVERY_PUB, S_IFREG, 0644, false, false},
	    {PATH_AUDIT_COPY, S_IFREG, 0600, false, false},
	    {PATH_BROKER_SOCKET, S_IFSOCK, 0666, false, false},
	    {PATH_BROKER_STATE, S_IFDIR, 0700, true, false},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		look_at(d, &files[i]);
	look_at_all(d, PATH_AGENTS, 0644, false);
	look_at_all(d, PATH_VAULTS, 0600, true);
	look_at_all(d, PATH_RINGS, 0600, false);
	look_at_all(d, PATH_AUDIT, 0600, false);
}

/* ---- programs ---- */

/* Who can write a folder can put another program, module or key into it. */
static void look_at_parents(struct doctor *d, const char *folder)
{
	char path[PATH_MAX], *at = realpath(folder, path);
	struct stat st;

	for (; at; at = strcmp(at, "/") ? dirname(at) : NULL) {
		if (stat(at, &st) < 0)
			return;
		if (st.st_uid == 0 && !(st.st_mode & 0022))
			continue;
		/* Nobody can take another's file out of a sticky folder. */
		if (st.st_uid == 0 && st.st_mode & S_ISVTX)
			continue;
		doctor_bad(d, folder,
		    "%s belongs to uid %u and has mode %04o: who may write there can replace what "
		    "is in it",
		    at, st.st_uid, st.st_mode & 07777u);
		doctor_remedy(d, "chown root %s; chmod go-w %s", at, at);
		return;
	}
}

static const struct {
	const char *path;
	bool needed;  /* without it no agent has a token */
	bool version; /* --version is its own: the others hand it on to what they stand for */
} programs[] = {
    {RAVI_PAMDIR "/pam_ravi.so", false, false}, /* missing: pam-module says so */
    {PATH_STORE_MODULES "/store_service.so", false, false},
    {PATH_LOADER, true, true},
    {PATH_BROKER, false, true},
    {PATH_RAVI_PAM, false, true},
    {RAVI_BINDIR "/ravi", false, true},
    {RAVI_BINDIR "/ravi-keyctl", false, true},
    {RAVI_BINDIR "/git-credential-ravi", false, true},
    {RAVI_BINDIR "/ravi-git-config", false, true},
    {RAVI_BINDIR "/ravi-ssh-sign", false, true},
    {RAVI_BINDIR "/ravi-gh", false, false},
    {RAVI_BINDIR "/ravi-codex", false, false},
    {RAVI_BINDIR "/ravi-codex-monitor", false, true},
};

#define PROGRAMS (sizeof(programs) / sizeof(*programs))

static bool is_safe(const char *path, struct stat *st)
{
	return stat(path, st) == 0 && S_ISREG(st->st_mode) && st->st_uid == 0 &&
	       !(st->st_mode & 0022);
}

static void check_programs(struct doctor *d)
{
	static const char *const folders[] = {
	    RAVI_LIBEXECDIR, RAVI_BINDIR, RAVI_PAMDIR, RAVI_CONFDIR, RAVI_STATEDIR, RAVI_RUNDIR};
	struct stat st;

	for (size_t i = 0; i < PROGRAMS; i++) {
		if (is_safe(programs[i].path, &st))
			continue;
		if (stat(programs[i].path, &st) == 0) {
			doctor_bad(d, programs[i].path,
			    "it belongs to uid %u and has mode %04o: others than root may have "
			    "written it",
			    st.st_uid, st.st_mode & 07777u);
			doctor_remedy(d, "install pam-ravi again");
		} else if (programs[i].needed) {
			doctor_bad(
			    d, programs[i].path, "%s; no agent gets a token", strerror(errno));
			doctor_remedy(d, "install pam-ravi again");
		}
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		look_at_parents(d, folders[i]);
}

static void look_at_version(struct doctor *d, const char *path)
{
	const char *const argv[] = {path, "--version", NULL};
	char said[128], *version;
	struct stat st;
	int r;

	/* Root runs nothing that somebody else may have written. */
	if (!is_safe(path, &st))
		return;
	r = doctor_run(argv, said, sizeof(said));
	said[strcspn(said, "\n")] = '\0';
	version = strrchr(said, ' ');
	if (r == 0 && version && !strcmp(version + 1, PACKAGE_VERSION))
		return;
	if (r < 0)
		snprintf(said, sizeof(said), "%s", strerror(-r));
	doctor_bad(d, path,
	    "it does not say that it is version " PACKAGE_VERSION ", as ravi is: %s", said);
	doctor_remedy(d, "install all of pam-ravi from one version");
}

static void check_versions(struct doctor *d)
{
	for (size_t i = 0; i < PROGRAMS; i++)
		if (programs[i].version)
			look_at_version(d, programs[i].path);
}

/* Where nothing may be executed, neither a program nor a module is loaded. */
static void check_mounts(struct doctor *d)
{
	static const char *const folders[] = {RAVI_LIBEXECDIR, RAVI_BINDIR, RAVI_PAMDIR};
	struct statvfs st;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		if (statvfs(folders[i], &st) < 0 || !(st.f_flag & ST_NOEXEC))
			continue;
		doctor_bad(
		    d, folders[i], "it lies on a mount with noexec: what is in it cannot be run");
		doctor_remedy(d, "mount -o remount,exec the file system of %s, and in /etc/fstab",
		    folders[i]);
	}
}

/* ---- settings ---- */

static void report_unknown(void *context, const char *where, const char *key)
{
	struct doctor *d = context;

	doctor_warn(
	    d, where, "it has a key \"%s\" that this version does not know, and ignores", key);
	doctor_remedy(d, "correct it or take it out; ravi.conf(5) has the keys");
}

static void check_settings(struct doctor *d)
{
	conf_auto conf = {0};
	struct reason why = {0};

	if (conf_load(&conf, 0, NULL, report_unknown, d, &why) < 0) {
		doctor_bad(d, PATH_CONF, "%s: agents are refused their tokens", why.text);
		doctor_remedy(d, "correct that line; ravi.conf(5) has the keys");
	}
}

const struct doctor_check doctor_files[] = {
    {"file-folders", "the folders have their owners and modes", check_folders},
    {"file-modes", "the files have their owners and modes", check_files},
    {"file-programs", "nobody but root can replace the programs", check_programs},
    {"file-versions", "the programs are of one version", check_versions},
    {"file-mounts", "the programs can be executed where they lie", check_mounts},
    {"file-settings", "the settings can be read", check_settings},
    {0},
};

/* SPDX-License-Identifier: MIT */
/* The recovery key: see recovery.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/paths.h"
#include "machine/machine.h"
#include "newfile.h"
#include "passphrase.h"
#include "recovery.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/when.h"

#define RECOVERY_FILE_MAX 4096 /* bytes of either half */

int recovery_load(struct age_recipient *recipient, struct reason *why)
{
	static const struct file_rule rule = {
	    .owner = 0, .forbidden = FILE_PUBLIC, .max = RECOVERY_FILE_MAX};
	buf_auto text = {0};
	int r = file_read(AT_FDCWD, PATH_RECOVERY_PUB, &rule, &text, why);

	/* A new key opens none of the vaults that are there. */
	if (r == -ENOENT && machine_has_vaults())
		return reason_set(why, r,
		    "%s is missing; put it back (it holds the public key that the recovery key's "
		    "file "
		    "names), or where that key is lost, too, run: ravi init",
		    PATH_RECOVERY_PUB);
	if (r == -ENOENT)
		return reason_set(why, r, "%s is missing; run: ravi init", PATH_RECOVERY_PUB);
	if (r < 0)
		return r;
	buf_cut(&text, strcspn(buf_text(&text), "\n"));
	r = age_recipient_parse(buf_text(&text), recipient, why);
	if (r < 0)
		return reason_prefix(why, -EBADMSG, "%s: ", PATH_RECOVERY_PUB);
	return 0;
}

static int parse_key(
    const char *path, struct buf *text, struct age_identity *identity, struct reason *why)
{
	char *cursor = text->data, *line;
	int r = reason_set(why, -EINVAL, "it holds no age identity");

	while (cursor && (line = strsep(&cursor, "\n"))) {
		if (!*line || *line == '#')
			continue;
		r = age_identity_parse(line, identity, why);
		break;
	}
	return r < 0 ? reason_prefix(why, -EBADMSG, "%s: ", path) : 0;
}

int recovery_open(
    struct buf *text, const char *path, struct age_identity *identity, struct reason *why)
{
	buf_auto passphrase = {0};
	buf_auto plain = {0};
	int r;

	if (!age_is_file(text->data, text->len))
		return parse_key(path, text, identity, why);
	r = passphrase_of(path, &passphrase, why);
	if (r < 0)
		return r;
	r = age_decrypt_passphrase(&passphrase, text->data, text->len, &plain, NULL, why);
	if (r < 0)
		return reason_prefix(why, r == -ENOKEY ? -EPERM : r, "%s: ", path);
	return parse_key(path, &plain, identity, why);
}

/* A key that an interrupted init left at the default place, without its recipient. */
static int load_key(struct age_identity *identity, struct reason *why)
{
	static const struct file_rule rule = {
	    .owner = 0, .forbidden = FILE_SECRET, .max = RECOVERY_FILE_MAX};
	buf_auto text = {0};
	int r = file_read(AT_FDCWD, PATH_RECOVERY_KEY, &rule, &text, why);

	if (r < 0)
		return r;
	return recovery_open(&text, PATH_RECOVERY_KEY, identity, why);
}

/* The key file's text becomes what age(1) makes of it with a passphrase. */
static int protect_key(struct buf *text, struct reason *why)
{
	buf_auto passphrase = {0};
	buf_auto sealed = {0};
	int r = passphrase_new(&passphrase, why);

	if (r < 0)
		return r;
	r = age_encrypt_passphrase(
	    &passphrase, AGE_WORK_FACTOR, text->data, text->len, true, &sealed);
	if (r < 0)
		return reason_errno(why, r, "protecting the recovery key");
	buf_move(text, &sealed);
	return 0;
}

static int save_key(
    const struct age_identity *identity, const char *path, bool protect, struct reason *why)
{
	char secret[AGE_IDENTITY_TEXT], public[AGE_RECIPIENT_TEXT], now[WHEN_TEXT];
	char host[256] = "this machine";
	buf_auto text = {0};
	int r;

	gethostname(host, sizeof(host) - 1);
	when_format(time(NULL), now);
	age_recipient_format(&identity->recipient, public);
	age_identity_format(identity, secret);
	buf_addf(&text,
	    "# pam-ravi recovery key of %s, made %s.\n"
	    "# It opens every vault made there: age -d -i THIS-FILE NAME.age\n"
	    "# Keep it where that machine is not.\n"
	    "# public key: %s\n"
	    "%s\n",
	    host, now, public, secret);
	wipe(secret, sizeof(secret));
	r = text.error;
	if (r == 0 && protect)
		r = protect_key(&text, why);
	return r < 0 ? r : newfile_write(path, 0600, &text, why);
}

static int save_recipient(const struct age_identity *identity, struct reason *why)
{
	char public[AGE_RECIPIENT_TEXT];
	buf_auto text = {0};

	age_recipient_format(&identity->recipient, public);
	buf_addf(&text, "%s\n", public);
	return newfile_write(PATH_RECOVERY_PUB, 0644, &text, why);
}

static void report_kept(const char *file, bool protect, struct buf *report)
{
	buf_addf(report, "kept  %s, the recovery key's recipient\n", PATH_RECOVERY_PUB);
	if (file)
		buf_addf(report,
		    "      There is a recovery key already: nothing was written to %s.\n", file);
	if (protect)
		buf_add_text(report, "      To put the one there is under a passphrase: age -p -a "
				     "-o NEW-FILE FILE\n");
	if (access(PATH_RECOVERY_KEY, F_OK) == 0)
		buf_addf(report, "      %s is still here: move it off this machine.\n",
		    PATH_RECOVERY_KEY);
}

/* The key that an interrupted init left behind, else a fresh one in a new file. `*made` says which. */
static int key_for(
    const char *file, bool protect, struct age_identity *identity, bool *made, struct reason *why)
{
	int r = file ? -ENOENT : load_key(identity, why);

	*made = r == -ENOENT;
	if (!*made)
		return r;
	r = age_identity_generate(identity);
	if (r < 0)
		return reason_errno(why, r, "making a recovery key");
	return save_key(identity, file ? file : PATH_RECOVERY_KEY, protect, why);
}

static void report_what_it_opens(
    const struct age_recipient *recipient, bool is_late, struct buf *report)
{
	char public[AGE_RECIPIENT_TEXT];

	if (!is_late) {
		buf_add_text(report, "      The recovery key opens every vault of this machine, "
				     "and without the host "
				     "key\n"
				     "      nothing else does: move it off this machine, to where "
				     "you keep backups.\n");
		return;
	}
	age_recipient_format(recipient, public);
	buf_addf(report,
	    "      This recovery key opens vaults that are made from now on. Let it open each that "
	    "is\n"
	    "      here already: ravi vault recipients add %s --identity NAME\n"
	    "      And move it off this machine, to where you keep backups.\n",
	    public);
}

int recovery_make(const char *file, bool protect, struct buf *report, struct reason *why)
{
	const char *path = file ? file : PATH_RECOVERY_KEY;
	age_identity_auto identity = {0};
	struct age_recipient recipient;
	bool made;
	int r = recovery_load(&recipient, why);

	if (r == 0)
		report_kept(file, protect, report);
	if (r != -ENOENT)
		return r;
	r = key_for(file, protect, &identity, &made, why);
	if (r < 0)
		return r;
	r = save_recipient(&identity, why);
	if (r < 0) {
		if (made)
			unlink(path);
		return r;
	}
	buf_addf(report,
	    "%s  %s, the recovery key\n"
	    "made  %s, its recipient\n",
	    made ? "made" : "kept", path, PATH_RECOVERY_PUB);
	report_what_it_opens(&identity.recipient, made && machine_has_vaults(), report);
	return 0;
}

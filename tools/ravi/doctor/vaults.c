/* SPDX-License-Identifier: MIT */
/* ravi doctor on keys and vaults: does every sealed document open, and can it be opened when this disk is gone? */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../recovery.h"
#include "config/paths.h"
#include "doctor.h"
#include "util/file.h"
#include "util/text.h"

#define TRUSTED_MAX (256 << 10) /* bytes, as vault_trust_load has it */

static void check_host_key(struct doctor *d)
{
	host_auto host = {0};
	struct reason why = {0};
	int r = host_load(&host, &why);

	if (r == 0)
		return;
	doctor_bad(d, PATH_HOST_KEY, "%s", why.text);
	/* A new key opens none of the vaults that are there. */
	if (r == -ENOENT)
		doctor_remedy(
		    d, "put it back from a backup; on a machine without vaults: ravi init");
	else if (r == -EACCES)
		doctor_remedy(d, "chown root:root " PATH_HOST_KEY "; chmod 600 " PATH_HOST_KEY);
	else
		doctor_remedy(d, "put it back from a backup");
}

/* A check before this one may have mended what kept the machine shut. */
static int open_machine(struct doctor *d, struct reason *why)
{
	if (d->opened)
		return 0;
	machine_close(&d->machine);
	d->opened = machine_open(&d->machine, why) == 0;
	return d->opened ? 0 : -ENOKEY;
}

/* ---- the recovery key ---- */

/*
 * Whether the recovery key of this machine has to open the vault. A vault that was made here is known by this
 * machine being the first on both lists. Another machine made any other, and which of its recipients is that one's
 * recovery key nobody can tell; but as long as there is a second recipient, the vault outlives this machine.
 */
static bool wants_our_key(const struct vault_members *members, const struct host *host)
{
	bool is_ours =
	    !memcmp(&members->recipients[0], &host->age.recipient, sizeof(host->age.recipient)) &&
	    !memcmp(&members->signers[0], &host->signer, sizeof(host->signer));

	return is_ours || members->recipient_count == 1;
}

struct recovery_walk {
	struct doctor *doctor;
	struct age_recipient recipient;
};

static int look_at_recipients(void *opaque, const char *name)
{
	const struct recovery_walk *walk = opaque;
	struct doctor *d = walk->doctor;
	char text[AGE_RECIPIENT_TEXT];
	struct vault_members members;
	vault_auto vault = NULL;

	/* One that does not open is vault-open's; a deleted one has nothing to recover. */
	if (machine_vault(&d->machine, name, NULL, &vault, NULL) < 0 ||
	    vault_state(vault) == AGENT_DELETED)
		return 0;
	vault_members(vault, &members);
	if (!wants_our_key(&members, &d->machine.host))
		return 0;
	for (size_t i = 0; i < members.recipient_count; i++)
		if (!memcmp(&members.recipients[i], &walk->recipient, sizeof(walk->recipient)))
			return 0;
	age_recipient_format(&walk->recipient, text);
	doctor_warn(d, name,
	    "the recovery key of this machine does not open its vault, which may be lost with "
	    "this machine's key");
	doctor_remedy(d, "ravi vault recipients add %s --identity %s", text, name);
	return 0;
}

static void check_recovery(struct doctor *d)
{
	struct recovery_walk walk = {.doctor = d};
	struct reason why = {0};
	int r = recovery_load(&walk.recipient, &why);

	/* What does not open, or cannot be listed, is vault-open's. */
	if (r == 0 && open_machine(d, NULL) == 0)
		store_directory.list(d->machine.store, look_at_recipients, &walk, NULL);
	if (r < 0) {
		doctor_warn(d, PATH_RECOVERY_PUB,
		    "%s: vaults that are made now are lost with this machine's key", why.text);
		if (r == -ENOENT && machine_has_vaults())
			doctor_remedy(d,
			    "put back the public key that the recovery key's file names; where "
			    "that key is lost: ravi init, which says how the vaults get a new one");
		else
			doctor_remedy(d, r == -ENOENT ? "ravi init" : "put it back from a backup");
	}
	if (access(PATH_RECOVERY_KEY, F_OK) == 0) {
		doctor_warn(d, PATH_RECOVERY_KEY,
		    "the recovery key lies on the machine that it is meant to outlive");
		doctor_remedy(
		    d, "move it off this machine: mv " PATH_RECOVERY_KEY " /media/backup/");
	}
}

static int look_at_vault(void *opaque, const char *name)
{
	struct doctor *d = opaque;
	vault_auto vault = NULL;
	struct reason why = {0};

	int r = machine_vault(&d->machine, name, NULL, &vault, &why);

	if (r == 0)
		return 0;
	doctor_bad(d, name, "%s", why.text);
	if (r == -EKEYREJECTED)
		doctor_remedy(d,
		    "where the host key was replaced: ravi vault rekey --identity %s --key "
		    "FORMER-KEY, which "
		    "is the former host.key or the recovery key; else put " PATH_VAULTS
		    "/%s.age back from a backup",
		    name, name);
	else
		doctor_remedy(d,
		    "put " PATH_VAULTS
		    "/%s.age back from a backup; the recovery key opens it, too: age -d",
		    name);
	return 0;
}

static void check_vaults(struct doctor *d)
{
	struct reason why = {0};

	if (open_machine(d, &why) < 0) {
		doctor_bad(d, PATH_VAULTS, "no vault can be opened: %s", why.text);
		doctor_remedy(d, "mend that first");
	} else if (store_directory.list(d->machine.store, look_at_vault, d, &why) < 0) {
		doctor_bad(d, PATH_VAULTS, "%s", why.text);
		doctor_remedy(d, "ravi init");
	}
}

/* One line of the file: vault_trust_load takes the lines of one identity. */
static void look_at_trusted(struct doctor *d, const char *identity, const struct host *host)
{
	struct vault_trust trust;
	struct reason why = {0};

	if (identity_name_check(identity, &why) < 0) {
		doctor_warn(d, PATH_TRUSTED, "%s", why.text);
		doctor_remedy(d, "a line is IDENTITY SIGNER [MIN-REVISION]; correct it");
	} else if (vault_trust_load(identity, host, &trust, &why) < 0) {
		doctor_warn(d, PATH_TRUSTED, "%s", why.text);
		doctor_remedy(d, "correct that line; ravi(7) says what it holds");
	}
}

static void check_trusted(struct doctor *d)
{
	static const struct file_rule rule = {
	    .owner = 0, .forbidden = FILE_PUBLIC, .max = TRUSTED_MAX};
	struct reason why = {0};
	buf_auto text = {0};
	char *cursor, *line, *name;
	int r = file_read(AT_FDCWD, PATH_TRUSTED, &rule, &text, &why);

	if (r == -ENOENT)
		return;
	if (r < 0) {
		doctor_bad(d, PATH_TRUSTED, "%s", why.text);
		doctor_remedy(d, "look at what it says, then: chown root:root %s; chmod 644 %s",
		    PATH_TRUSTED, PATH_TRUSTED);
		return;
	}
	cursor = text.data;
	while (cursor && (line = strsep(&cursor, "\n"))) {
		line[strcspn(line, "#\r")] = '\0';
		name = text_word(&line);
		if (name)
			look_at_trusted(d, name, &d->machine.host);
	}
}

const struct doctor_check doctor_vaults[] = {
    {"vault-host-key", "this machine has its key", check_host_key},
    {"vault-recovery", "the vaults outlive this machine", check_recovery},
    {"vault-open", "every vault opens and verifies", check_vaults},
    {"vault-trusted", "every line about trust can be read", check_trusted},
    {0},
};

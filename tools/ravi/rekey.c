/* SPDX-License-Identifier: MIT */
/*
 * ravi vault rekey: seals a vault anew for the recipients it has. With --key also a vault that this machine's
 * key does not open, because the key was replaced: it lets the new key in and a former host key out.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/audit.h"
#include "commands.h"
#include "home.h"
#include "keyfile.h"
#include "members.h"
#include "util/report.h"
#include "work.h"

struct rekey_values {
	const char *identity;
	const char *key;
	bool all;
	bool json;
};

#define ROW(member) .name = #member, .offset = offsetof(struct rekey_values, member)

const struct option_row rekey_options[] = {
    {ROW(identity), .kind = OPTION_TEXT, .letter = 'i', .argument = "ID",
	.help = "whose vault (default: RAVI_IDENTITY, or the only one)"},
    {ROW(all), .kind = OPTION_FLAG, .help = "every vault of this machine"},
    {ROW(key), .kind = OPTION_TEXT, .argument = "FILE",
	.help = "open it with this former host key or recovery key"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print JSON"},
    {0},
};

#undef ROW

struct rekeying {
	struct work work;
	struct keyfile key; /* with --key */
	bool with_key;
	uint64_t revision; /* the one before; what a former host key can open */
	bool removed;      /* a former host key went */
	int code;          /* the worst so far, of several vaults */
	struct report out;
};

#define rekeying_auto __attribute__((cleanup(rekeying_free))) struct rekeying

static void rekeying_free(struct rekeying *rekeying)
{
	report_free(&rekeying->out);
	keyfile_wipe(&rekeying->key);
	work_free(&rekeying->work);
}

/* This machine comes in, its former key goes out. The former signer stays: see seal. */
static int replace_host(struct rekeying *rekeying, struct vault *vault, struct reason *why)
{
	const struct host *here = &rekeying->work.context.machine.host;
	const struct host *former = &rekeying->key.host;
	int r = vault_add_recipient(vault, &here->age.recipient, why);

	if (r >= 0)
		r = vault_add_signer(vault, &here->signer, why);
	if (r < 0 || !rekeying->key.is_host ||
	    !memcmp(&former->age.recipient, &here->age.recipient, sizeof(here->age.recipient)))
		return r;
	r = vault_remove_recipient(vault, &former->age.recipient, time(NULL), why);
	rekeying->removed = r == 0;
	return r == -ENOKEY ? 0 : r;
}

/*
 * Signed with the former host key where there is one and it may write: the other machines know that signer
 * and not the new one yet.
 */
static const struct host *signer_for(const struct rekeying *rekeying, const struct vault *vault)
{
	struct vault_members members;

	vault_members(vault, &members);
	for (size_t i = 0; rekeying->key.is_host && i < members.signer_count; i++)
		if (!memcmp(&members.signers[i], &rekeying->key.host.signer,
			sizeof(members.signers[i])))
			return &rekeying->key.host;
	return &rekeying->work.context.machine.host;
}

static int rekey_with_key(struct rekeying *rekeying, struct reason *why)
{
	struct machine *machine = &rekeying->work.context.machine;
	const char *identity = rekeying->work.identity;
	struct vault **vault = &rekeying->work.vault;
	buf_auto held = {0}, next = {0};
	int r = store_directory.get(machine->store, identity, &held, why);

	if (r == -ENOENT)
		return reason_set(
		    why, -ENOKEY, "there is no identity %s; see: ravi identity list", identity);
	if (r < 0)
		return r;
	r = vault_open(&rekeying->key.host, held.data, held.len, vault, why);
	/* Another try after a first that stopped halfway through the vaults. */
	if (r == -ENOKEY)
		r = vault_open(&machine->host, held.data, held.len, vault, why);
	if (r < 0)
		return reason_prefix(why, r == -ENOKEY ? -EKEYREJECTED : r,
		    "neither that key nor this machine's opens the vault of %s: ", identity);
	if (strcmp(vault_name(*vault), identity) != 0)
		return reason_set(
		    why, -ENOMSG, "the vault of %s is that of %s", identity, vault_name(*vault));
	rekeying->revision = vault_revision(*vault);
	r = replace_host(rekeying, *vault, why);
	if (r >= 0)
		r = vault_seal(*vault, signer_for(rekeying, *vault), &next, why);
	if (r >= 0)
		r = store_directory.put(machine->store, identity, &held, &next, why);
	return r;
}

static int change_nothing(void *opaque, struct vault *vault, struct reason *why)
{
	(void)opaque;
	(void)vault;
	(void)why;
	return 0; /* which is sealed all the same, with a file key of its own */
}

static void tell_former(struct rekeying *rekeying)
{
	struct report *out = &rekeying->out;
	char former[SIGNER_TEXT];
	buf_auto names = {0};

	signer_format(&rekeying->key.host.signer, former);
	jsonout_text(&out->j, "former_signer", former);
	members_seen_json(&out->j, rekeying->work.vault, rekeying->revision);
	if (members_seen(rekeying->work.vault, rekeying->revision, &names))
		report_say(out,
		    "If somebody else may have the former key, have new ones issued of:%s",
		    buf_text(&names));
	report_say(out,
	    "When every other machine has this document: ravi vault signers remove %s --identity "
	    "%s",
	    former, rekeying->work.identity);
}

static void tell(struct rekeying *rekeying)
{
	struct report *out = &rekeying->out;
	uint64_t revision = vault_revision(rekeying->work.vault);

	report_say(out, "%s: sealed anew, revision %llu", rekeying->work.identity,
	    (unsigned long long)revision);
	jsonout_open(&out->j, NULL, '{');
	jsonout_text(&out->j, "identity", rekeying->work.identity);
	jsonout_number(&out->j, "revision", (int64_t)revision);
	if (rekeying->removed)
		tell_former(rekeying);
	jsonout_close(&out->j, '}');
}

/* What was done is told, whatever came after it. Returns an exit code, `code` unless printing fails. */
static int report(struct rekeying *rekeying, int code)
{
	jsonout_close(&rekeying->out.j, ']');
	return report_print(&rekeying->out) < 0 && code == EXIT_DONE ? EXIT_FAILED : code;
}

static int rekey(struct rekeying *rekeying)
{
	char user[USER_NAME_MAX + 1], revision[24] = "";
	struct work *work = &rekeying->work;
	struct reason why = {0};
	int r;

	vault_free(work->vault);
	work->vault = NULL;
	rekeying->removed = false;
	r = rekeying->with_key ? rekey_with_key(rekeying, &why)
			       : machine_update(&work->context.machine, work->identity,
				     change_nothing, NULL, &work->vault, &why);
	if (r == 0)
		snprintf(revision, sizeof(revision), "%llu",
		    (unsigned long long)vault_revision(work->vault));
	audit("vault-rekey", context_result(r), "identity", work->identity, "revision",
	    *revision ? revision : NULL, "by", context_uid().text, NULL);
	if (r < 0)
		return context_fail(r, &why);
	tell(rekeying);
	/* Logins could not load it while the key was the wrong one. */
	if (rekeying->with_key && agent_of_identity(work->identity, user, NULL) == 0)
		r = context_refresh(&work->context, user, &why);
	return home_bring(
	    &work->context, work->identity, r < 0 ? context_fail(r, &why) : EXIT_DONE);
}

/* One vault's trouble does not keep it from the others. */
static int rekey_next(void *opaque, const char *name)
{
	struct rekeying *rekeying = opaque;
	int code;

	snprintf(rekeying->work.identity, sizeof(rekeying->work.identity), "%s", name);
	code = rekey(rekeying);
	if (code != EXIT_DONE)
		rekeying->code = code;
	return 0;
}

static int rekey_all(struct rekeying *rekeying)
{
	struct reason why = {0};
	int r = context_open(&rekeying->work.context, &why);

	if (r == 0)
		r = store_directory.list(
		    rekeying->work.context.machine.store, rekey_next, rekeying, &why);
	return r < 0 ? context_fail(r, &why) : rekeying->code;
}

int run_vault_rekey(void *opaque, int argc, char **argv)
{
	const struct rekey_values *values = opaque;
	rekeying_auto rekeying = {.with_key = values->key, .out = report_begin(values->json, 0)};
	struct reason why = {0};
	int r = context_need_root("seal vaults", &why), code;

	(void)argc;
	(void)argv;
	if (values->all && values->identity)
		return cli_usage("say either --identity or --all, not both");
	if (r == 0 && values->key)
		r = keyfile_read(values->key, &rekeying.key, &why);
	if (r < 0)
		return context_fail(r, &why);
	jsonout_open(&rekeying.out.j, "vaults", '[');
	if (values->all)
		return report(&rekeying, rekey_all(&rekeying));
	code = work_start(&rekeying.work, "seal vaults", values->identity);
	return code == EXIT_DONE ? report(&rekeying, rekey(&rekeying)) : code;
}

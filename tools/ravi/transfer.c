/* SPDX-License-Identifier: MIT */
/*
 * ravi vault export, import: sealed documents, carried from machine to machine by hand. What comes in is
 * taken by libcore/machine/take.h or refused; then the agents entry and the live ring follow it.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "carrier.h"
#include "commands.h"
#include "home.h"
#include "identity.h"
#include "machine/take.h"
#include "named.h"
#include "newfile.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/report.h"
#include "work.h"

/* ---- export ---- */

struct export_values {
	const char *identity;
	bool json;
};

const struct option_row vault_export_options[] = {
    {.name = "identity",
	.kind = OPTION_TEXT,
	.letter = 'i',
	.argument = "ID",
	.offset = offsetof(struct export_values, identity),
	.help = "whose vault (default: RAVI_IDENTITY, or the only one)"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct export_values, json),
	.help = "tell what was written as JSON"},
    {0},
};

int run_vault_export(void *opaque, int argc, char **argv)
{
	const struct export_values *values = opaque;
	report_auto out = report_begin(values->json, 0);
	bool to_stdout = !strcmp(argv[0], "-");
	struct reason why = {0};
	work_auto work = {0};
	buf_auto sealed = {0};
	int code, r;

	(void)argc;
	if (to_stdout && isatty(STDOUT_FILENO))
		return cli_usage(
		    "the document is no text for a terminal; name a file, or use a pipe");
	code = work_open(&work, "export vaults", values->identity, &sealed);
	if (code != EXIT_DONE)
		return code;
	r = to_stdout ? file_write_fd(STDOUT_FILENO, sealed.data, sealed.len)
		      : newfile_write(argv[0], 0600, &sealed, &why);
	audit("vault-export", context_result(r), "identity", work.identity, "by",
	    context_uid().text, NULL);
	if (r < 0)
		return context_fail(r, &why);
	if (to_stdout)
		return EXIT_DONE;
	report_say(&out, "wrote revision %llu of %s to %s",
	    (unsigned long long)vault_revision(work.vault), work.identity, argv[0]);
	jsonout_text(&out.j, "status", "exported");
	jsonout_text(&out.j, "identity", work.identity);
	jsonout_number(&out.j, "revision", (int64_t)vault_revision(work.vault));
	jsonout_text(&out.j, "file", argv[0]);
	return report_print(&out) < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- import ---- */

struct import_values {
	const char *identity;
	const char *user;
	bool no_user;
	bool linger;
	bool over_fork;
	bool json;
};

#define ROW(member) .offset = offsetof(struct import_values, member)

const struct option_row vault_import_options[] = {
    {.name = "identity",
	ROW(identity),
	.kind = OPTION_TEXT,
	.letter = 'i',
	.argument = "ID",
	.help = "whose it must be (default: RAVI_IDENTITY, or who it says)"},
    {.name = "user",
	ROW(user),
	.kind = OPTION_TEXT,
	.argument = "OSUSER",
	.help = "the OS user that carries it here, made when missing (default: its name)"},
    {.name = "no-user",
	ROW(no_user),
	.kind = OPTION_FLAG,
	.help = "take the document, and let nobody here log in with it"},
    {.name = "linger",
	ROW(linger),
	.kind = OPTION_FLAG,
	.help = "keep that user's ring after its last session"},
    {.name = "over-fork",
	ROW(over_fork),
	.kind = OPTION_FLAG,
	.help = "of two documents of one revision this one counts; keeps the other one aside"},
    {.name = "json", ROW(json), .kind = OPTION_FLAG, .help = "print the identity as JSON"},
    {0},
};

#undef ROW

struct import {
	struct context context;
	const struct import_values *values;
	struct buf sealed;
	struct taken taken;
	int outcome; /* of machine_take */
	struct agent agent;
	struct carrier carrier;
};

#define import_auto __attribute__((cleanup(import_free))) struct import

static void import_free(struct import *import)
{
	buf_free(&import->sealed);
	taken_free(&import->taken);
	context_close(&import->context);
}

static const char *wanted_identity(const struct import_values *values)
{
	const char *named = values->identity ? values->identity : getenv("RAVI_IDENTITY");

	return named && *named ? named : NULL;
}

/* An OS user for the identity, as identity create makes one. The vault stays whatever comes of it. */
static int make_carrier(struct import *import, struct reason *why)
{
	struct carrier *carrier = &import->carrier;
	const char *name = vault_name(import->taken.vault);
	int r;

	carrier->identity = name;
	carrier->user = import->values->user ? import->values->user : name;
	carrier->linger = import->values->linger;
	carrier->state = vault_state(import->taken.vault);
	r = user_name_check(carrier->user, why);
	if (r == 0)
		r = carrier_check(carrier, why);
	if (r < 0)
		return r;
	carrier_block_interrupts();
	r = carrier_prepare(carrier, why);
	if (r == 0)
		r = carrier_enter(carrier, why);
	if (r == 0) {
		import->agent = carrier->agent;
		return 0;
	}
	carrier_undo_entry(carrier);
	carrier_undo_user(carrier);
	return r;
}

/* Who carries it follows the document; who carries nothing yet does from now on. */
static int settle_carrier(struct import *import, struct reason *why)
{
	const struct import_values *values = import->values;
	const char *name = vault_name(import->taken.vault);
	bool first = import->outcome == 0 && !import->taken.held;
	int r = identity_carrier(name, &import->agent, why);

	if (r < 0)
		return r;
	if (import->agent.count && values->user && strcmp(values->user, import->agent.user) != 0)
		return reason_set(
		    why, -EEXIST, "the OS user %s carries %s already", import->agent.user, name);
	if (import->agent.count)
		return carrier_follow(&import->agent, name, vault_state(import->taken.vault), why);
	if (vault_state(import->taken.vault) == AGENT_DELETED ||
	    !(values->user || (first && !values->no_user)))
		return 0;
	r = make_carrier(import, why);
	if (r < 0)
		return reason_prefix(why, r,
		    "the vault of %s is here, and no OS user carries it yet (say the same with "
		    "--user OSUSER): ",
		    name);
	return 0;
}

static int import_document(struct import *import, struct reason *why)
{
	const struct take take = {
	    .identity = wanted_identity(import->values),
	    .sealed = &import->sealed,
	    .over_fork = import->values->over_fork,
	};
	fd_auto lock = agent_lock(why);

	if (lock < 0)
		return lock;
	import->outcome = machine_take(&import->context.machine, &take, &import->taken, why);
	if (import->outcome < 0)
		return import->outcome;
	return settle_carrier(import, why);
}

/* What was taken is taken, also when nobody could be made to carry it: the cause says so then. */
static void audit_import(const struct import *import, int error, const struct reason *why)
{
	const struct vault *vault = import->taken.vault;
	const char *refusal = import->outcome < 0 ? take_refusal(import->outcome) : NULL;
	bool is_taken = vault && import->outcome >= 0;
	char revision[24] = "", held[24] = "", signer[SIGNER_TEXT] = "";

	if (vault) {
		snprintf(
		    revision, sizeof(revision), "%llu", (unsigned long long)vault_revision(vault));
		signer_format(vault_signer(vault), signer);
	}
	if (import->taken.held)
		snprintf(held, sizeof(held), "%llu", (unsigned long long)import->taken.held);
	audit("vault-import", refusal ? "denied" : context_result(is_taken ? 0 : error), "user",
	    is_taken && import->agent.count ? import->agent.user : NULL, "identity",
	    vault ? vault_name(vault) : wanted_identity(import->values), "revision",
	    *revision ? revision : NULL, "held", *held ? held : NULL, "signer",
	    *signer ? signer : NULL, "refused", refusal, "entry",
	    error == 0 && import->carrier.made_entry ? "new" : NULL, "by", context_uid().text,
	    "cause", error < 0 && !refusal ? why->text : NULL, NULL);
}

static int report(const struct import *import)
{
	const struct vault *vault = import->taken.vault;
	const char *user = import->agent.count ? import->agent.user : NULL;

	if (import->values->json)
		return identity_print(vault, user ? &import->agent : NULL, true);
	if (import->outcome == 1)
		printf("%s: revision %llu was here already\n", vault_name(vault),
		    (unsigned long long)vault_revision(vault));
	else if (import->taken.held)
		printf("%s: took revision %llu in the place of %llu\n", vault_name(vault),
		    (unsigned long long)vault_revision(vault),
		    (unsigned long long)import->taken.held);
	else
		printf("%s: took revision %llu, the first seen here\n", vault_name(vault),
		    (unsigned long long)vault_revision(vault));
	if (vault_state(vault) != AGENT_ACTIVE)
		printf("It is %s.\n", agent_state_word(vault_state(vault)));
	else if (user)
		printf("%s the OS user %s.\n",
		    import->carrier.made_user ? "Made, to carry it," : "It is carried by", user);
	else
		puts("No OS user carries it here; to let one: say the same with --user OSUSER");
	return EXIT_DONE;
}

/* Running sessions see what has come. */
static int refresh(const struct import *import, struct reason *why)
{
	const struct vault *vault = import->taken.vault;

	if (!import->agent.count || import->carrier.made_user)
		return 0;
	return home_show(
	    &import->context, &import->agent, vault_name(vault), vault_state(vault), why);
}

static int check_values(const struct import_values *values)
{
	const char *identity = wanted_identity(values);
	struct reason why;

	if (identity && identity_name_check(identity, &why) < 0)
		return cli_usage("--identity: %s", why.text);
	if (values->user && user_name_check(values->user, &why) < 0)
		return cli_usage("--user: %s", why.text);
	if (values->user && values->no_user)
		return cli_usage("say either --user or --no-user, not both");
	return EXIT_DONE;
}

int run_vault_import(void *opaque, int argc, char **argv)
{
	import_auto import = {.values = opaque};
	struct reason why = {0};
	int r = context_need_root("import vaults", &why), code;

	(void)argc;
	if (r < 0)
		return cli_fail(r, &why);
	code = check_values(import.values);
	if (code != EXIT_DONE)
		return code;
	r = context_open(&import.context, &why);
	if (r == 0)
		r = named_read(argv[0], STORE_DOCUMENT_MAX, &import.sealed, &why);
	if (r < 0)
		return context_fail(r, &why);
	r = import_document(&import, &why);
	audit_import(&import, r, &why);
	if (import.outcome < 0 && take_refusal(import.outcome))
		return context_fail(
		    reason_prefix(&why, -EKEYREJECTED, "%s is refused: ", argv[0]), &why);
	if (r < 0)
		return context_fail(r, &why);
	if (*import.taken.kept)
		cli_note(
		    "the copy that was here is kept as %s; ravi vault info --file shows what it is",
		    import.taken.kept);
	code = report(&import);
	r = refresh(&import, &why);
	return home_bring(
	    &import.context, vault_name(import.taken.vault), r < 0 ? context_fail(r, &why) : code);
}

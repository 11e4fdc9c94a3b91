/* SPDX-License-Identifier: MIT */
/*
 * ravi: identities, their secrets and their rings, for the administrator of a machine; and for an agent
 * its own secrets, read from its ring. The table of commands is the whole program.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "commands.h"
#include "identity.h"
#include "line.h"
#include "machine/trail.h"
#include "sshkey/sshkey.h"
#include "util/process.h"
#include "util/report.h"
#include "vault/vault.h"

static int run_version(void *opaque, int argc, char **argv)
{
	const struct identity_values *values = opaque;
	report_auto out = report_begin(values->json, 0);

	(void)argc;
	(void)argv;
	report_say(&out, "ravi %s", PACKAGE_VERSION);
	jsonout_text(&out.j, "program", "ravi");
	jsonout_text(&out.j, "version", PACKAGE_VERSION);
	return report_print(&out) < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* A command may be several words: ravi help secrets set. */
static int run_help(void *values, int argc, char **argv)
{
	buf_auto name = {0};

	(void)values;
	for (int i = 0; i < argc; i++)
		buf_addf(&name, "%s%s", i ? " " : "", argv[i]);
	return cli_help(&ravi_program, argc ? buf_text(&name) : NULL);
}

#define LINE_HELP                                                                                  \
	"LINE is what ravi host show prints there; -: read it from stdin. Compare the "            \
	"fingerprint at its\nend with the one shown there, over another way than it came by."

static const struct cli_command commands[] = {
    {.name = "init",
	.summary = "Make what this machine needs: host key, folders, recovery key",
	.options = init_options,
	.run = run_init,
	.more =
	    "Keeps whatever is there already. Move the recovery key off the machine afterwards."},
    {.name = "status",
	.summary = "Show identities, sessions, rings, what expires and what to do next",
	.options = status_options,
	.run = run_status,
	.more = "Root sees all identities, an agent those of its own ring."},
    {.name = "identity create",
	.summary = "Make an identity, and its OS user when that is missing",
	.options = create_options,
	.run = run_create,
	.more =
	    "With --user of an existing agent the identity becomes a further one of that user. Where "
	    "a\nservice is configured the identity is made there, too; said again after a failure, it "
	    "goes on\nwhere that was."},
    {.name = "identity adopt",
	.arguments = "UUID|NAME",
	.summary = "Bring an identity of the account at the service to this machine",
	.options = adopt_options,
	.least = 1,
	.most = 1,
	.run = run_adopt},
    {.name = "identity list",
	.summary = "List the identities of this machine, and of the account at the service",
	.options = identity_list_options,
	.run = run_identity_list},
    {.name = "identity show",
	.arguments = "NAME",
	.summary = "Show one identity",
	.options = identity_options,
	.least = 1,
	.most = 1,
	.run = run_identity_show},
    {.name = "identity sign-key",
	.arguments = "NAME",
	.summary = "Give an identity a new key to sign commits with",
	.options = identity_options,
	.least = 1,
	.most = 1,
	.run = run_identity_sign_key,
	.more = "The former key stays a previous version of " SSHKEY_SECRET ". Bind worktrees that "
		"sign\nwith it again: ravi-git-config bind --sign."},
    {.name = "identity enable",
	.arguments = "NAME",
	.summary = "Let a disabled identity log in again",
	.options = identity_options,
	.least = 1,
	.most = 1,
	.run = run_identity_enable},
    {.name = "identity disable",
	.arguments = "NAME",
	.summary = "Take an identity's keys away and deny its logins; keeps the vault",
	.options = identity_options,
	.least = 1,
	.most = 1,
	.run = run_identity_disable},
    {.name = "identity linger",
	.arguments = "NAME on|off",
	.summary = "Keep the ring of an identity's OS user after its last session, or not",
	.options = identity_options,
	.least = 2,
	.most = 2,
	.run = run_identity_linger,
	.more = "For programs that outlive the login they were started in: tmux, daemons."},
    {.name = "identity lease",
	.arguments = "NAME",
	.summary = "Show which machine uses an identity's Codex login, or move it here",
	.options = lease_options,
	.least = 1,
	.most = 1,
	.run = run_identity_lease,
	.more = "For store = service: a login that two machines renew is worthless on both. ravi-codex "
		"asks for\nit by itself where no machine has it."},
    {.name = "identity delete",
	.arguments = "NAME",
	.summary = "Delete an identity and all its secrets for good",
	.options = identity_options,
	.least = 1,
	.most = 1,
	.run = run_identity_delete},
    {.name = "identity trust",
	.arguments = "IDENTITY LINE",
	.summary = "Believe a machine about an identity that was never here",
	.options = trust_options,
	.least = 2,
	.most = 1 + LINE_WORDS_MAX,
	.run = run_identity_trust,
	.more = LINE_HELP},
    {.name = "auth login",
	.summary = "Log this machine in to the Ravi service",
	.options = auth_options,
	.run = run_auth_login,
	.more = "Shows an address and a code; whoever owns the account opens the one and enters the "
		"other."},
    {.name = "auth status",
	.summary = "Show this machine's login at the service, and whether it is good",
	.options = auth_status_options,
	.run = run_auth_status},
    {.name = "auth logout",
	.summary = "Revoke what can be revoked of this machine's keys, and forget the rest",
	.options = auth_options,
	.run = run_auth_logout},
    {.name = "auth import",
	.arguments = "FILE",
	.summary = "Take over the login of the official client (its config.json or auth.json)",
	.options = auth_import_options,
	.least = 1,
	.most = 1,
	.run = run_auth_import},
    {.name = "auth unlock",
	.summary = "Ask for the PIN that opens values which older clients sealed",
	.options = identity_options,
	.run = run_auth_unlock,
	.more = "The PIN is asked for without echo, or read from stdin where that is no terminal."},
    {.name = "get",
	.arguments = "email|phone|owner",
	.summary = "Show an identity's address or number at the service, or who owns the account",
	.options = service_get_options,
	.least = 1,
	.most = 1,
	.run = run_get},
    {.name = "inbox email",
	.arguments = "[THREAD]",
	.summary = "List the threads of mail, or show one",
	.options = inbox_options,
	.most = 1,
	.run = run_inbox_email},
    {.name = "inbox sms",
	.arguments = "[CONVERSATION]",
	.summary = "List the conversations by SMS, or show one",
	.options = inbox_options,
	.most = 1,
	.run = run_inbox_sms},
    {.name = "inbox wait",
	.arguments = "[HOST]",
	.summary = "Wait for a message; print it, its one-time code or its verification link",
	.options = wait_options,
	.most = 1,
	.run = run_inbox_wait,
	.more = "HOST goes with --link: the host that the link must be on, or below. What was there "
		"before\nthe command began does not count, unless --since says so. Exits with 3 when "
		"nothing came."},
    {.name = "message email",
	.arguments = "[ID]",
	.summary = "List mails one by one, or show one",
	.options = inbox_options,
	.most = 1,
	.run = run_message_email},
    {.name = "message sms",
	.arguments = "[ID]",
	.summary = "List SMS one by one, or show one",
	.options = inbox_options,
	.most = 1,
	.run = run_message_sms},
    {.name = "host show",
	.summary = "Print the line that other machines let this one in by",
	.options = host_options,
	.run = run_host_show},
    {.name = "vault info",
	.arguments = "[IDENTITY]",
	.summary = "Show a vault: its revision, who can open and who may write it",
	.options = info_options,
	.most = 1,
	.run = run_vault_info},
    {.name = "vault recipients list",
	.summary = "List the machines and recovery keys that can open a vault",
	.options = members_options,
	.run = run_recipients_list},
    {.name = "vault recipients add",
	.arguments = "LINE",
	.summary = "Let a machine open a vault",
	.options = members_options,
	.least = 1,
	.most = LINE_WORDS_MAX,
	.run = run_recipients_add,
	.more = LINE_HELP "\nA bare age recipient does too: a further recovery key."},
    {.name = "vault recipients remove",
	.arguments = "LINE",
	.summary = "Seal a vault without a machine, and tell what that has seen",
	.options = members_options,
	.least = 1,
	.most = LINE_WORDS_MAX,
	.run = run_recipients_remove,
	.more = "LINE is an enrolment line or a bare age recipient; -: read it from stdin."},
    {.name = "vault signers list",
	.summary = "List the machines that may write a vault",
	.options = members_options,
	.run = run_signers_list},
    {.name = "vault signers add",
	.arguments = "LINE",
	.summary = "Let a machine write a vault",
	.options = members_options,
	.least = 1,
	.most = LINE_WORDS_MAX,
	.run = run_signers_add,
	.more = LINE_HELP},
    {.name = "vault signers remove",
	.arguments = "LINE",
	.summary = "Take from a machine that it may write a vault",
	.options = members_options,
	.least = 1,
	.most = LINE_WORDS_MAX,
	.run = run_signers_remove,
	.more = "LINE is an enrolment line or a bare signer; -: read it from stdin."},
    {.name = "vault rekey",
	.summary = "Seal a vault anew, also after this machine's key was replaced",
	.options = rekey_options,
	.run = run_vault_rekey,
	.more = "A former host key that --key names goes out of the recipients, and this machine's "
		"comes in."},
    {.name = "vault export",
	.arguments = "FILE",
	.summary = "Write a vault's sealed document to a new file",
	.options = vault_export_options,
	.least = 1,
	.most = 1,
	.run = run_vault_export,
	.more = "FILE -: to stdout. Only its recipients can open it: it can be sent as it is."},
    {.name = "vault import",
	.arguments = "FILE",
	.summary = "Take a sealed document from another machine",
	.options = vault_import_options,
	.least = 1,
	.most = 1,
	.run = run_vault_import,
	.more =
	    "FILE -: from stdin. A document that is older, of a stranger or of another identity "
	    "is refused,\nand what is here stays. The first of an identity needs: ravi identity "
	    "trust. It gets an\nOS user then; a later import does only with --user."},
    {.name = "secrets set",
	.arguments = "NAME [VALUE]",
	.summary = "Store a secret, from stdin, a file, a prompt or VALUE",
	.options = set_options,
	.least = 1,
	.most = 2,
	.run = run_secrets_set,
	.more = "Without VALUE and --file the value is read from stdin, less one newline at its "
		"end; on a\n"
		"terminal it is asked for without echo. VALUE can be seen by other users while "
		"ravi runs."},
    {.name = "secrets get",
	.arguments = "NAME",
	.summary = "Print a secret's value",
	.options = get_options,
	.least = 1,
	.most = 1,
	.run = run_secrets_get,
	.more = "An agent reads its ring, root the vault."},
    {.name = "secrets list",
	.summary = "List secrets, never their values",
	.options = secret_options,
	.run = run_secrets_list},
    {.name = "secrets history",
	.arguments = "NAME",
	.summary = "List the versions of a secret, never their values",
	.options = secret_options,
	.least = 1,
	.most = 1,
	.run = run_secrets_history,
	.more = "One of them is printed by ravi secrets get --version, and comes back by ravi "
		"secrets\nrollback."},
    {.name = "secrets rollback",
	.arguments = "NAME",
	.summary = "Make an earlier version of a secret the current one again",
	.options = rollback_options,
	.least = 1,
	.most = 1,
	.run = run_secrets_rollback,
	.more = "It becomes the next version; the one it replaces stays in the history."},
    {.name = "secrets import",
	.arguments = "FILE|-",
	.summary = "Store all secrets of a file: dotenv, JSON, CodexMonitor's settings.json",
	.options = import_options,
	.least = 1,
	.most = 1,
	.run = run_secrets_import,
	.more = "All of them or none, in one revision. A name that is there with another value "
		"refuses the\nfile, unless --existing says what to do."},
    {.name = "secrets export",
	.arguments = "[NAME...]",
	.summary = "Print secrets as dotenv or JSON, or write them to a file",
	.options = export_options,
	.most = -1,
	.run = run_secrets_export,
	.more = "Without names all but SSH_SIGNING_KEY, which is the identity's own. What has "
		"expired is left out.\nTo a terminal it prints only with --output -."},
    {.name = "secrets delete",
	.arguments = "NAME",
	.summary = "Delete a secret and its previous versions",
	.options = secret_options,
	.least = 1,
	.most = 1,
	.run = run_secrets_delete},
    {.name = "sync",
	.summary = "Bring copies of vaults in line with the service that they are at home at",
	.options = sync_options,
	.run = run_sync,
	.more = "For store = service in ravi.conf(5). What was changed here goes there, what was "
		"changed there\ncomes here and into the rings of running sessions."},
    {.name = "reload",
	.arguments = "[USER]",
	.summary = "Load the rings of agents who are logged in again",
	.options = ring_options,
	.most = 1,
	.run = run_reload},
    {.name = "release",
	.arguments = "USER",
	.summary = "End an agent's ring, whoever is logged in",
	.options = ring_options,
	.least = 1,
	.most = 1,
	.run = run_release},
    {.name = "doctor",
	.summary = "Look for what keeps agents from their tokens, or opens these to others",
	.options = doctor_options,
	.run = run_doctor,
	.more =
	    "Exits with 0 only when all is well. --fix touches what is pam-ravi's own, and nothing "
	    "else of\nthis machine's: see ravi(1)."},
    {.name = "audit",
	.summary = "Show what happened: logins, changes, denials; an agent sees its own",
	.options = audit_options,
	.run = run_audit},
    {.name = "audit verify",
	.summary = "Check that nobody has changed, removed, moved or cut off what happened",
	.options = verify_options,
	.run = run_audit_verify,
	.more = "Exits with 0 when the trail is sound, and then signs it; else with 1, and says "
		"where."},
    {.name = "audit restart",
	.summary = "Put a trail that is not sound aside, and begin a new one",
	.options = identity_options,
	.run = run_audit_restart},
    {.name = "version",
	.summary = "Print the version",
	.options = identity_options,
	.run = run_version},
    {.name = "help",
	.arguments = "[COMMAND]",
	.summary = "Explain a command",
	.most = 3,
	.run = run_help},
    {0},
};

const struct cli_program ravi_program = {
    .name = "ravi",
    .summary = "Identities of coding agents, their secrets, and the kernel rings they log in to.",
    .commands = commands,
    .complete = ravi_complete,
    .see = "ravi(1), ravi(7), ravi-keyctl(1)",
};

/* Whatever a command of root's put into the audit trail is signed at its end. */
static void sign_trail(bool may_speak)
{
	struct reason why = {0};

	if (geteuid() == 0 && machine_checkpoint(&why) < 0 && may_speak)
		cli_note("%s", why.text);
}

int main(int argc, char **argv)
{
	int r;

	vault_memory_init();
	r = process_protect();
	if (r < 0)
		return cli_fail(r, NULL);
	/* No secret stays behind in a buffer of stdio's. */
	setvbuf(stdout, NULL, _IONBF, 0);
	openlog("ravi", LOG_PID, LOG_AUTHPRIV);
	r = cli_main(&ravi_program, argc, argv);
	/* A command that failed has said why, and most of the time it is the same. */
	sign_trail(r == EXIT_DONE);
	return r;
}

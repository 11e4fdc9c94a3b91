/* SPDX-License-Identifier: MIT */
/*
 * ravi vault recipients, ravi vault signers: the machines (and recovery keys) that may open a vault, and the
 * machines that may write it.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "line.h"
#include "members.h"
#include "recovery.h"
#include "util/jsonout.h"
#include "util/table.h"
#include "work.h"

struct members_values {
	const char *identity;
	bool json;
};

const struct option_row members_options[] = {
    {.name = "identity",
	.kind = OPTION_TEXT,
	.letter = 'i',
	.argument = "ID",
	.offset = offsetof(struct members_values, identity),
	.help = "whose vault (default: RAVI_IDENTITY, or the only one)"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct members_values, json),
	.help = "print JSON"},
    {0},
};

/* ---- who it is ---- */

const char *member_of_recipient(const struct host *host, const struct age_recipient *recipient)
{
	struct age_recipient recovery;

	if (!memcmp(recipient, &host->age.recipient, sizeof(*recipient)))
		return "this machine";
	if (recovery_load(&recovery, NULL) == 0 && !memcmp(recipient, &recovery, sizeof(recovery)))
		return "recovery key";
	return NULL;
}

const char *member_of_signer(const struct host *host, const struct signer *signer)
{
	return memcmp(signer, &host->signer, sizeof(*signer)) ? NULL : "this machine";
}

/* ---- list ---- */

void members_json(
    struct jsonout *j, const struct vault *vault, const struct host *host, enum member_kind kind)
{
	struct vault_members members;

	vault_members(vault, &members);
	if (kind == MEMBER_RECIPIENT) {
		jsonout_open(j, "recipients", '[');
		for (size_t i = 0; i < members.recipient_count; i++) {
			char text[AGE_RECIPIENT_TEXT];

			age_recipient_format(&members.recipients[i], text);
			jsonout_open(j, NULL, '{');
			jsonout_text(j, "recipient", text);
			jsonout_text(j, "who", member_of_recipient(host, &members.recipients[i]));
			jsonout_close(j, '}');
		}
	} else {
		jsonout_open(j, "signers", '[');
		for (size_t i = 0; i < members.signer_count; i++) {
			char text[SIGNER_TEXT];

			signer_format(&members.signers[i], text);
			jsonout_open(j, NULL, '{');
			jsonout_text(j, "signer", text);
			jsonout_text(j, "who", member_of_signer(host, &members.signers[i]));
			jsonout_close(j, '}');
		}
	}
	jsonout_close(j, ']');
}

void members_table(
    struct table *table, const struct vault *vault, const struct host *host, enum member_kind kind)
{
	struct vault_members members;

	vault_members(vault, &members);
	for (size_t i = 0; kind == MEMBER_RECIPIENT && i < members.recipient_count; i++) {
		char text[AGE_RECIPIENT_TEXT];

		age_recipient_format(&members.recipients[i], text);
		table_add(table, text);
		table_add(table, member_of_recipient(host, &members.recipients[i]));
	}
	for (size_t i = 0; kind == MEMBER_SIGNER && i < members.signer_count; i++) {
		char text[SIGNER_TEXT];

		signer_format(&members.signers[i], text);
		table_add(table, text);
		table_add(table, member_of_signer(host, &members.signers[i]));
	}
}

static int print_list(const struct work *work, enum member_kind kind, bool json)
{
	const struct host *host = &work->context.machine.host;
	table_auto table =
	    table_make(kind == MEMBER_RECIPIENT ? "RECIPIENT" : "SIGNER", "WHO", NULL);
	jsonout_auto j = {0};
	int r;

	if (json) {
		jsonout_open(&j, NULL, '{');
		jsonout_text(&j, "identity", work->identity);
		jsonout_number(&j, "revision", (int64_t)vault_revision(work->vault));
		members_json(&j, work->vault, host, kind);
		jsonout_close(&j, '}');
		r = jsonout_print(&j);
	} else {
		members_table(&table, work->vault, host, kind);
		r = table_print(&table);
	}
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int list(const struct members_values *values, enum member_kind kind)
{
	work_auto work = {0};
	int code = work_open(&work, "look into vaults", values->identity, NULL);

	return code == EXIT_DONE ? print_list(&work, kind, values->json) : code;
}

int run_recipients_list(void *values, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return list(values, MEMBER_RECIPIENT);
}

int run_signers_list(void *values, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return list(values, MEMBER_SIGNER);
}

/* ---- add, remove ---- */

struct member_change {
	struct work work;
	struct enrolment enrolment;
	bool whole; /* both halves of it are known */
	char text[SIGNER_TEXT];
	bool there;        /* add: it was one already */
	uint64_t revision; /* remove: the last that it can open */
};

#define member_change_auto __attribute__((cleanup(member_change_free))) struct member_change

static void member_change_free(struct member_change *m)
{
	work_free(&m->work);
}

/* Everything up to the change itself. Returns an exit code. */
static int begin(struct member_change *m, const struct members_values *values,
    enum member_kind kind, int argc, char **argv)
{
	struct reason why = {0};
	buf_auto line = {0};
	int code, r = line_read(argc, argv, &line, &why);

	if (r < 0)
		return context_fail(r, &why);
	if (kind == MEMBER_RECIPIENT) {
		r = enrolment_recipient(buf_text(&line), &m->enrolment, &m->whole, &why);
		age_recipient_format(&m->enrolment.recipient, m->text);
	} else {
		r = enrolment_signer(buf_text(&line), &m->enrolment, &m->whole, &why);
		signer_format(&m->enrolment.signer, m->text);
	}
	if (r < 0)
		return cli_usage("%s", why.text);
	code = work_start(&m->work, "say who may open and write vaults", values->identity);
	return code;
}

static int change_add_recipient(void *opaque, struct vault *vault, struct reason *why)
{
	struct member_change *m = opaque;
	int r = context_need_living(vault, why);

	if (r == 0)
		r = vault_add_recipient(vault, &m->enrolment.recipient, why);
	m->there = r == 1;
	return r;
}

static int change_add_signer(void *opaque, struct vault *vault, struct reason *why)
{
	struct member_change *m = opaque;
	int r = context_need_living(vault, why);

	if (r == 0)
		r = vault_add_signer(vault, &m->enrolment.signer, why);
	m->there = r == 1;
	return r;
}

static int change_remove_recipient(void *opaque, struct vault *vault, struct reason *why)
{
	struct member_change *m = opaque;
	const struct host *host = &m->work.context.machine.host;

	if (!memcmp(&m->enrolment.recipient, &host->age.recipient, sizeof(host->age.recipient)))
		return reason_set(why, -EPERM,
		    "that is this machine, which could not open the vault of %s any more; say it "
		    "on "
		    "another one",
		    m->work.identity);
	m->revision = vault_revision(vault);
	return vault_remove_recipient(vault, &m->enrolment.recipient, time(NULL), why);
}

static int change_remove_signer(void *opaque, struct vault *vault, struct reason *why)
{
	struct member_change *m = opaque;
	const struct host *host = &m->work.context.machine.host;

	if (!memcmp(&m->enrolment.signer, &host->signer, sizeof(host->signer)))
		return reason_set(why, -EPERM,
		    "that is this machine, which could not write the vault of %s any more; say it "
		    "on "
		    "another one",
		    m->work.identity);
	return vault_remove_signer(vault, &m->enrolment.signer, why);
}

static int add(const struct members_values *values, enum member_kind kind, int argc, char **argv)
{
	const bool recipient = kind == MEMBER_RECIPIENT;
	char print[ENROLMENT_PRINT_TEXT];
	member_change_auto m = {0};
	int code = begin(&m, values, kind, argc, argv);

	if (code == EXIT_DONE)
		code = work_change(&m.work, recipient ? "recipient-add" : "signer-add", "member",
		    m.text, recipient ? change_add_recipient : change_add_signer, &m);
	if (code != EXIT_DONE)
		return code;
	if (values->json)
		return print_list(&m.work, kind, true);
	printf("%s %s %s the %s of %s (revision %llu)\n", m.text, m.there ? "is" : "is now",
	    m.there ? "already among" : "among", recipient ? "recipients" : "signers",
	    m.work.identity, (unsigned long long)vault_revision(m.work.vault));
	enrolment_print(&m.enrolment, print);
	if (m.whole && !m.there)
		printf("Compare its fingerprint with the one shown there: %s\n", print);
	return EXIT_DONE;
}

int run_recipients_add(void *values, int argc, char **argv)
{
	return add(values, MEMBER_RECIPIENT, argc, argv);
}

int run_signers_add(void *values, int argc, char **argv)
{
	return add(values, MEMBER_SIGNER, argc, argv);
}

/* ---- what has been seen ---- */

struct seen {
	uint64_t revision;
	size_t count;
	struct jsonout *j; /* NULL: words into text */
	struct buf *text;
};

static int add_seen(void *opaque, struct vault_secret *secret)
{
	struct seen *seen = opaque;

	if (!vault_secret_was_seen(secret, seen->revision))
		return 0;
	seen->count++;
	if (seen->j)
		jsonout_text(seen->j, NULL, secret->name);
	else
		buf_addf(seen->text, " %s", secret->name);
	return 0;
}

size_t members_seen(const struct vault *vault, uint64_t revision, struct buf *names)
{
	struct seen seen = {.revision = revision, .text = names};

	vault_each(vault, add_seen, &seen);
	return seen.count;
}

void members_seen_json(struct jsonout *j, const struct vault *vault, uint64_t revision)
{
	struct seen seen = {.revision = revision, .j = j};

	jsonout_open(j, "rotate", '[');
	vault_each(vault, add_seen, &seen);
	jsonout_close(j, ']');
}

static int print_removed_json(const struct member_change *m, enum member_kind kind)
{
	jsonout_auto j = {0};

	jsonout_open(&j, NULL, '{');
	jsonout_text(&j, "status", "removed");
	jsonout_text(&j, "identity", m->work.identity);
	jsonout_text(&j, kind == MEMBER_RECIPIENT ? "recipient" : "signer", m->text);
	jsonout_number(&j, "revision", (int64_t)vault_revision(m->work.vault));
	if (kind == MEMBER_RECIPIENT)
		members_seen_json(&j, m->work.vault, m->revision);
	jsonout_close(&j, '}');
	return jsonout_print(&j) < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* A line has both halves: who is taken off one list is still on the other one. */
static void say_other_half(const struct member_change *m, enum member_kind kind)
{
	struct vault_members members;
	char text[SIGNER_TEXT];

	if (!m->whole)
		return;
	vault_members(m->work.vault, &members);
	for (size_t i = 0; kind == MEMBER_RECIPIENT && i < members.signer_count; i++) {
		if (memcmp(&members.signers[i], &m->enrolment.signer, sizeof(members.signers[i])))
			continue;
		signer_format(&members.signers[i], text);
		printf("It may still write: ravi vault signers remove %s --identity %s\n", text,
		    m->work.identity);
	}
	for (size_t i = 0; kind == MEMBER_SIGNER && i < members.recipient_count; i++) {
		if (memcmp(&members.recipients[i], &m->enrolment.recipient,
			sizeof(members.recipients[i])))
			continue;
		age_recipient_format(&members.recipients[i], text);
		printf("It can still read: ravi vault recipients remove %s --identity %s\n", text,
		    m->work.identity);
	}
}

static void print_removed(const struct member_change *m, enum member_kind kind)
{
	buf_auto names = {0};

	printf("%s is no longer among the %s of %s (revision %llu)\n", m->text,
	    kind == MEMBER_RECIPIENT ? "recipients" : "signers", m->work.identity,
	    (unsigned long long)vault_revision(m->work.vault));
	if (kind == MEMBER_RECIPIENT && members_seen(m->work.vault, m->revision, &names))
		printf("It has seen these secrets; have new ones issued and store them:%s\n",
		    buf_text(&names));
	say_other_half(m, kind);
}

static int drop(const struct members_values *values, enum member_kind kind, int argc, char **argv)
{
	const bool recipient = kind == MEMBER_RECIPIENT;
	member_change_auto m = {0};
	int code = begin(&m, values, kind, argc, argv);

	if (code == EXIT_DONE)
		code =
		    work_change(&m.work, recipient ? "recipient-remove" : "signer-remove", "member",
			m.text, recipient ? change_remove_recipient : change_remove_signer, &m);
	if (code != EXIT_DONE)
		return code;
	if (values->json)
		return print_removed_json(&m, kind);
	print_removed(&m, kind);
	return EXIT_DONE;
}

int run_recipients_remove(void *values, int argc, char **argv)
{
	return drop(values, MEMBER_RECIPIENT, argc, argv);
}

int run_signers_remove(void *values, int argc, char **argv)
{
	return drop(values, MEMBER_SIGNER, argc, argv);
}

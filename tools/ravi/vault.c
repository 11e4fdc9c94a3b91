/* SPDX-License-Identifier: MIT */
/* ravi vault info: one sealed document, who can open it, who may write it, and what is left to rotate. */
#include <config.h>

#include <errno.h>
#include <stdio.h>

#include "commands.h"
#include "members.h"
#include "named.h"
#include "util/when.h"
#include "work.h"

struct info_values {
	const char *identity;
	const char *file;
	bool json;
};

#define ROW(member) .name = #member, .offset = offsetof(struct info_values, member)

const struct option_row info_options[] = {
    {ROW(identity), .kind = OPTION_TEXT, .letter = 'i', .argument = "ID",
	.help = "the same as IDENTITY"},
    {ROW(file), .kind = OPTION_TEXT, .letter = 'f', .argument = "FILE",
	.help = "look at this document instead of the one held here (-: stdin)"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print JSON"},
    {0},
};

#undef ROW

struct info {
	const struct vault *vault;
	const struct host *host;
	size_t size; /* bytes, sealed */
	struct jsonout j;
	struct buf out;
};

#define info_auto __attribute__((cleanup(info_free))) struct info

static void info_free(struct info *info)
{
	jsonout_free(&info->j);
	buf_free(&info->out);
}

static int removed_json(void *opaque, const struct vault_removed *removed)
{
	char recipient[AGE_RECIPIENT_TEXT];
	struct info *info = opaque;

	age_recipient_format(&removed->recipient, recipient);
	jsonout_open(&info->j, NULL, '{');
	jsonout_text(&info->j, "recipient", recipient);
	jsonout_number(&info->j, "revision", (int64_t)removed->revision);
	jsonout_when(&info->j, "removed_dt", removed->when);
	members_seen_json(&info->j, info->vault, removed->revision);
	jsonout_close(&info->j, '}');
	return 0;
}

static int print_json(struct info *info)
{
	char signer[SIGNER_TEXT], hash[VAULT_HASH_TEXT];

	signer_format(vault_signer(info->vault), signer);
	vault_hash(info->vault, hash);
	jsonout_open(&info->j, NULL, '{');
	jsonout_text(&info->j, "identity", vault_name(info->vault));
	jsonout_text(&info->j, "uuid", vault_uuid(info->vault));
	jsonout_text(&info->j, "state", agent_state_word(vault_state(info->vault)));
	jsonout_number(&info->j, "revision", (int64_t)vault_revision(info->vault));
	jsonout_when(&info->j, "updated_dt", vault_updated(info->vault));
	jsonout_text(&info->j, "signer", signer);
	jsonout_text(&info->j, "hash", hash);
	jsonout_number(&info->j, "size", (int64_t)info->size);
	jsonout_number(&info->j, "secrets", (int64_t)vault_secret_count(info->vault));
	members_json(&info->j, info->vault, info->host, MEMBER_RECIPIENT);
	members_json(&info->j, info->vault, info->host, MEMBER_SIGNER);
	jsonout_open(&info->j, "removed", '[');
	vault_each_removed(info->vault, removed_json, info);
	jsonout_close(&info->j, ']');
	jsonout_close(&info->j, '}');
	return jsonout_print(&info->j);
}

/* Who was taken off and still knows something. */
static int removed_text(void *opaque, const struct vault_removed *removed)
{
	char recipient[AGE_RECIPIENT_TEXT], when[WHEN_TEXT];
	struct info *info = opaque;
	buf_auto names = {0};

	if (!members_seen(info->vault, removed->revision, &names))
		return 0;
	age_recipient_format(&removed->recipient, recipient);
	when_format(removed->when, when);
	buf_addf(&info->out, "\n%s was removed %s and knows these secrets; store new values:%s\n",
	    recipient, when, buf_text(&names));
	return 0;
}

static void add_table(struct info *info, const char *header, enum member_kind kind)
{
	table_auto table = table_make(header, "WHO", NULL);

	members_table(&table, info->vault, info->host, kind);
	buf_add_char(&info->out, '\n');
	table_format(&table, &info->out);
}

static void add_number(struct buf *out, const char *key, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	table_line(out, 8, key, text);
}

static void print_text(struct info *info)
{
	char signer[SIGNER_TEXT], hash[VAULT_HASH_TEXT], updated[WHEN_TEXT];

	signer_format(vault_signer(info->vault), signer);
	vault_hash(info->vault, hash);
	when_format(vault_updated(info->vault), updated);
	table_line(&info->out, 8, "name", vault_name(info->vault));
	table_line(&info->out, 8, "uuid", vault_uuid(info->vault));
	table_line(&info->out, 8, "state", agent_state_word(vault_state(info->vault)));
	add_number(&info->out, "revision", vault_revision(info->vault));
	table_line(&info->out, 8, "updated", updated);
	table_line(&info->out, 8, "signed", signer);
	table_line(&info->out, 8, "hash", hash);
	add_number(&info->out, "size", info->size);
	add_number(&info->out, "secrets", vault_secret_count(info->vault));
	add_table(info, "RECIPIENT", MEMBER_RECIPIENT);
	add_table(info, "SIGNER", MEMBER_SIGNER);
	vault_each_removed(info->vault, removed_text, info);
	fputs(buf_text(&info->out), stdout);
}

/* A document that is not in the store, such as one of a fork. */
static int open_file(struct work *work, const char *file, struct buf *sealed, struct reason *why)
{
	int r = context_need_root("look into vaults", why);

	if (r == 0)
		r = context_open(&work->context, why);
	if (r == 0)
		r = named_read(file, STORE_DOCUMENT_MAX, sealed, why);
	if (r < 0)
		return r;
	r = vault_open(&work->context.machine.host, sealed->data, sealed->len, &work->vault, why);
	return r < 0 ? reason_prefix(why, r == -ENOKEY ? -EKEYREJECTED : r, "%s: ", file) : 0;
}

int run_vault_info(void *opaque, int argc, char **argv)
{
	const struct info_values *values = opaque;
	const char *identity = argc ? argv[0] : values->identity;
	work_auto work = {0};
	info_auto info = {0};
	struct reason why = {0};
	buf_auto sealed = {0};
	int code = EXIT_DONE, r = 0;

	if (values->file && identity)
		return cli_usage("say either an identity or --file, not both");
	if (values->file)
		r = open_file(&work, values->file, &sealed, &why);
	else
		code = work_open(&work, "look into vaults", identity, &sealed);
	if (r < 0 || code != EXIT_DONE)
		return r < 0 ? context_fail(r, &why) : code;
	info.vault = work.vault;
	info.host = &work.context.machine.host;
	info.size = sealed.len;
	if (values->json)
		return print_json(&info) < 0 ? EXIT_FAILED : EXIT_DONE;
	print_text(&info);
	return EXIT_DONE;
}

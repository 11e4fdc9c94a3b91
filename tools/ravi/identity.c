/* SPDX-License-Identifier: MIT */
/* ravi identity list, show, enable, disable, delete. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/account.h"
#include "audit/audit.h"
#include "carrier.h"
#include "commands.h"
#include "context.h"
#include "home.h"
#include "identity.h"
#include "machine/wallet.h"
#include "signkey.h"
#include "util/cleanup.h"
#include "util/table.h"
#include "util/when.h"

const struct option_row identity_options[] = {
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct identity_values, json),
	.help = "print JSON"},
    {0},
};

const struct option_row identity_list_options[] = {
    {.name = "offline",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct identity_values, offline),
	.help = "without asking the Ravi service"},
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct identity_values, json),
	.help = "print JSON"},
    {0},
};

/* ---- how it is shown ---- */

/* The public half of its signing key, and the line that lets others check its commits; or why not. */
static int describe_key(
    const struct vault *vault, struct buf *key, struct buf *signer, struct reason *why)
{
	uint8_t public[SSHKEY_PUBLIC_SIZE];
	const char *email = vault_email(vault);
	int r = signkey_public(vault, public, why);

	if (r < 0)
		return r;
	sshkey_add_public(public, key);
	if (email)
		sshkey_add_signer(public, email, signer);
	return 0;
}

static void json_members(
    struct jsonout *j, const struct vault *vault, const struct agent *agent)
{
	buf_auto key = {0};
	buf_auto signer = {0};

	describe_key(vault, &key, &signer, NULL);
	jsonout_text(j, "uuid", vault_uuid(vault));
	jsonout_text(j, "name", vault_name(vault));
	/* The Ravi service calls the address inbox. */
	jsonout_text(j, "inbox", vault_email(vault));
	jsonout_text(j, "email", vault_email(vault));
	jsonout_text(j, "phone", vault_phone(vault));
	jsonout_text(j, "state", agent_state_word(vault_state(vault)));
	jsonout_text(j, "user", agent ? agent->user : NULL);
	jsonout_bool(j, "linger", agent && agent->linger);
	jsonout_number(j, "revision", (int64_t)vault_revision(vault));
	jsonout_when(j, "created_dt", vault_created(vault));
	jsonout_when(j, "updated_dt", vault_updated(vault));
	jsonout_number(j, "secrets", (int64_t)vault_secret_count(vault));
	jsonout_text(j, "ssh_public_key", key.len ? key.data : NULL);
	jsonout_text(j, "allowed_signers", signer.len ? signer.data : NULL);
}

void identity_json(
    struct jsonout *j, const char *member, const struct vault *vault, const struct agent *agent)
{
	jsonout_open(j, member, '{');
	json_members(j, vault, agent);
	jsonout_close(j, '}');
}

static void add_number(struct buf *out, const char *key, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	table_line(out, 8, key, text);
}

static void add_when(struct buf *out, const char *key, time_t when)
{
	char text[WHEN_TEXT];

	when_format(when, text);
	table_line(out, 8, key, text);
}

static void add_key(struct buf *out, const struct vault *vault)
{
	struct reason why = {0};
	buf_auto key = {0};
	buf_auto signer = {0};
	int r = describe_key(vault, &key, &signer, &why);

	/* What is deleted needs none. */
	if (r < 0 && vault_state(vault) != AGENT_DELETED)
		buf_add_text(&key, why.text);
	table_line(out, 8, "ssh key", buf_text(&key));
	table_line(out, 8, "signers", buf_text(&signer));
}

int identity_print(const struct vault *vault, const struct agent *agent, bool json)
{
	jsonout_auto j = {0};
	buf_auto out = {0};

	if (json) {
		identity_json(&j, NULL, vault, agent);
		return jsonout_print(&j) < 0 ? EXIT_FAILED : EXIT_DONE;
	}
	table_line(&out, 8, "name", vault_name(vault));
	table_line(&out, 8, "state", agent_state_word(vault_state(vault)));
	table_line(&out, 8, "user", agent ? agent->user : NULL);
	table_line(&out, 8, "linger", agent && agent->linger ? "yes" : "no");
	table_line(&out, 8, "email", vault_email(vault));
	table_line(&out, 8, "phone", vault_phone(vault));
	table_line(&out, 8, "uuid", vault_uuid(vault));
	add_number(&out, "secrets", vault_secret_count(vault));
	add_number(&out, "revision", vault_revision(vault));
	add_when(&out, "created", vault_created(vault));
	add_when(&out, "updated", vault_updated(vault));
	add_key(&out, vault);
	fputs(buf_text(&out), stdout);
	return EXIT_DONE;
}

int identity_carrier(const char *identity, struct agent *agent, struct reason *why)
{
	char user[USER_NAME_MAX + 1];
	int r = agent_of_identity(identity, user, why);

	*agent = (struct agent){0};
	if (r == 0)
		r = agent_load(user, agent, why);
	if (r == 0 && !agent_has(agent, identity))
		agent->count = 0;
	return r == -ENOENT ? 0 : r;
}

/* 1 at the first that an administrator or the agent stored. */
static int is_own(void *context, struct vault_secret *secret)
{
	(void)context;
	return strcmp(secret->name, SSHKEY_SECRET) != 0;
}

bool identity_uncarried(const struct vault *vault, const char *former, char *command, size_t size)
{
	const char *identity = vault_name(vault);
	bool has_own = vault_each(vault, is_own, NULL) == 1;

	/* What was stored in it is never to be thrown away for that. */
	if (!has_own)
		snprintf(command, size, "ravi identity delete %s", identity);
	else
		snprintf(command, size,
		    "ravi vault export - --identity %s | ravi vault import - --user %s", identity,
		    *former                                ? former
		    : user_name_check(identity, NULL) == 0 ? identity
							   : "OSUSER");
	return has_own;
}

/* ---- list, show ---- */

struct listing {
	struct context context;
	struct account account;
	json_t *there; /* the account's identities; NULL: nobody was asked */
	struct jsonout j;
	struct table table;
	struct progress progress;
	bool json;
	int code;
};

#define listing_auto __attribute__((cleanup(listing_free))) struct listing

static void listing_free(struct listing *listing)
{
	json_decref(listing->there);
	account_close(&listing->account);
	table_free(&listing->table);
	jsonout_free(&listing->j);
	context_close(&listing->context);
}

/* Takes the one with this UUID off the list of those that are at the service. */
static bool take_from_there(struct listing *listing, const char *uuid)
{
	for (size_t i = 0; i < json_array_size(listing->there); i++)
		if (!strcmp(fetch_text(json_array_get(listing->there, i), "uuid"), uuid))
			return json_array_remove(listing->there, i) == 0;
	return false;
}

static void add_here(struct listing *listing, const struct vault *vault, const struct agent *agent)
{
	bool there = take_from_there(listing, vault_uuid(vault));
	struct table *table = &listing->table;
	char updated[WHEN_TEXT];

	if (listing->json) {
		jsonout_open(&listing->j, NULL, '{');
		json_members(&listing->j, vault, agent);
		jsonout_bool(&listing->j, "here", true);
		if (listing->there)
			jsonout_bool(&listing->j, "service", there);
		else
			jsonout_text(&listing->j, "service", NULL);
		jsonout_close(&listing->j, '}');
		return;
	}
	when_format(vault_updated(vault), updated);
	table_add(table, vault_name(vault));
	table_add(table, agent ? agent->user : NULL);
	table_add_shaded(table, vault_state(vault) == AGENT_ACTIVE ? SHADE_GOOD : SHADE_AMISS,
	    agent_state_word(vault_state(vault)));
	table_addf(table, "%zu", vault_secret_count(vault));
	table_add(table, there ? "here, service" : "here");
	table_add(table, vault_email(vault));
	table_add(table, updated);
}

/* Of the account, and not on this machine. */
static void add_there(struct listing *listing, const json_t *identity)
{
	struct jsonout *j = &listing->j;
	struct table *table = &listing->table;

	if (listing->json) {
		jsonout_open(j, NULL, '{');
		jsonout_text(j, "uuid", fetch_text(identity, "uuid"));
		jsonout_text(j, "name", fetch_text(identity, "name"));
		jsonout_text(j, "inbox", fetch_text(identity, "inbox"));
		jsonout_text(j, "email", fetch_text(identity, "inbox"));
		jsonout_text(j, "phone", fetch_text(identity, "phone"));
		jsonout_text(j, "created_dt", fetch_text(identity, "created_dt"));
		jsonout_text(j, "updated_dt", fetch_text(identity, "updated_dt"));
		jsonout_bool(j, "here", false);
		jsonout_bool(j, "service", true);
		jsonout_close(j, '}');
		return;
	}
	table_add(table, fetch_text(identity, "name"));
	table_add(table, NULL);
	table_add(table, NULL);
	table_add(table, NULL);
	table_add(table, "service");
	table_add(table, fetch_text(identity, "inbox"));
	table_add(table, fetch_text(identity, "updated_dt"));
}

/* A vault that does not open is said and does not hide the others. */
static int list_one(void *opaque, const char *name)
{
	struct listing *listing = opaque;
	vault_auto vault = NULL;
	struct reason why = {0};
	struct agent agent;
	int r = machine_vault(&listing->context.machine, name, NULL, &vault, &why);

	progress_step(&listing->progress);
	if (r == 0 && vault_state(vault) == AGENT_DELETED)
		return 0;
	if (r == 0)
		r = identity_carrier(name, &agent, &why);
	if (r < 0)
		progress_clear(&listing->progress);
	if (r < 0)
		listing->code = context_fail(r, &why);
	else
		add_here(listing, vault, agent.count ? &agent : NULL);
	return 0;
}

/* What is here is listed whatever the service says; that it was not reached shows in the exit code. */
static void ask_service(struct listing *listing)
{
	struct reason why = {0};
	int r = context_account(&listing->context, &listing->account, &why);

	if (r == 0 && account_has(&listing->account, WALLET_ACCOUNT, &why) == -ENOKEY)
		return;
	if (r == 0)
		r = account_ask(&listing->account, "identity.list", NULL, &listing->there, &why);
	if (r < 0)
		listing->code = context_fail(r, &why);
}

static int list_all(struct listing *listing, struct reason *why)
{
	int r;

	listing->table =
	    table_make("NAME", "USER", "STATE", "SECRETS", "WHERE", "EMAIL", "UPDATED", NULL);
	jsonout_open(&listing->j, NULL, '[');
	listing->progress = progress_begin("reading vaults");
	r = store_directory.list(listing->context.machine.store, list_one, listing, why);
	progress_end(&listing->progress);
	for (size_t i = 0; r == 0 && i < json_array_size(listing->there); i++)
		add_there(listing, json_array_get(listing->there, i));
	jsonout_close(&listing->j, ']');
	if (r == 0)
		r = listing->json ? jsonout_print(&listing->j) : table_print(&listing->table);
	return r;
}

int run_identity_list(void *opaque, int argc, char **argv)
{
	const struct identity_values *values = opaque;
	listing_auto listing = {.json = values->json};
	struct reason why = {0};
	int r = context_need_root("list identities", &why);

	(void)argc;
	(void)argv;
	if (r == 0)
		r = context_open(&listing.context, &why);
	if (r < 0)
		return context_fail(r, &why);
	if (listing.context.conf.service_url && !values->offline)
		ask_service(&listing);
	r = list_all(&listing, &why);
	return r < 0 ? context_fail(r, &why) : listing.code;
}

int run_identity_show(void *opaque, int argc, char **argv)
{
	const struct identity_values *values = opaque;
	context_auto context = {0};
	vault_auto vault = NULL;
	struct reason why = {0};
	struct agent agent;
	int r = context_need_root("show identities", &why);

	(void)argc;
	if (r == 0 && identity_name_check(argv[0], &why) < 0)
		return cli_usage("%s", why.text);
	if (r == 0)
		r = context_open(&context, &why);
	if (r == 0)
		r = machine_vault(&context.machine, argv[0], NULL, &vault, &why);
	if (r == 0)
		r = identity_carrier(argv[0], &agent, &why);
	if (r < 0)
		return context_fail(r, &why);
	return identity_print(vault, agent.count ? &agent : NULL, values->json);
}

/* ---- enable, disable, delete ---- */

struct transition {
	struct context context;
	const char *name;
	enum agent_state state; /* the one it goes to */
	struct vault *vault;
	struct agent agent; /* count 0: nobody carries it */
	bool is_default;    /* of that agent */
};

#define transition_auto __attribute__((cleanup(transition_free))) struct transition

static void transition_free(struct transition *t)
{
	vault_free(t->vault);
	context_close(&t->context);
}

static int change_state(void *opaque, struct vault *vault, struct reason *why)
{
	const struct transition *t = opaque;
	enum agent_state now = vault_state(vault);
	/* A deletion that died halfway is finished by the next one. */
	bool unfinished = t->state == AGENT_DELETED && t->agent.count &&
			  !(t->is_default && t->agent.state == AGENT_DELETED);

	if (!unfinished && context_need_living(vault, why) < 0)
		return -ENOSECRET;
	if (now == t->state)
		return 1;
	vault_set_state(vault, t->state);
	if (t->state == AGENT_DELETED)
		vault_clear(vault);
	return 0;
}

static int change(struct transition *t, struct reason *why)
{
	fd_auto lock = agent_lock(why);
	int r;

	if (lock < 0)
		return lock;
	r = identity_carrier(t->name, &t->agent, why);
	if (r < 0)
		return r;
	t->is_default = carrier_is_default(&t->agent, t->name);
	if (t->state == AGENT_DELETED && t->is_default && t->agent.count > 1)
		return reason_set(why, -EPERM,
		    "%s is the default identity of the OS user %s, who carries others too; delete "
		    "those first (%s, ...)",
		    t->name, t->agent.user, t->agent.identities[1]);
	r = machine_update(&t->context.machine, t->name, change_state, t, &t->vault, why);
	/* Adopted, and its vault never came: the entry is all there is. A vault that is there says for itself. */
	if (r == -ENOKEY && !t->vault && t->state == AGENT_DELETED && t->agent.count)
		r = 0;
	return r < 0 ? r : carrier_follow(&t->agent, t->name, t->state, why);
}

static void forget_keys(const struct transition *t)
{
	struct reason why = {0};
	bool had = false;
	int r =
	    home_forget(&t->context, t->name, t->vault ? vault_uuid(t->vault) : NULL, &had, &why);

	if (r < 0)
		cli_note("the key of %s for the service stays behind: %s", t->name, why.text);
	else if (had)
		cli_note("this machine has forgotten its key of %s; the identity at the service "
			 "stays, and the "
			 "key is good there until it is taken away in the account's settings",
		    t->name);
}

/* Of an identity whose vault never came the entry is all that is known. */
static int report_without_vault(const struct transition *t)
{
	jsonout_auto j = {0};

	jsonout_open(&j, NULL, '{');
	jsonout_text(&j, "uuid", NULL);
	jsonout_text(&j, "name", t->name);
	jsonout_text(&j, "state", agent_state_word(t->state));
	jsonout_text(&j, "user", t->agent.user);
	jsonout_close(&j, '}');
	return jsonout_print(&j) < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int report(const struct transition *t, bool json)
{
	if (json && t->vault)
		return identity_print(t->vault, t->agent.count ? &t->agent : NULL, true);
	if (json)
		return report_without_vault(t);
	printf("identity %s is %s\n", t->name, agent_state_word(t->state));
	if (t->state == AGENT_DELETED && t->is_default)
		printf("The OS user %s stays, and can no longer log in; remove it with: userdel -r "
		       "%s\n",
		    t->agent.user, t->agent.user);
	return EXIT_DONE;
}

static int run_transition(
    const struct identity_values *values, const char *name, enum agent_state state)
{
	static const char *const events[] = {
	    "identity-enable", "identity-disable", "identity-delete"};
	transition_auto t = {.name = name, .state = state};
	struct reason why = {0};
	char revision[24] = "";
	int r = context_need_root("change identities", &why), code;

	if (r < 0)
		return cli_fail(r, &why);
	if (identity_name_check(name, &why) < 0)
		return cli_usage("%s", why.text);
	r = context_open(&t.context, &why);
	if (r == 0)
		r = change(&t, &why);
	if (r == 0 && t.vault)
		snprintf(revision, sizeof(revision), "%llu",
		    (unsigned long long)vault_revision(t.vault));
	audit(events[state], context_result(r), "user", t.agent.count ? t.agent.user : NULL,
	    "identity", name, "revision", *revision ? revision : NULL, "by", context_uid().text,
	    NULL);
	if (r < 0)
		return context_fail(r, &why);
	code = report(&t, values->json);
	r = home_show(&t.context, &t.agent, name, state, &why);
	code = r < 0 ? context_fail(r, &why) : code;
	if (t.vault)
		code = home_bring(&t.context, name, code);
	/* With the key it goes that a tombstone is brought home with. */
	if (state == AGENT_DELETED && code == EXIT_DONE)
		forget_keys(&t);
	return code;
}

int run_identity_enable(void *values, int argc, char **argv)
{
	(void)argc;
	return run_transition(values, argv[0], AGENT_ACTIVE);
}

int run_identity_disable(void *values, int argc, char **argv)
{
	(void)argc;
	return run_transition(values, argv[0], AGENT_DISABLED);
}

int run_identity_delete(void *values, int argc, char **argv)
{
	(void)argc;
	return run_transition(values, argv[0], AGENT_DELETED);
}

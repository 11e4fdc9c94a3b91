/* SPDX-License-Identifier: MIT */
/*
 * ravi identity create, adopt: the identity at the Ravi service, where there is one; then the OS user when it
 * is missing, the vault, the agents entry. What was made here is taken back in reverse when a later step
 * fails, so an identity is here whole or not at all; what was made there is gone on with the next time.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "audit/audit.h"
#include "carrier.h"
#include "commands.h"
#include "config/paths.h"
#include "context.h"
#include "home.h"
#include "identity.h"
#include "provision.h"
#include "recovery.h"
#include "signkey.h"
#include "util/cleanup.h"

struct create_values {
	const char *name;
	const char *email;
	const char *phone;
	const char *user;
	const char *contract;
	bool provision_phone;
	bool ask_again;
	bool local;
	bool linger;
	bool json;
};

#define ROW(member) .name = #member, .offset = offsetof(struct create_values, member)

const struct option_row create_options[] = {
    {ROW(name), .kind = OPTION_TEXT, .argument = "NAME",
	.help = "the identity: 3 to 30 of a-z, 0-9, '.' and '-'"},
    {ROW(email), .kind = OPTION_TEXT, .argument = "ADDRESS",
	.help = "mail address, or the part before @ (default: NAME)"},
    {ROW(phone), .kind = OPTION_TEXT, .argument = "NUMBER",
	.help = "phone number as E.164 has it: +15551234567"},
    {.name = "provision-phone",
	.offset = offsetof(struct create_values, provision_phone),
	.kind = OPTION_FLAG,
	.help = "have the Ravi service give it a phone number"},
    {.name = "ask-again",
	.offset = offsetof(struct create_values, ask_again),
	.kind = OPTION_FLAG,
	.help = "an earlier create got no answer, and nothing was made: ask the service anew"},
    {ROW(local), .kind = OPTION_FLAG,
	.help = "on this machine alone, though a service is configured"},
    {ROW(contract), .kind = OPTION_TEXT, .argument = "b|c",
	.help =
	    "what the service calls an address: email (b) or email_identifier (c, the default)"},
    {ROW(user), .kind = OPTION_TEXT, .argument = "OSUSER",
	.help = "the OS user that carries it (default: NAME)"},
    {ROW(linger), .kind = OPTION_FLAG, .help = "keep that user's ring after its last session"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print the identity as JSON"},
    {0},
};

const struct option_row adopt_options[] = {
    {ROW(name), .kind = OPTION_TEXT, .argument = "NAME",
	.help = "what it is called here (default: as there)"},
    {ROW(user), .kind = OPTION_TEXT, .argument = "OSUSER",
	.help = "the OS user that carries it (default: NAME)"},
    {ROW(linger), .kind = OPTION_FLAG, .help = "keep that user's ring after its last session"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print the identity as JSON"},
    {0},
};

#undef ROW

struct creation {
	struct context context;
	const struct create_values *values;
	const char *name; /* here */
	char email[EMAIL_MAX + 1];

	struct account account; /* of the service, where it has a part in this */
	struct provision provision;
	const char *adopts;  /* what is adopted; NULL: it is made */
	bool is_provisioned; /* it is at the service, with a key for this host */
	bool is_here;        /* it was on this machine already */
	bool is_awaited;     /* it was adopted before, and its vault did not come yet */

	struct vault *former; /* a deleted identity of that name, and its document */
	struct buf tombstone;
	struct vault *vault;
	struct buf sealed;
	struct carrier carrier;
	bool made_vault; /* undo has to take it back */
};

#define creation_auto __attribute__((cleanup(creation_free))) struct creation

static void creation_free(struct creation *c)
{
	vault_free(c->former);
	vault_free(c->vault);
	buf_free(&c->tombstone);
	buf_free(&c->sealed);
	account_close(&c->account);
	context_close(&c->context);
}

/*
 * The domain where ravi.conf names none: the machine's own name, below .internal when it is a bare one;
 * ICANN keeps that for private use, so no mail to such an address ever reaches a stranger.
 */
static void host_domain(char *domain, size_t size)
{
	struct utsname host;

	if (uname(&host) < 0)
		strcpy(host.nodename, "localhost");
	for (char *c = host.nodename; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	snprintf(
	    domain, size, "%s%s", host.nodename, strchr(host.nodename, '.') ? "" : ".internal");
	if (domain_check(domain, NULL) < 0)
		snprintf(domain, size, "localhost.internal");
}

static int choose_email(struct creation *c, struct reason *why)
{
	const char *given = c->values->email;
	char domain[256];
	int len;

	if (c->context.conf.domain)
		snprintf(domain, sizeof(domain), "%s", c->context.conf.domain);
	else
		host_domain(domain, sizeof(domain));
	if (given && strchr(given, '@'))
		len = snprintf(c->email, sizeof(c->email), "%s", given);
	else
		len = snprintf(
		    c->email, sizeof(c->email), "%s@%s", given ? given : c->name, domain);
	if (len < 0 || (size_t)len >= sizeof(c->email))
		return reason_set(
		    why, -EINVAL, "the mail address is longer than %d characters", EMAIL_MAX);
	return email_check(c->email, why);
}

static int say_exists(const char *name, struct reason *why)
{
	char carrier[USER_NAME_MAX + 1];

	if (agent_of_identity(name, carrier, NULL) == -ENOENT)
		return reason_set(why, -EEXIST,
		    "identity %s has a vault and no OS user, as an interrupted create leaves it, "
		    "or "
		    "a document that was imported; let one carry it: ravi vault export - "
		    "--identity "
		    "%s | ravi vault import - --user OSUSER; or delete it with all its secrets: "
		    "ravi "
		    "identity delete %s",
		    name, name, name);
	return reason_set(
	    why, -EEXIST, "identity %s exists already; see: ravi identity show %s", name, name);
}

/* What is made after a tombstone by who is none of its signers, no machine that has the tombstone takes. */
static int check_tombstone(struct creation *c, struct reason *why)
{
	if (vault_has_signer(c->former, &c->context.machine.host.signer))
		return 0;
	return reason_set(why, -EPERM,
	    "identity %s was deleted, and this machine is none of its signers, so the others would "
	    "refuse a new one of that name from here. Make it on one of theirs and bring it here "
	    "(ravi vault recipients add, export, import), or take another name; where no other "
	    "machine is left that had it: rm " PATH_VAULTS "/%s.age",
	    c->name, c->name);
}

/* Nothing may be there but the tombstone of a deleted identity. */
static int check_identity(struct creation *c, struct reason *why)
{
	const char *name = c->name;
	int r;

	vault_free(c->former);
	c->former = NULL;
	buf_reset(&c->tombstone);
	r = machine_vault(&c->context.machine, name, &c->tombstone, &c->former, why);
	if (r < 0 && r != -ENOSECRET)
		return r;
	if (c->former && vault_state(c->former) != AGENT_DELETED)
		return say_exists(name, why);
	r = c->former ? check_tombstone(c, why) : 0;
	if (r < 0)
		return r;
	return carrier_check(&c->carrier, why);
}

static int make_vault(struct creation *c, struct reason *why)
{
	const struct provision *p = &c->provision;
	const struct vault_profile profile = {.name = c->name,
	    .uuid = c->is_provisioned ? p->uuid : NULL,
	    .email = c->is_provisioned ? p->email : c->email,
	    .phone = c->is_provisioned && *p->number ? p->number : c->values->phone};
	struct age_recipient recovery;
	int r = recovery_load(&recovery, why);

	if (r < 0)
		return r;
	r = vault_create(&profile, &c->context.machine.host, &recovery, &c->vault, why);
	if (r < 0)
		return r;
	if (c->former)
		vault_continue(c->vault, c->former);
	r = signkey_make(c->vault, 0, why);
	if (r < 0)
		return r;
	r = vault_seal(c->vault, &c->context.machine.host, &c->sealed, why);
	if (r < 0)
		return r;
	r = store_directory.put(c->context.machine.store, c->name,
	    c->former ? &c->tombstone : NULL, &c->sealed, why);
	c->made_vault = r == 0;
	if (r == -ESTALE)
		return reason_set(why, -EEXIST, "identity %s was made by somebody else just now",
		    c->name);
	return r;
}

static int undo_vault(struct creation *c, struct reason *why)
{
	if (c->former)
		return store_directory.put(
		    c->context.machine.store, c->name, &c->sealed, &c->tombstone, why);
	return store_directory.delete(c->context.machine.store, c->name, &c->sealed, why);
}

/* In reverse. What cannot be taken back is said, with the rest still tried. */
static void undo(struct creation *c)
{
	struct reason why = {0};

	carrier_undo_entry(&c->carrier);
	if (c->made_vault && undo_vault(c, &why) < 0)
		cli_note("the vault of %s stays behind: %s", c->name, why.text);
	carrier_undo_user(&c->carrier);
}

/* The part before @, and what is behind it. */
static void split_address(struct creation *c)
{
	char *at;

	if (!c->values->email)
		return;
	snprintf(c->email, sizeof(c->email), "%s", c->values->email);
	at = strchr(c->email, '@');
	if (at)
		*at = '\0';
	c->provision.local = c->email;
	c->provision.domain = at ? at + 1 : NULL;
}

/*
 * At the service. Nothing on this machine is locked meanwhile, for that can take its time; what is here is
 * looked at before and again after it.
 */
static int provision(struct creation *c, struct reason *why)
{
	int r = context_account(&c->context, &c->account, why);

	if (r < 0)
		return r;
	c->provision.phone = c->values->provision_phone;
	c->provision.again = c->values->ask_again;
	c->provision.old_contract = c->values->contract && !strcmp(c->values->contract, "b");
	c->provision.name = c->name;
	split_address(c);
	r = provision_create(&c->account, &c->provision, why);
	c->is_provisioned = r == 0;
	return r;
}

static int look_here(struct creation *c, struct reason *why)
{
	fd_auto lock = agent_lock(why);

	return lock < 0 ? lock : check_identity(c, why);
}

/*
 * The tombstone of the former identity of that name may not be at the service yet, and the new vault takes its place
 * here: then nobody would bring it there, and other machines would keep the tokens.
 */
static int bring_tombstone(struct creation *c, struct reason *why)
{
	sync_auto sync = {0};
	struct synced synced = {0};
	struct reason said = {0};
	char uuid[VAULT_UUID_TEXT];
	bool had;
	int r;

	if (!c->former || !conf_has_remote_store(&c->context.conf))
		return 0;
	r = sync_open(&c->context.conf, &c->context.machine, FETCH_COMMAND, &sync, &said);
	/* Adopted before: that one is met by this name now. */
	if (r == 0 && sync_uuid(&sync, c->name, uuid, NULL) == 0)
		return 0;
	if (r == 0)
		r = home_meet(&c->context, &sync, c->name, &synced, &said);
	if (r == 0)
		r = home_forget(&c->context, c->name, vault_uuid(c->former), &had, &said);
	if (fetch_is_down(r))
		return reason_set(why, r,
		    "the former identity %s was deleted here, and the service does not know it "
		    "yet; "
		    "say it "
		    "again when the service is reached: %s",
		    c->name, said.text);
	if (r < 0)
		cli_note("the service does not know that the former %s is deleted: %s", c->name,
		    said.text);
	return 0;
}

static int make_here(struct creation *c, struct reason *why)
{
	fd_auto lock = agent_lock(why);
	int r = lock < 0 ? lock : check_identity(c, why);

	if (r < 0)
		return r;
	carrier_block_interrupts();
	r = carrier_prepare(&c->carrier, why);
	if (r == 0)
		r = make_vault(c, why);
	if (r == 0)
		r = carrier_enter(&c->carrier, why);
	if (r < 0)
		undo(c);
	return r;
}

static int create(struct creation *c, struct reason *why)
{
	int r = context_open(&c->context, why);
	bool local = c->values->local || !c->context.conf.service_url;

	if (r < 0)
		return r;
	if (local && c->values->provision_phone)
		return reason_set(why, -EDESTADDRREQ,
		    "a phone number comes from the Ravi service, and %s",
		    c->values->local ? "--local leaves it out"
				     : "none is configured; say: ravi init --service URL");
	r = look_here(c, why);
	if (r == 0)
		r = bring_tombstone(c, why);
	if (r == 0 && local)
		r = choose_email(c, why);
	if (r == 0 && !local)
		r = provision(c, why);
	if (r == 0)
		r = make_here(c, why);
	if (r == 0 && c->is_provisioned)
		provision_done(&c->account, &c->provision);
	return r;
}

static int check_values(const struct create_values *values)
{
	struct reason why;

	if (!values->name)
		return cli_usage("identity create needs --name NAME");
	if (identity_name_check(values->name, &why) < 0)
		return cli_usage("--name: %s", why.text);
	if (values->user && user_name_check(values->user, &why) < 0)
		return cli_usage("--user: %s", why.text);
	if (!values->user && user_name_check(values->name, NULL) < 0)
		return cli_usage(
		    "\"%s\" can be no OS user name; say one with --user", values->name);
	if (values->email && (strchr(values->email, '@') ? email_check : identity_name_check)(
				 values->email, &why) < 0)
		return cli_usage("--email: %s", why.text);
	if (values->phone && phone_check(values->phone, &why) < 0)
		return cli_usage("--phone: %s", why.text);
	if (values->phone && values->provision_phone)
		return cli_usage("--phone names a number, --provision-phone gets one; say one of them");
	if (values->contract && strcmp(values->contract, "b") && strcmp(values->contract, "c"))
		return cli_usage("--contract is b or c, not \"%s\"", values->contract);
	return EXIT_DONE;
}

static int report(struct creation *c)
{
	int code = identity_print(c->vault, &c->carrier.agent, c->values->json);

	if (code != EXIT_DONE || c->values->json)
		return code;
	printf("\n%s the OS user %s. Next: ravi secrets set GH_TOKEN --identity %s\n",
	    c->carrier.made_user ? "Made" : "It is carried by", c->carrier.user, c->name);
	return EXIT_DONE;
}

static int finish(struct creation *c)
{
	struct reason why = {0};
	int code = report(c), r = 0;

	/* A new OS user has no ring yet; an agent's sessions shall see the further identity, and a new key. */
	if (c->carrier.before.count || c->carrier.agent.linger || c->is_here)
		r = context_refresh(&c->context, c->carrier.agent.user, &why);
	return home_bring(&c->context, c->name, r < 0 ? context_fail(r, &why) : code);
}

int run_create(void *opaque, int argc, char **argv)
{
	const struct create_values *values = opaque;
	creation_auto c = {.values = values,
	    .name = values->name,
	    .carrier = {.identity = values->name,
		.user = values->user ? values->user : values->name,
		.linger = values->linger}};
	struct reason why = {0};
	int r = context_need_root("make identities", &why), code;

	(void)argc;
	(void)argv;
	if (r < 0)
		return cli_fail(r, &why);
	code = check_values(values);
	if (code != EXIT_DONE)
		return code;
	r = create(&c, &why);
	audit("identity-create", context_result(r), "user", c.carrier.user, "identity",
	    values->name, "uuid", c.is_provisioned ? c.provision.uuid : NULL, "by",
	    context_uid().text, NULL);
	if (r == 0)
		signkey_audit(c.vault, values->name, c.carrier.user, r);
	return r < 0 ? context_fail(r, &why) : finish(&c);
}

/* ---- adopt ---- */

/* What it is called here, and whether it is here already: by a document that was brought along, say. */
static int look_for_own(struct creation *c, struct reason *why)
{
	struct agent *agent = &c->carrier.agent;
	int r = machine_vault(&c->context.machine, c->name, NULL, &c->vault, NULL);

	if (r < 0 || vault_state(c->vault) == AGENT_DELETED) {
		if (r == 0 && strcmp(vault_uuid(c->vault), c->provision.uuid) != 0)
			c->former = c->vault;
		else
			vault_free(c->vault);
		c->vault = NULL;
		return 0;
	}
	if (strcmp(vault_uuid(c->vault), c->provision.uuid))
		return reason_set(why, -EEXIST,
		    "this machine has another identity called %s; say another name for it here: ravi "
		    "identity adopt --name NAME %s",
		    c->name, c->provision.uuid);
	r = identity_carrier(c->name, agent, why);
	c->is_here = r == 0 && agent->count;
	if (c->is_here)
		c->carrier.user = agent->user;
	/* At home at the service a copy may be here before who carries it. */
	else if (r == 0 && !conf_has_remote_store(&c->context.conf))
		r = say_exists(c->name, why);
	return r;
}

static int choose_name(struct creation *c, struct reason *why)
{
	c->name = c->values->name ? c->values->name : c->provision.shown;
	c->carrier.identity = c->name;
	c->carrier.user = c->values->user ? c->values->user : c->name;
	if (identity_name_check(c->name, why) < 0)
		return reason_prefix(
		    why, -EINVAL, "say what it is called on this machine, with --name: ");
	if (user_name_check(c->carrier.user, why) < 0)
		return reason_prefix(why, -EINVAL, "say which OS user carries it, with --user: ");
	return 0;
}

/* 0 with the vault that the service has; 1: it has none, so one is made here. */
static int fetch_vault(struct creation *c, struct reason *why)
{
	sync_auto sync = {0};
	struct synced synced;
	char uuid[VAULT_UUID_TEXT];
	int r = sync_open(&c->context.conf, &c->context.machine, FETCH_COMMAND, &sync, why);

	if (r < 0)
		return r;
	c->is_awaited =
	    sync_uuid(&sync, c->name, uuid, NULL) == 0 && !strcmp(uuid, c->provision.uuid);
	r = sync_name(&sync, c->name, c->provision.uuid, why);
	if (r < 0)
		return r;
	r = home_meet(&c->context, &sync, c->name, &synced, why);
	if (r == -ENOKEY)
		return 1;
	vault_free(c->vault);
	c->vault = NULL;
	if (r == 0)
		r = machine_vault(&c->context.machine, c->name, NULL, &c->vault, why);
	if (r == 0 && vault_state(c->vault) == AGENT_DELETED)
		return reason_set(why, -ENOKEY, "identity %s was deleted", c->name);
	return r;
}

/* The OS user and the entry, for a vault that is here or will be. */
static int carry_here(struct creation *c, struct reason *why)
{
	fd_auto lock = agent_lock(why);
	int r = lock < 0 ? lock : carrier_check(&c->carrier, why);

	if (r < 0)
		return r;
	carrier_block_interrupts();
	r = carrier_prepare(&c->carrier, why);
	if (r == 0)
		r = carrier_enter(&c->carrier, why);
	if (r < 0)
		undo(c);
	return r;
}

/* Nobody carries it, so nobody waits for it: every sync would ask for it, and fail as this did. */
static void forget_name(struct creation *c)
{
	struct reason ignored = {0};
	char name[SECRET_NAME_MAX + 1];

	wallet_name_in_hex(WALLET_NAMED, c->name, name);
	if (!c->is_awaited && wallet_reload(&c->account.wallet, &ignored) == 0)
		wallet_delete(&c->account.wallet, name, &ignored);
}

/*
 * At home at the service. A vault that this machine cannot open yet, or does not trust, is an administrator's to
 * mend on another one; the OS user waits for it, and its first login gets it.
 */
static int adopt_home(struct creation *c, struct reason *why)
{
	struct reason refused = {0};
	int r = fetch_vault(c, &refused), made;

	if (r == 1)
		return make_here(c, why);
	if (r < 0 && (r != -EKEYREJECTED || c->values->name)) {
		forget_name(c);
		return reason_set(why, r, "%s", refused.text);
	}
	if (c->vault)
		c->carrier.state = vault_state(c->vault);
	made = carry_here(c, why);
	if (made < 0 || r == 0)
		return made;
	return reason_set(why, r,
	    "%s. The OS user %s is there; its next login gets the vault when that is done",
	    refused.text, c->carrier.user);
}

static int adopt(struct creation *c, struct reason *why)
{
	int r = context_open(&c->context, why);

	if (r == 0)
		r = context_account(&c->context, &c->account, why);
	if (r < 0)
		return r;
	c->provision.name = c->adopts;
	r = provision_find(&c->account, &c->provision, why);
	c->is_provisioned = r == 0;
	if (r == 0)
		r = choose_name(c, why);
	if (r == 0)
		r = look_for_own(c, why);
	if (r == 0)
		r = bring_tombstone(c, why);
	if (r < 0 || c->is_here)
		return r;
	return conf_has_remote_store(&c->context.conf) && c->context.conf.seal == SEAL_ON
		   ? adopt_home(c, why)
		   : make_here(c, why);
}

int run_adopt(void *opaque, int argc, char **argv)
{
	const struct create_values *values = opaque;
	creation_auto c = {
	    .values = values, .adopts = argv[0], .carrier = {.linger = values->linger}};
	struct reason why = {0};
	int r = context_need_root("bring identities to this machine", &why);

	(void)argc;
	if (r < 0)
		return cli_fail(r, &why);
	if (values->name && identity_name_check(values->name, &why) < 0)
		return cli_usage("--name: %s", why.text);
	if (values->user && user_name_check(values->user, &why) < 0)
		return cli_usage("--user: %s", why.text);
	r = adopt(&c, &why);
	audit("identity-adopt", context_result(r), "user", c.carrier.user, "identity",
	    c.name ? c.name : argv[0], "uuid", c.is_provisioned ? c.provision.uuid : NULL, "entry",
	    r == 0 && !c.is_here ? "new" : NULL, "by", context_uid().text, NULL);
	if (r == 0 && c.made_vault)
		signkey_audit(c.vault, c.name, c.carrier.user, r);
	return r < 0 ? context_fail(r, &why) : finish(&c);
}

/* SPDX-License-Identifier: MIT */
/* What an agent's ring shall hold: see content.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "codex/login.h"
#include "content.h"
#include "fresh.h"
#include "machine/machine.h"
#include "machine/wallet.h"
#include "sync/agreed.h"
#include "util/when.h"

/* Lines about keys stop here, so that a profile always fits a key (32,767 bytes). */
#define PROFILE_LINES_MAX 30000

#define IDENTITY_KEY "RAVI_IDENTITY_KEY"

/* One identity on its way into the content. */
struct gathering {
	struct content *content;
	const char *identity; /* NULL: the default one */
	/* Lines for the profile: of codex's logins, which are stored back by them. */
	struct buf logins;
	struct buf expiries;  /* of the others */
	struct buf versions;  /* more of them, as many as fit behind those */
	struct buf key;       /* of the identity at the service; empty: it has none here */
	const char *service;  /* that the key belongs to; NULL: there is none */
	bool has_leases;      /* the vault is at home there, and other machines may have it */
	const struct host *host; /* this machine's keys */
	uint32_t keys;
	time_t now;
};

/* Where it all comes from. */
struct sources {
	struct machine machine;
	struct wallet wallet;
	const char *service_url; /* NULL: there is no service */
	struct fresh fresh;
};

static void close_sources(struct sources *sources)
{
	wallet_close(&sources->wallet);
	machine_close(&sources->machine);
}

static struct ring_item *add_item(struct content *content)
{
	struct ring_item *grown;

	if (content->ring.count == content->room) {
		content->room = content->room ? 2 * content->room : 32;
		grown = reallocarray(content->ring.items, content->room, sizeof(*grown));
		if (!grown)
			return NULL;
		content->ring.items = grown;
	}
	grown = &content->ring.items[content->ring.count++];
	*grown = (struct ring_item){0};
	return grown;
}

static int gather_secret(void *context, struct vault_secret *secret)
{
	struct gathering *g = context;
	bool is_login = codex_is_login(secret->name);
	struct buf *expiries = is_login ? &g->logins : &g->expiries;
	char expires[WHEN_TEXT], updated[WHEN_TEXT];
	struct ring_item *item;

	if (secret->expires && secret->expires <= g->now)
		return 0;
	if (g->key.len && !strcmp(secret->name, IDENTITY_KEY))
		return 0;
	item = add_item(g->content);
	if (!item)
		return -ENOMEM;
	ring_key_description(g->identity, secret->name, item->description);
	buf_move(&item->value, &secret->value);
	item->expires = secret->expires;
	g->keys++;
	if (secret->expires && expiries->len < PROFILE_LINES_MAX) {
		when_format(secret->expires, expires);
		buf_addf(expiries, "expires/%s=%s\n", secret->name, expires);
	}
	when_format(secret->updated, updated);
	buf_addf(is_login ? &g->logins : &g->versions, "version/%s=%llu %s\n", secret->name,
	    (unsigned long long)secret->version, updated);
	return 0;
}

/* Whole lines only. */
static void cut_versions(struct gathering *g)
{
	size_t room = g->expiries.len < PROFILE_LINES_MAX ? PROFILE_LINES_MAX - g->expiries.len : 0;

	if (g->versions.len <= room)
		return;
	while (room && g->versions.data[room - 1] != '\n')
		room--;
	buf_cut(&g->versions, room);
}

static void add_lease(struct gathering *g, const struct vault *vault)
{
	struct buf *profile = &g->content->ring.items[g->content->ring.count - 1].value;
	struct vault_lease lease;

	if (!g->service || !g->has_leases)
		return;
	if (!vault_lease(vault, &lease) ||
	    (vault_lease_is(&lease, &g->host->signer) && !agreed_lease(g->host, vault_name(vault))))
		buf_add_text(profile, "lease=" RING_LEASE_FREE "\n");
	else if (vault_lease_is(&lease, &g->host->signer))
		buf_add_text(profile, "lease=" RING_LEASE_HERE "\n");
	else
		buf_addf(profile, "lease=held %s\n", lease.host);
}

static int add_profile(struct gathering *g, const struct agent *agent, const struct vault *vault)
{
	struct ring_item *item = add_item(g->content);
	char loaded[WHEN_TEXT];

	if (!item)
		return -ENOMEM;
	when_format(g->now, loaded);
	ring_key_description(g->identity, RING_PROFILE, item->description);
	buf_addf(
	    &item->value, "name=%s\nuser=%s\nuid=%u\n", vault_name(vault), agent->user, agent->uid);
	if (vault_email(vault))
		buf_addf(&item->value, "email=%s\n", vault_email(vault));
	if (vault_phone(vault))
		buf_addf(&item->value, "phone=%s\n", vault_phone(vault));
	if (g->service)
		buf_addf(&item->value, "service=%s\n", g->service);
	add_lease(g, vault);
	cut_versions(g);
	buf_addf(&item->value, "uuid=%s\nrevision=%llu\nkeys=%u\nloaded=%s\n%s%s%s",
	    vault_uuid(vault), (unsigned long long)vault_revision(vault), g->keys, loaded,
	    buf_text(&g->logins), buf_text(&g->expiries), buf_text(&g->versions));
	return item->value.error;
}

/* The identity's own key of the service. A wallet that does not open is logged, and keeps nobody out. */
static void find_key(
    struct gathering *g, const struct sources *sources, const struct vault *vault)
{
	char name[SECRET_NAME_MAX + 1];
	struct reason why = {0};
	int r;

	if (!sources->service_url)
		return;
	wallet_name(WALLET_IDENTITY, vault_uuid(vault), name);
	r = wallet_get(&sources->wallet, name, sources->service_url, &g->key, &why);
	if (r == 0)
		g->service = sources->service_url;
	if (r < 0 && r != -ENOKEY)
		syslog(LOG_ERR, "no " IDENTITY_KEY " for %s: %s", vault_name(vault), why.text);
}

static int add_key(struct gathering *g)
{
	struct ring_item *item = g->key.len ? add_item(g->content) : NULL;

	if (!g->key.len)
		return 0;
	if (!item)
		return -ENOMEM;
	ring_key_description(g->identity, IDENTITY_KEY, item->description);
	buf_move(&item->value, &g->key);
	g->keys++;
	return 0;
}

static int gather(struct content *content, const struct agent *agent, size_t i,
    struct sources *sources, struct reason *why)
{
	struct gathering g = {.content = content,
	    .identity = i ? agent->identities[i] : NULL,
	    .has_leases = conf_has_leases(sources->fresh.conf),
	    .host = &sources->machine.host,
	    .now = time(NULL)};
	vault_auto vault = NULL;
	int r = fresh_vault(&sources->fresh, agent->identities[i], &vault, why);

	if (r < 0)
		return r;
	content->denied = !i && vault_state(vault) != AGENT_ACTIVE;
	if (content->denied)
		return reason_set(why, -EACCES, "identity %s is %s", agent->identities[i],
		    agent_state_word(vault_state(vault)));
	if (vault_state(vault) != AGENT_ACTIVE)
		return 0;
	find_key(&g, sources, vault);
	/* A secret that could not be copied is not one that is not there. */
	r = vault_each(vault, gather_secret, &g);
	if (r == 0)
		r = add_key(&g);
	if (r == 0)
		r = g.logins.error ? g.logins.error : g.expiries.error;
	if (r == 0)
		r = g.versions.error;
	if (r == 0)
		r = add_profile(&g, agent, vault);
	buf_free(&g.key);
	buf_free(&g.logins);
	buf_free(&g.expiries);
	buf_free(&g.versions);
	if (i == 0)
		content->revision = vault_revision(vault);
	return r < 0 ? reason_errno(why, r, "gathering the secrets of %s", agent->identities[i])
		     : 0;
}

int content_build(const struct agent *agent, const struct conf *conf, struct deadline deadline,
    struct content *content, struct reason *why)
{
	__attribute__((cleanup(close_sources))) struct sources sources = {
	    .service_url = conf->service_url,
	    .fresh = {.conf = conf,
		.machine = &sources.machine,
		.wallet = &sources.wallet,
		.deadline = deadline}};
	struct reason ignored = {0};
	int r = machine_open(&sources.machine, why);

	if (r == 0 && conf->service_url &&
	    wallet_open(&sources.machine, &sources.wallet, &ignored) < 0)
		syslog(LOG_ERR, "%s", ignored.text);

	/* The default identity comes last, its profile as the very last key: see build.h. */
	for (size_t i = agent->count; i-- > 0 && r == 0;)
		r = gather(content, agent, i, &sources, why);
	content->wants_sync = sources.fresh.wants_sync;
	return r;
}

void content_free(struct content *content)
{
	for (size_t i = 0; i < content->ring.count; i++)
		buf_free(&content->ring.items[i].value);
	free(content->ring.items);
	*content = (struct content){0};
}

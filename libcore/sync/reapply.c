/* SPDX-License-Identifier: MIT */
/* A fork put right: see reapply.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "sync/reapply.h"

struct applying {
	const struct reapply *what;
	struct vault *theirs;
	const char *name; /* of the secret that is looked at */
	uint64_t since;   /* versions after this one are new */
	bool by_agent;
	const char *note;
	int changes;
	struct reason *why;
};

static bool is_same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool is_same(const struct vault_secret *a, const struct vault_secret *b)
{
	return buf_equal(&a->value, &b->value) && a->expires == b->expires &&
	       is_same_text(a->note, b->note);
}

/* ---- secrets ---- */

static int set_again(struct applying *a, const struct vault_secret *version)
{
	const struct vault_change change = {.name = a->name,
	    .value = version->value.data,
	    .len = version->value.len,
	    .expires = version->expires,
	    .note = a->note ? a->note : "",
	    .keep = a->what->keep,
	    .by_agent = a->by_agent,
	    .by = version->by};

	a->changes++;
	return vault_set(a->theirs, &change, version->updated, a->why);
}

/* It got there before this machine heard of it. */
static bool is_there(const struct applying *a, const struct vault_secret *newest)
{
	vault_secret_auto held = {0};

	return vault_get(a->theirs, a->name, &held, NULL) == 0 && is_same(&held, newest);
}

/* The new versions, oldest first, as far as they are kept. */
static int set_versions(struct applying *a, const struct vault_secret *newest)
{
	uint64_t from = newest->version > newest->previous ? newest->version - newest->previous : 1;
	int r = 0;

	for (uint64_t v = from > a->since ? from : a->since + 1; v < newest->version && r == 0;
	     v++) {
		vault_secret_auto version = {0};

		if (vault_get_version(a->what->ours, a->name, v, &version, NULL) == 0)
			r = set_again(a, &version);
	}
	return r < 0 ? r : set_again(a, newest);
}

static int apply_secret(void *context, struct vault_secret *ours)
{
	struct applying *a = context;
	vault_secret_auto base = {0};
	int has = vault_get(a->what->base, ours->name, &base, NULL);

	if (has == 0 && is_same(&base, ours))
		return 0;
	a->name = ours->name;
	a->since = has == 0 && base.version < ours->version ? base.version : ours->version - 1;
	a->by_agent = ours->by_agent;
	a->note = ours->note;
	return is_there(a, ours) ? 0 : set_versions(a, ours);
}

/* What was deleted here goes there, unless somebody gave it a new value meanwhile. */
static int apply_deletion(void *context, struct vault_secret *base)
{
	struct applying *a = context;
	vault_secret_auto ours = {0};
	vault_secret_auto theirs = {0};

	if (vault_get(a->what->ours, base->name, &ours, NULL) == 0 ||
	    vault_get(a->theirs, base->name, &theirs, NULL) < 0 ||
	    !buf_equal(&base->value, &theirs.value))
		return 0;
	a->changes++;
	return vault_delete(a->theirs, base->name, a->why);
}

/* ---- who may open and write it ---- */

static bool has_recipient(const struct vault_members *members, const struct age_recipient *one)
{
	for (size_t i = 0; i < members->recipient_count; i++)
		if (!memcmp(&members->recipients[i], one, sizeof(*one)))
			return true;
	return false;
}

static bool has_signer(const struct vault_members *members, const struct signer *one)
{
	for (size_t i = 0; i < members->signer_count; i++)
		if (!memcmp(&members->signers[i], one, sizeof(*one)))
			return true;
	return false;
}

/* 1 and -ENOKEY say that it is so already. */
static int count(struct applying *a, int r)
{
	if (r == 1 || r == -ENOKEY)
		return 0;
	a->changes += r == 0;
	return r;
}

static int apply_recipients(
    struct applying *a, const struct vault_members *base, const struct vault_members *ours)
{
	int r = 0;

	for (size_t i = 0; i < ours->recipient_count && r == 0; i++)
		if (!has_recipient(base, &ours->recipients[i]))
			r = count(a, vault_add_recipient(a->theirs, &ours->recipients[i], a->why));
	for (size_t i = 0; i < base->recipient_count && r == 0; i++)
		if (!has_recipient(ours, &base->recipients[i]))
			r = count(a, vault_remove_recipient(
					 a->theirs, &base->recipients[i], a->what->now, a->why));
	return r;
}

static int apply_signers(
    struct applying *a, const struct vault_members *base, const struct vault_members *ours)
{
	int r = 0;

	for (size_t i = 0; i < ours->signer_count && r == 0; i++)
		if (!has_signer(base, &ours->signers[i]))
			r = count(a, vault_add_signer(a->theirs, &ours->signers[i], a->why));
	for (size_t i = 0; i < base->signer_count && r == 0; i++)
		if (!has_signer(ours, &base->signers[i]))
			r = count(a, vault_remove_signer(a->theirs, &base->signers[i], a->why));
	return r;
}

static int apply_members(struct applying *a)
{
	struct vault_members base, ours;
	int r;

	vault_members(a->what->base, &base);
	vault_members(a->what->ours, &ours);
	r = apply_recipients(a, &base, &ours);
	return r < 0 ? r : apply_signers(a, &base, &ours);
}

/* ---- all of it ---- */

static bool is_same_lease(const struct vault *a, const struct vault *b)
{
	struct vault_lease first, second;
	bool has = vault_lease(a, &first);

	return has == vault_lease(b, &second) && (!has || vault_lease_is(&first, &second.holder));
}

/* Two machines that took it at the same moment: it is the one's whose word is at the service. */
static int apply_lease(struct applying *a)
{
	struct vault_lease ours;
	bool has = vault_lease(a->what->ours, &ours);

	if (is_same_lease(a->what->ours, a->what->base) ||
	    !is_same_lease(a->theirs, a->what->base) || is_same_lease(a->theirs, a->what->ours))
		return 0;
	a->changes++;
	return vault_set_lease(a->theirs, has ? &ours : NULL, a->why);
}

static void apply_state(struct applying *a)
{
	enum agent_state ours = vault_state(a->what->ours);

	if (ours == vault_state(a->what->base) || ours == vault_state(a->theirs))
		return;
	a->changes++;
	vault_set_state(a->theirs, ours);
}

int reapply(const struct reapply *what, struct vault *theirs, struct reason *why)
{
	struct applying a = {.what = what, .theirs = theirs, .why = why};
	int r = 0;

	/* A deleted identity has no secrets to bring along, and takes none. */
	if (vault_state(theirs) == AGENT_DELETED)
		return 0;
	if (vault_state(what->ours) == AGENT_DELETED) {
		vault_clear(theirs);
		vault_set_state(theirs, AGENT_DELETED);
		return 1;
	}
	apply_state(&a);
	r = vault_each(what->base, apply_deletion, &a);
	if (r == 0)
		r = vault_each(what->ours, apply_secret, &a);
	if (r == 0)
		r = apply_members(&a);
	if (r == 0)
		r = apply_lease(&a);
	return r < 0 ? r : a.changes;
}

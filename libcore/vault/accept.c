/* SPDX-License-Identifier: MIT */
/*
 * Whether a document may take the place of the one we hold. A store can withhold, repeat and mix up what
 * it was given; this is where that is noticed. Who signed comes first: what a stranger wrote proves
 * nothing, not even a fork.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "config/paths.h"
#include "vault/document.h"
#include "vault/hex.h"

static bool trust_has(const struct vault_trust *trust, const struct signer *signer)
{
	for (size_t i = 0; i < trust->count; i++)
		if (!memcmp(&trust->signers[i], signer, sizeof(*signer)))
			return true;
	return false;
}

/* The first document of `name` that this machine sees. */
static int accept_first(const struct vault *incoming, const char *name,
    const struct vault_trust *trust, struct reason *why)
{
	char signer[SIGNER_TEXT];

	if (!trust_has(trust, &incoming->signer)) {
		signer_format(&incoming->signer, signer);
		return reason_set(why, -EKEYREJECTED,
		    "%s: the first document seen here is signed by the unknown signer %s; if that "
		    "is "
		    "a machine you trust, say: ravi identity trust %s LINE, with the line that "
		    "ravi "
		    "host show prints there",
		    name, signer, name);
	}
	if (strcmp(vault_name(incoming), name) != 0)
		return reason_set(
		    why, -ENOMSG, "%s: the document is that of %s", name, vault_name(incoming));
	if (incoming->revision < trust->min_revision)
		return reason_set(why, -ESTALE,
		    "%s: the document has revision %" PRIu64 ", " PATH_TRUSTED
		    " wants at least %" PRIu64,
		    name, incoming->revision, trust->min_revision);
	return 0;
}

/* A tombstone ends an identity; the name may go on with another one. */
static bool same_identity(const struct vault *incoming, const struct vault *held, const char *name)
{
	return !strcmp(vault_name(incoming), name) && !strcmp(vault_name(held), name) &&
	       (held->state == AGENT_DELETED || !strcmp(vault_uuid(incoming), vault_uuid(held)));
}

/* Whether the document names this hash among those that it grew from; how many it names goes to `*named`. */
static bool names_ancestor(const struct vault *incoming, const char *hash, uint64_t *named)
{
	const json_t *list = json_object_get(incoming->root, "ancestors"), *one;
	const char *previous = json_string_value(json_object_get(incoming->root, "previous"));
	size_t i;

	*named = json_array_size(list) + 1;
	if (previous && !strcmp(previous, hash))
		return true;
	json_array_foreach((json_t *)(uintptr_t)list, i,
	    one) if (!strcmp(json_string_value(one), hash)) return true;
	return false;
}

enum descent vault_descent(const struct vault *incoming, const struct vault *held)
{
	char hash[2 * VAULT_HASH_SIZE + 1];
	uint64_t named;

	hex_format(held->hash, VAULT_HASH_SIZE, hash);
	if (names_ancestor(incoming, hash, &named))
		return DESCENT_PROVEN;
	/* It names what it grew from further back than ours, and ours is not there. */
	return incoming->revision - held->revision <= named ? DESCENT_ANOTHER : DESCENT_UNKNOWN;
}

static int accept_next(
    const struct vault *incoming, const struct vault *held, const char *name, struct reason *why)
{
	if (incoming->revision < held->revision)
		return reason_set(why, -ESTALE,
		    "%s: the document has revision %" PRIu64 " and is older than revision %" PRIu64
		    " held here",
		    name, incoming->revision, held->revision);
	if (incoming->revision == held->revision)
		return reason_set(why, -EUCLEAN,
		    "%s: two different documents have revision %" PRIu64
		    " (a fork: they were written on two machines that did not know of each other)",
		    name, held->revision);
	if (vault_descent(incoming, held) == DESCENT_ANOTHER)
		return reason_set(why, -EUCLEAN,
		    "%s: revision %" PRIu64 " grew from another revision %" PRIu64
		    " than the one held here (a fork: they were written on two machines that did "
		    "not know of each other)",
		    name, incoming->revision, held->revision);
	if (held->state == AGENT_DELETED && incoming->state != AGENT_DELETED &&
	    !strcmp(vault_uuid(incoming), vault_uuid(held)))
		return reason_set(why, -EUCLEAN,
		    "%s: it was deleted here in revision %" PRIu64 ", and revision %" PRIu64
		    " goes on with it (a fork: that machine did not know)",
		    name, held->revision, incoming->revision);
	if (incoming->revision - held->revision > VAULT_REVISION_JUMP)
		return reason_set(why, -ERANGE,
		    "%s: the document's revision %" PRIu64
		    " is more than %llu ahead of revision %" PRIu64 " held here",
		    name, incoming->revision, VAULT_REVISION_JUMP, held->revision);
	return 0;
}

int vault_accept(const struct vault *incoming, const struct vault *held, const char *name,
    const struct vault_trust *trust, struct reason *why)
{
	char signer[SIGNER_TEXT];

	if (!held)
		return accept_first(incoming, name, trust, why);
	if (!vault_model_has_signer(held->root, &incoming->signer)) {
		signer_format(&incoming->signer, signer);
		return reason_set(why, -EKEYREJECTED,
		    "%s: the document is signed by %s, whom the copy held here (revision %" PRIu64
		    ") does not list as a signer",
		    name, signer, held->revision);
	}
	if (!same_identity(incoming, held, name))
		return reason_set(why, -ENOMSG, "%s: the document is that of %s (%s)", name,
		    vault_name(incoming), vault_uuid(incoming));
	if (!memcmp(incoming->hash, held->hash, sizeof(held->hash)))
		return 1;
	return accept_next(incoming, held, name, why);
}

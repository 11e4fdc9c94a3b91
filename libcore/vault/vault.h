/* SPDX-License-Identifier: MIT */
/*
 * The vault document: everything one identity is and has, signed, then sealed to its recipients as an
 * age file. Sealed plaintext, so that `age -d` with the recovery key shows it:
 *
 *	ravi-vault/1 ed25519 SIGNER SIGNATURE\n		both lowercase hex; signed: "ravi-vault/1\n" JSON
 *	{ JSON }
 *
 *	{
 *	  "identity": {"name": "payments-agent", "uuid": "...", "email": "...", "phone": null},
 *	  "state": "active",				active | disabled | deleted (a tombstone)
 *	  "revision": 7,				below 2^53, 1 for the first
 *	  "previous": "<BLAKE2b-256 of the plaintext before it, hex>",  null for the first
 *	  "ancestors": ["<hex>"],			of those before that, newest first; may be missing
 *	  "created": "2026-11-27T02:18:00Z",
 *	  "updated": "...",
 *	  "recipients": ["age1..."],			who may open it: hosts and recovery keys
 *	  "signers": ["<hex>"],				who may write the next one
 *	  "removed": [ {"recipient": "age1...",		who was taken off the recipients; may be missing
 *	    "revision": 6, "removed": "..."} ],		  the last revision that it can open, and when
 *	  "lease": {"holder": "<hex>",		the signer of the machine that uses the Codex login; may be
 *	    "host": "build1", "since": "..."},	  missing: none does
 *	  "secrets": {
 *	    "GH_TOKEN": {
 *	      "text": "ghp_..."	 | "base64": "...",	text when it is UTF-8 without NUL, else base64
 *	      "version": 2, "created": "...", "updated": "...",
 *	      "expires": "..." | null, "note": "..." | null,
 *	      "since": 5,				the first revision with this value; may be missing
 *	      "created_by": "agent",		left out when an administrator made it
 *	      "plain": true,			a service has this value in clear, too (seal = off); may be missing
 *	      "by": "alice", "host": "build1",	who wrote this version and where; left out when not known
 *	      "previous": [ {"text": ..., "version": 1, "updated": "...", "expires": null,
 *			     "since": 2, "by": "alice", "host": "build1"} ]	newest first
 *	    }
 *	  }
 *	}
 *
 * Members this version does not know are kept when it writes the next revision.
 */
#ifndef RAVI_VAULT_H
#define RAVI_VAULT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "age/age.h"
#include "identity/agent.h"
#include "util/buf.h"
#include "util/reason.h"
#include "vault/host.h"

#define VAULT_DOCUMENT_MAX (1u << 20)   /* bytes of JSON */
#define VAULT_VALUE_MAX    32767u       /* bytes: what a kernel key of type user holds */
#define VAULT_SECRETS_MAX  512u         /* per identity */
#define VAULT_VALUES_MAX   (256u << 10) /* bytes of all current values of an identity */
#define VAULT_NOTE_MAX     1024u        /* bytes */
#define VAULT_WRITER_MAX   64u          /* bytes: an OS user's or a machine's name */
#define VAULT_REVISION_MAX ((1ull << 53) - 1)
#define VAULT_SIGNERS_MAX  16 /* per identity */
#define VAULT_REMOVED_MAX  64 /* removed recipients that are remembered */
#define VAULT_ANCESTORS_MAX 128 /* so many changes may be missed before descent cannot be told */
#define VAULT_UUID_TEXT    37
#define VAULT_HASH_TEXT    65

/* A document may be at most so far ahead of the copy we hold. */
#define VAULT_REVISION_JUMP 1000000ull

/*
 * Refusals, each its own errno. All map to exit code 5 or 1 by cli_exit_code.
 *
 *	-EKEYREJECTED	its signature is wrong, or its signer is unknown to the copy we hold (or, without
 *			one, to /etc/ravi/trusted and this host)
 *	-ENOMSG		it is another identity's document
 *	-ESTALE		it is older than the copy we hold, or than MIN-REVISION
 *	-EUCLEAN	same revision, other content, or the next one, grown from other content: a fork
 *	-ERANGE		its revision jumps ahead by more than VAULT_REVISION_JUMP
 *	-ENOKEY		it is not sealed for this host
 *	-EBADMSG	it is malformed, damaged or has duplicate keys
 *	-EFBIG		it is over-large
 */

/*
 * Makes jansson wipe what it frees, values among it, and ends the process where there is no memory for it: it
 * does not notice everywhere. The allocator is one for the whole process, so a
 * program that opens vaults calls this first thing in main, before any JSON; the library never does.
 */
void vault_memory_init(void);

struct vault; /* the parsed document */

#define vault_auto __attribute__((cleanup(vault_cleanup))) struct vault *

void vault_free(struct vault *vault);
void vault_cleanup(struct vault **vault);

/* What a new identity starts with. NULL for what it does not have. */
struct vault_profile {
	const char *name;
	const char *uuid; /* the one that the service gave it; NULL: a new one */
	const char *email;
	const char *phone;
};

/*
 * A new, empty vault at revision 0 (the first seal makes it 1), for this host and `recovery` (NULL: for
 * this host alone).
 */
int vault_create(const struct vault_profile *profile, const struct host *host,
    const struct age_recipient *recovery, struct vault **vault, struct reason *why);

/*
 * Opens a sealed document: decrypts it with the host's key, checks signature, model and limits, and that
 * its signer is among its own signers. Says nothing about whether it may be taken: vault_accept does.
 */
int vault_open(const struct host *host, const void *sealed, size_t len, struct vault **vault,
    struct reason *why);

/* What /etc/ravi/trusted says about one identity, for the first document of it that we see. */
struct vault_trust {
	struct signer signers[VAULT_SIGNERS_MAX];
	size_t count;
	uint64_t min_revision; /* 0: none given */
};

/*
 * Reads the lines `IDENTITY SIGNER [MIN-REVISION]` of /etc/ravi/trusted that name `identity`; the
 * host's own signer is always in the result. The file may be missing.
 */
int vault_trust_load(
    const char *identity, const struct host *host, struct vault_trust *trust, struct reason *why);

/*
 * Puts a line for `identity` and `signer` into the text of /etc/ravi/trusted, in the place of one that is
 * there for both; the rest of the text stays. `min_revision` 0: none. -EINVAL, -E2BIG with the reason.
 */
int vault_trust_add(struct buf *text, const char *identity, const struct signer *signer,
    uint64_t min_revision, struct reason *why);

/* The same as vault_trust_load from the file `path` below `dir`, which must belong to `owner`. */
int vault_trust_read(int dir, const char *path, uid_t owner, const char *identity,
    const struct host *host, struct vault_trust *trust, struct reason *why);

/*
 * Whether `incoming` may take the place of `held` (NULL: the first of `name` that we see, then `trust`
 * decides). 0: take it. 1: it is the very document we hold. Else a refusal from the list above.
 * A held tombstone may be followed by another identity of the same name (vault_continue).
 */
int vault_accept(const struct vault *incoming, const struct vault *held, const char *name,
    const struct vault_trust *trust, struct reason *why);

enum descent {
	DESCENT_PROVEN,  /* it names the copy held among those that it grew from */
	DESCENT_ANOTHER, /* it names those of that time, and the copy is none of them: a fork */
	DESCENT_UNKNOWN, /* more than VAULT_ANCESTORS_MAX changes lie between, or a former release wrote it */
};

/* Whether `incoming`, which has the higher revision, grew from `held`. */
enum descent vault_descent(const struct vault *incoming, const struct vault *held);

/*
 * Makes the next revision: counts it up, notes the hash of the one it grew from, signs with the host's
 * signer and seals to the recipients. Old versions are dropped, oldest first, when the document would
 * pass VAULT_DOCUMENT_MAX.
 */
int vault_seal(
    struct vault *vault, const struct host *host, struct buf *sealed, struct reason *why);

/*
 * Makes the vault start again after a tombstone of the same name: its next seal gets the revision after
 * `tombstone`'s and names its hash, so that other hosts can tell old from new. They take it from a signer of
 * the tombstone's alone.
 */
void vault_continue(struct vault *vault, const struct vault *tombstone);

/* ---- what it says ---- */

const char *vault_name(const struct vault *vault);
const char *vault_uuid(const struct vault *vault);
const char *vault_email(const struct vault *vault); /* NULL: none */
const char *vault_phone(const struct vault *vault); /* NULL: none */
enum agent_state vault_state(const struct vault *vault);
uint64_t vault_revision(const struct vault *vault);
time_t vault_created(const struct vault *vault);
time_t vault_updated(const struct vault *vault);
size_t vault_secret_count(const struct vault *vault);

void vault_set_state(struct vault *vault, enum agent_state state);

/* Drops every secret and every version of it: what a tombstone is made of. */
void vault_clear(struct vault *vault);

/* One secret, borrowed from the vault until it changes. */
struct vault_secret {
	const char *name;
	struct buf value; /* a copy; free it, or declare the struct vault_secret_auto */
	uint64_t version;
	time_t created, updated;
	time_t expires;   /* 0: never */
	const char *note; /* NULL: none */
	bool by_agent;    /* its agent made it, through the broker */
	bool plain;       /* a service has the value in clear, too */
	size_t previous;  /* versions kept before this one */
	uint64_t since;   /* the first revision with this value; 0: not on record */
	const char *by;   /* the OS user who wrote this version; NULL: not known */
	const char *host; /* the machine where; NULL: not known */
};

#define vault_secret_auto __attribute__((cleanup(vault_secret_free))) struct vault_secret

void vault_secret_free(struct vault_secret *secret);

/* The name is folded. 0, -EINVAL (no name for a secret), -ENOKEY, each with the reason. */
int vault_get(
    const struct vault *vault, const char *name, struct vault_secret *secret, struct reason *why);

/* Calls `each` for every secret in the order of names, stops at the first result that is not 0. */
int vault_each(const struct vault *vault, int (*each)(void *context, struct vault_secret *secret),
    void *context);

struct vault_change {
	const char *name; /* folded and checked */
	const void *value;
	size_t len;       /* 1..VAULT_VALUE_MAX */
	time_t expires;   /* 0: never */
	const char *note; /* NULL: the one it has stays; "": none */
	unsigned keep;    /* previous versions kept */
	bool by_agent;    /* goes on record when this makes the secret */
	const char *by;   /* the OS user who asks for it; NULL: not known */
};

/* Sets a secret; what it was goes to the front of its previous versions. -EINVAL, -E2BIG. */
int vault_set(
    struct vault *vault, const struct vault_change *change, time_t now, struct reason *why);

/*
 * Calls `each` for every version of a secret that is kept, the newest (the current one) first. Of a previous
 * one its value, version, updated, expires, by and host are known. -EINVAL, -ENOKEY, or what `each` returned.
 */
int vault_each_version(const struct vault *vault, const char *name,
    int (*each)(void *context, struct vault_secret *version), void *context, struct reason *why);

/* One version: 0, -EINVAL, -ENOKEY (no such secret, or that version is not kept: the reason tells which are). */
int vault_get_version(const struct vault *vault, const char *name, uint64_t version,
    struct vault_secret *secret, struct reason *why);

/*
 * Sets a secret to what an earlier version was (`version` 0: the one before the current one), as the next
 * version. Of `change` name, keep, by and, unless 0, expires count; without it the earlier version's expiry
 * comes back, and one that has passed is refused (-EKEYEXPIRED). The version that is replaced is kept,
 * whatever `keep` and the size of the document say. `*version` becomes the one that came back.
 */
int vault_rollback(struct vault *vault, const struct vault_change *change, uint64_t *version,
    time_t now, struct reason *why);

/* Marks the current value as one that a service has in clear, too: 0, 1 (it is marked), -EINVAL, -ENOKEY. */
int vault_mark_plain(struct vault *vault, const char *name, struct reason *why);

/* Removes a secret and all its versions: 0, -EINVAL or -ENOKEY. */
int vault_delete(struct vault *vault, const char *name, struct reason *why);

/* ---- who may open and write it ---- */

struct vault_members {
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];
	size_t recipient_count;
	struct signer signers[VAULT_SIGNERS_MAX];
	size_t signer_count;
};

void vault_members(const struct vault *vault, struct vault_members *members);

/* Whether the signer may write the next document: of a tombstone, the first one of the name's next identity. */
bool vault_has_signer(const struct vault *vault, const struct signer *signer);

/* BLAKE2b-256 of the plaintext of the revision that is open, in hex: what tells two documents apart. */
void vault_hash(const struct vault *vault, char text[VAULT_HASH_TEXT]);

/* Who signed the revision that is open. */
const struct signer *vault_signer(const struct vault *vault);

/* 0, 1 (it is one already), -E2BIG with the reason. The next seal makes it so. */
int vault_add_recipient(
    struct vault *vault, const struct age_recipient *recipient, struct reason *why);
int vault_add_signer(struct vault *vault, const struct signer *signer, struct reason *why);

/*
 * 0, -ENOKEY (it is none), -EPERM (nobody would be left), each with the reason. Who is taken off the
 * recipients is remembered, with the last revision that it can open.
 */
int vault_remove_recipient(
    struct vault *vault, const struct age_recipient *recipient, time_t now, struct reason *why);
int vault_remove_signer(struct vault *vault, const struct signer *signer, struct reason *why);

/* ---- which machine uses the Codex login ---- */

struct vault_lease {
	struct signer holder;
	char host[VAULT_WRITER_MAX + 1]; /* its name, for people */
	time_t since;
};

/* Whether there is one. */
bool vault_lease(const struct vault *vault, struct vault_lease *lease);

bool vault_lease_is(const struct vault_lease *lease, const struct signer *signer);

/* Gives it to a machine, or (NULL) to none: 0 or -ENOMEM. */
int vault_set_lease(struct vault *vault, const struct vault_lease *lease, struct reason *why);

struct vault_removed {
	struct age_recipient recipient;
	uint64_t revision; /* the last that it can open */
	time_t when;
};

/* Calls `each` for everyone who was taken off, oldest first, stops at the first result that is not 0. */
int vault_each_removed(const struct vault *vault,
    int (*each)(void *context, const struct vault_removed *removed), void *context);

/* Whether who can open `revision` knows the secret's current value: it has to be rotated then. */
bool vault_secret_was_seen(const struct vault_secret *secret, uint64_t revision);

#endif

/* SPDX-License-Identifier: MIT */
/* Taking a document that comes from elsewhere: see take.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "config/paths.h"
#include "machine/take.h"
#include "util/cleanup.h"
#include "util/file.h"

#define TAKE_TRIES 100 /* others write the vault at the same time */

void taken_free(struct taken *taken)
{
	vault_free(taken->vault);
	taken->vault = NULL;
}

const char *take_refusal(int error)
{
	static const struct {
		int error;
		const char *word;
	} words[] = {
	    {-EKEYREJECTED, "signer"},
	    {-ENOMSG, "other-identity"},
	    {-ESTALE, "rolled-back"},
	    {-EUCLEAN, "fork"},
	    {-ERANGE, "revision-jump"},
	    {-ENOKEY, "not-sealed-for-this-host"},
	    {-EBADMSG, "malformed"},
	    {-EFBIG, "over-large"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].error == error)
			return words[i].word;
	return NULL;
}

/* Puts one of two documents aside. Named by its content: the same one comes once, however often. */
static int keep_aside(const struct vault *vault, const struct buf *sealed, char *path, size_t size,
    struct reason *why)
{
	fd_auto dir = dir_make(AT_FDCWD, PATH_FORKS, 0700, 0, why);
	char hash[VAULT_HASH_TEXT], name[IDENTITY_NAME_MAX + 64];
	int r;

	if (dir < 0)
		return dir;
	vault_hash(vault, hash);
	snprintf(name, sizeof(name), "%s.%" PRIu64 "-%.16s.age", vault_name(vault),
	    vault_revision(vault), hash);
	snprintf(path, size, "%s/%s", PATH_FORKS, name);
	r = file_create(dir, name, 0600, sealed->data, sealed->len, why);
	return r == -EEXIST ? 0 : r;
}

/* What vault_accept called a fork, in its words `said`. 0: go on and take it. */
static int settle_fork(const struct take *take, struct taken *taken, const struct buf *sealed,
    const struct vault *held, const struct reason *said, struct reason *why)
{
	char path[sizeof(taken->kept)];
	struct reason trouble = {0};

	if (take->over_fork)
		return keep_aside(held, sealed, taken->kept, sizeof(taken->kept), why);
	if (keep_aside(taken->vault, take->sealed, path, sizeof(path), &trouble) < 0)
		return reason_set(why, -EUCLEAN, "%s; the document could not be kept: %.200s",
		    said->text, trouble.text);
	return reason_set(why, -EUCLEAN,
	    "%s; both are kept, this one as %s: look at it with ravi vault info --file, and import "
	    "it "
	    "with --over-fork if it is the one that counts",
	    said->text, path);
}

/* The copy held here; `*held` stays NULL when there is none. */
static int open_held(struct machine *machine, const char *name, struct buf *sealed,
    struct vault **held, struct reason *why)
{
	int r = store_directory.get(machine->store, name, sealed, why);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = vault_open(&machine->host, sealed->data, sealed->len, held, why);
	if (r < 0)
		return reason_prefix(why, r == -ENOKEY || r == -EBADMSG ? -EKEYREJECTED : r,
		    "%s: the copy held here does not open, so what came cannot be compared with it "
		    "(move " PATH_VAULTS "/%s.age away if it is lost): ",
		    name, name);
	return 0;
}

static int take_once(struct machine *machine, const struct take *take, const char *name,
    struct taken *taken, struct reason *why)
{
	struct vault_trust trust = {0};
	struct reason said = {0};
	vault_auto held = NULL;
	buf_auto sealed = {0};
	int r = open_held(machine, name, &sealed, &held, why);

	if (r < 0)
		return r;
	if (take->seen && !buf_equal(take->seen, &sealed))
		return reason_set(why, -EBUSY, "the vault of %s changed meanwhile", name);
	taken->held = held ? vault_revision(held) : 0;
	if (!held)
		r = vault_trust_load(name, &machine->host, &trust, why);
	if (r < 0)
		return r;
	r = vault_accept(taken->vault, held, name, &trust, &said);
	if (r == -EUCLEAN || (r == -ESTALE && take->over_fork && take->over_newer))
		r = settle_fork(take, taken, &sealed, held, &said, why);
	else if (r == 0 && held && vault_descent(taken->vault, held) == DESCENT_UNKNOWN)
		r = keep_aside(held, &sealed, taken->kept, sizeof(taken->kept), why);
	else if (r < 0)
		reason_set(why, r, "%s", said.text);
	if (r)
		return r;
	r = store_directory.put(machine->store, name, held ? &sealed : NULL, take->sealed, why);
	/* vault_accept has another meaning for -ESTALE. */
	return r == -ESTALE ? -EAGAIN : r;
}

int machine_take(
    struct machine *machine, const struct take *take, struct taken *taken, struct reason *why)
{
	const char *name;
	int r =
	    vault_open(&machine->host, take->sealed->data, take->sealed->len, &taken->vault, why);

	if (r < 0)
		return r;
	name = take->identity ? take->identity : vault_name(taken->vault);
	for (int i = 0; i < TAKE_TRIES; i++) {
		r = take_once(machine, take, name, taken, why);
		if (r != -EAGAIN)
			return r;
	}
	return reason_set(why, -EBUSY,
	    "the vault of %s changed under each of %d tries; say it again", name, TAKE_TRIES);
}

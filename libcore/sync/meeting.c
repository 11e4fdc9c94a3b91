/* SPDX-License-Identifier: MIT */
/* A meeting about sealed documents: see sync.h for what becomes of which two. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "age/armor.h"
#include "machine/take.h"
#include "sync/base.h"
#include "sync/meeting.h"
#include "sync/reapply.h"
#include "sync/state.h"

static struct span span_of(const struct buf *buf)
{
	return (struct span){(const uint8_t *)buf->data, buf->len};
}

/* ---- what is there ---- */

void meeting_reset(struct meeting *m)
{
	vault_free(m->ours);
	vault_free(m->theirs);
	vault_free(m->base);
	m->ours = m->theirs = m->base = NULL;
	buf_free(&m->ours_sealed);
	buf_free(&m->theirs_sealed);
	buf_free(&m->theirs_text);
	buf_free(&m->base_sealed);
}

/*
 * What was agreed on `back` times before the last time. One that does not open, or is of an identity that had the
 * name before, is as good as none.
 */
static int read_base(struct meeting *m, unsigned back, struct reason *why)
{
	struct reason ignored = {0};
	int r;

	vault_free(m->base);
	m->base = NULL;
	buf_reset(&m->base_sealed);
	if (base_is_singles(m->identity) != (m->sync->conf->seal == SEAL_OFF))
		return 0;
	r = base_read(m->identity, back, &m->base_sealed, why);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0)
		r = vault_open(&m->sync->machine->host, m->base_sealed.data, m->base_sealed.len,
		    &m->base, &ignored);
	if (r == 0 && (!m->ours || !strcmp(vault_uuid(m->base), vault_uuid(m->ours))))
		return 0;
	vault_free(m->base);
	m->base = NULL;
	buf_reset(&m->base_sealed);
	return 0;
}

/* A copy that was lost: what was agreed on last says whom to trust, and is the copy until theirs has come. */
static int restore_copy(struct meeting *m, struct reason *why)
{
	int r =
	    store_directory.put(m->sync->machine->store, m->identity, NULL, &m->base_sealed, why);

	if (r < 0)
		return r == -ESTALE ? -EAGAIN : r;
	buf_addf(&m->synced->notes,
	    "%s: the copy here is lost; what was agreed on with the store last takes its place\n",
	    m->identity);
	return machine_vault(m->sync->machine, m->identity, &m->ours_sealed, &m->ours, why);
}

int meeting_read_here(struct meeting *m, struct reason *why)
{
	int r = machine_vault(m->sync->machine, m->identity, &m->ours_sealed, &m->ours, why);

	if (r < 0 && r != -ENOKEY)
		return r;
	r = read_base(m, 0, why);
	return r == 0 && !m->ours && m->base ? restore_copy(m, why) : r;
}

/* Whether there is a copy of this very identity, which may take the place of what the store has. */
static bool has_own(const struct meeting *m)
{
	return m->ours && !m->is_former;
}

static int refuse(const struct meeting *m, int error, const struct reason *said, struct reason *why)
{
	error = take_refusal(error) ? -EKEYREJECTED : error;
	if (!has_own(m))
		return reason_set(why, error, "what the store has is refused: %.500s", said->text);
	return reason_set(why, error,
	    "what the store has is refused, and the copy here stays (to put it in the place of the "
	    "other: ravi sync --identity %s --over): %.400s",
	    m->identity, said->text);
}

static int read_armor(struct meeting *m, struct reason *why)
{
	struct reason said = {0};
	int r = armor_read(span_of(&m->theirs_text), &m->theirs_sealed, &said);

	reason_prefix(&said, r, "%s: it is no sealed vault: ", m->identity);
	return r < 0 ? refuse(m, -EKEYREJECTED, &said, why) : 0;
}

/* 0; theirs stays empty where the store has none, or not all of one. */
static int ask_theirs(struct meeting *m, bool *is_torn, struct reason *why)
{
	fetch_json_auto result = NULL;
	int r = account_ask_as(&m->sync->account, m->uuid, "store.get", NULL, &result, why);

	*is_torn = r == -ENODATA;
	if (r == -ENOENT || (r == -ENODATA && has_own(m)))
		return 0;
	return r < 0 ? r : buf_add_text(&m->theirs_text, fetch_text(result, "document"));
}

static int open_theirs(struct meeting *m, struct reason *why)
{
	const struct buf *sealed = &m->theirs_sealed;
	int r = vault_open(&m->sync->machine->host, sealed->data, sealed->len, &m->theirs, why);

	if (r == -ENOKEY)
		return reason_set(why, -EKEYREJECTED,
		    "%s: the vault at the store is not sealed for this machine; on one that has "
		    "it, "
		    "say: ravi vault recipients add LINE --identity %s, with the line that ravi "
		    "host "
		    "show prints here",
		    m->identity, m->identity);
	if (r < 0)
		return reason_prefix(why, -EKEYREJECTED, "%s: what the store has: ", m->identity);
	if (has_own(m) || !strcmp(vault_name(m->theirs), m->identity))
		return 0;
	return reason_set(why, -EKEYREJECTED,
	    "the vault at the store is that of %s, and has this name on every machine; say: ravi "
	    "identity "
	    "adopt --name %s %s",
	    vault_name(m->theirs), vault_name(m->theirs), m->uuid);
}

/* ---- what becomes of it ---- */

static int agree(struct meeting *m, const struct buf *sealed, struct reason *why)
{
	return m->base && buf_equal(&m->base_sealed, sealed)
		   ? base_touch(m->identity, why)
		   : base_write(m->identity, sealed, false, why);
}

/* -EAGAIN: the store has something else by now. */
static int push(struct meeting *m, const struct buf *sealed, struct reason *why)
{
	buf_auto document = {0};
	int r;

	armor_write(span_of(sealed), &document);
	if (document.error)
		return reason_errno(why, -ENOMEM, "bringing %s to the store", m->identity);
	r = account_ask_as(&m->sync->account, m->uuid, "store.put",
	    json_pack("{s:s, s:s*}", "document", document.data, "expected", m->theirs_text.data),
	    NULL, why);
	if (r == -ESTALE)
		return -EAGAIN;
	if (r < 0)
		return r;
	m->synced->is_pushed = true;
	return agree(m, sealed, why);
}

static int take(struct meeting *m, bool over_fork, struct reason *why)
{
	/* A change of the copy while the store was asked is no fault of theirs: that is another meeting. */
	const struct take take = {.identity = m->identity,
	    .sealed = &m->theirs_sealed,
	    .over_fork = over_fork,
	    .over_newer = over_fork,
	    .seen = &m->ours_sealed};
	taken_auto taken = {0};
	int r;

	state_note(m->identity, STATE_UNSHOWN, "");
	r = machine_take(m->sync->machine, &take, &taken, why);
	if (r < 0)
		return r == -EBUSY ? -EAGAIN : r;
	m->synced->is_taken = r == 0;
	m->synced->revision = vault_revision(m->theirs);
	m->synced->state = vault_state(m->theirs);
	if (*taken.kept)
		buf_addf(&m->synced->notes,
		    "%s: the copy that was here is kept as %s; ravi vault info --file shows what "
		    "it "
		    "is\n",
		    m->identity, taken.kept);
	return agree(m, &m->theirs_sealed, why);
}

/* The copy becomes theirs with our changes in it, and after that the store's does. */
static int store_merged(struct meeting *m, int changes, struct reason *why)
{
	buf_auto next = {0};
	const struct buf *merged = &m->theirs_sealed;
	int r = 0;

	if (changes) {
		r = vault_seal(m->theirs, &m->sync->machine->host, &next, why);
		merged = &next;
	}
	state_note(m->identity, STATE_UNSHOWN, "");
	if (r == 0)
		r = store_directory.put(
		    m->sync->machine->store, m->identity, &m->ours_sealed, merged, why);
	if (r < 0)
		return r == -ESTALE ? -EAGAIN : r;
	m->synced->is_taken = true;
	m->synced->revision = vault_revision(m->theirs);
	m->synced->state = vault_state(m->theirs);
	/* What the copy grew from: were the store written again now, this is what to compare with. */
	r = agree(m, &m->theirs_sealed, why);
	return r < 0 || !changes ? r : push(m, merged, why);
}

static int settle_fork(struct meeting *m, struct reason *why)
{
	const struct reapply what = {.base = m->base,
	    .ours = m->ours,
	    .keep = (unsigned)m->sync->conf->keep,
	    .now = time(NULL)};
	int changes;

	m->synced->is_fork = true;
	/* Nobody would take what it writes: its changes are kept for an administrator. */
	if (!vault_has_signer(m->theirs, &m->sync->machine->host.signer))
		return take(m, true, why);
	changes = reapply(&what, m->theirs, why);
	if (changes < 0)
		return reason_prefix(why, changes,
		    "%s: its vault was changed on two machines, and ours could not be put right: ",
		    m->identity);
	return store_merged(m, changes, why);
}

/* Whether theirs, too, grew from the one in `base`. */
static bool is_common(const struct meeting *m)
{
	struct reason ignored = {0};

	return m->base && vault_accept(m->theirs, m->base, m->identity, NULL, &ignored) == 0 &&
	       vault_descent(m->theirs, m->base) != DESCENT_ANOTHER;
}

/* The newest of those that were agreed on that both grew from: 1, 0 (none), or a negative errno. */
static int find_common(struct meeting *m, struct reason *why)
{
	if (strcmp(vault_uuid(m->theirs), vault_uuid(m->ours)) != 0)
		return 0;
	for (unsigned back = 0; back < BASE_KEPT; back++) {
		int r = back ? read_base(m, back, why) : 0;

		if (r < 0)
			return r;
		if (is_common(m))
			return 1;
	}
	return 0;
}

/*
 * By its ancestors; because the store still has what was agreed on last; or because it has something that is older
 * than that. Who wrote such a thing has its change made again on ours when it comes by: to make it again here,
 * as of a fork, would bring back what was undone since, whenever a store shows it once more.
 */
static bool is_ahead(const struct meeting *m)
{
	struct reason ignored = {0};

	return !m->is_former && vault_revision(m->ours) > vault_revision(m->theirs) &&
	       (vault_descent(m->ours, m->theirs) == DESCENT_PROVEN ||
		   (m->base &&
		       (vault_revision(m->theirs) < vault_revision(m->base) ||
			   vault_accept(m->theirs, m->base, m->identity, NULL, &ignored) == 1)));
}

static int decide(struct meeting *m, struct reason *why)
{
	struct reason said = {0};
	int r = m->ours ? vault_accept(m->theirs, m->ours, m->identity, NULL, &said) : 0;
	int common;

	if (r == 1)
		return agree(m, &m->theirs_sealed, why);
	if (r == 0) {
		r = take(m, false, &said);
		if (r < 0 && take_refusal(r))
			return refuse(m, r, &said, why);
		return r < 0 && r != -EAGAIN ? reason_set(why, r, "%s", said.text) : r;
	}
	if (r == -ESTALE && is_ahead(m))
		return push(m, &m->ours_sealed, why);
	common = r == -ESTALE || r == -EUCLEAN ? find_common(m, why) : 0;
	if (common)
		return common < 0 ? common : settle_fork(m, why);
	/* Both are kept. */
	if (r == -EUCLEAN)
		r = take(m, false, &said);
	return r < 0 && r != -EAGAIN ? refuse(m, r, &said, why) : r;
}

/* The store has nothing that could be taken. */
static int offer(struct meeting *m, bool is_torn, struct reason *why)
{
	if (!has_own(m))
		return reason_set(why, -ENOKEY,
		    "the store has no vault of %s, and there is no copy here; on a machine that "
		    "has "
		    "one, say: ravi sync --identity %s",
		    m->identity, m->identity);
	m->synced->is_restored = is_torn || m->base;
	if (m->synced->is_restored)
		buf_addf(&m->synced->notes,
		    "%s: the store has lost %s; it gets the copy that is here\n", m->identity,
		    is_torn ? "a part of the vault" : "the vault");
	return push(m, &m->ours_sealed, why);
}

int meeting_sealed(struct meeting *m, struct reason *why)
{
	bool is_torn;
	int r = ask_theirs(m, &is_torn, why);

	if (r < 0)
		return r;
	if (!m->theirs_text.len)
		return offer(m, is_torn, why);
	if (has_own(m) && m->sync->over)
		return push(m, &m->ours_sealed, why);
	r = read_armor(m, why);
	if (r < 0)
		return r;
	if (m->ours && buf_equal(&m->ours_sealed, &m->theirs_sealed))
		return agree(m, &m->ours_sealed, why);
	r = open_theirs(m, why);
	return r < 0 ? r : decide(m, why);
}

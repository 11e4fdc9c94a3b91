/* SPDX-License-Identifier: MIT */
/* Placing logins and writing them back: see store.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "broker/client.h"
#include "store.h"
#include "util/file.h"

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

static int put(
    const struct place *place, const char *name, const struct buf *content, struct reason *why)
{
	return file_replace(place->folder_fd, name, 0600, false, content->data, content->len, why);
}

static void drop(const struct place *place, const char *name)
{
	unlinkat(place->folder_fd, name, 0);
}

static void drop_notes(const struct place *place)
{
	drop(place, CODEX_FILE_SENT);
	drop(place, CODEX_FILE_CONFLICT);
	drop(place, CODEX_FILE_PROBLEM);
}

static int save_base(const struct place *place, const char *secret, uint64_t version,
    enum codex_form form, const struct buf *content, struct reason *why)
{
	codex_base_auto base = {.version = version, .form = form};

	strcpy(base.secret, secret);
	if (buf_add(&base.content, content->data, content->len) < 0)
		return reason_errno(why, base.content.error, "writing base");
	return codex_base_save(place->folder_fd, &base, why);
}

int store_place(const struct place *place, const struct login *login, const struct buf *file,
    struct reason *why)
{
	int r = file->len ? put(place, CODEX_FILE, file, why) : 0;

	if (r == 0)
		r = save_base(place, login->secret, login->version, login->form, file, why);
	if (r == 0)
		drop_notes(place);
	return r;
}

int store_note(const struct place *place, const char *secret, uint64_t version,
    const struct buf *content, struct reason *why)
{
	int r = save_base(place, secret, version, CODEX_AUTH_FILE, content, why);

	if (r == 0)
		drop_notes(place);
	return r;
}

/* For `ravi-codex status`; a problem that cannot be written down is in the log all the same. */
static void note_problem(
    const struct place *place, const char *secret, int error, const struct reason *why)
{
	file_replace(
	    place->folder_fd, CODEX_FILE_PROBLEM, 0600, false, why->text, strlen(why->text), NULL);
	audit("write-back", error == -ESTALE ? "conflict" : "failed", "user", place->ring.user,
	    "identity", place->choice.identity, "name", secret, "cause", why->text, NULL);
}

/*
 * What the ring tells of earlier tries: 1 when the vault has this very content; else 0, with the base put
 * right when what was sent before did arrive, on disk first: what is sent next takes the place of `sent`.
 */
static int look_in_ring(
    struct place *place, struct codex_growth *growth, uint64_t *version, struct reason *why)
{
	buf_auto held = {0};

	if (place_read(place, growth->secret, &held, version, NULL) < 0 || !*version)
		return 0;
	if (same(&held, &growth->content))
		return 1;
	if (!growth->sent.len || !same(&held, &growth->sent)) {
		/* A login that was deleted and stored anew begins with version 1 again: it is another one. */
		if (*version == growth->base && growth->from.len && !same(&held, &growth->from))
			growth->base = 0;
		return 0;
	}
	growth->base = *version;
	return save_base(place, growth->secret, *version, CODEX_AUTH_FILE, &held, why);
}

static int send(struct place *place, const struct codex_growth *growth, struct deadline deadline,
    uint64_t *version, struct reason *why)
{
	const struct broker_write write = {
	    .identity = place->identity,
	    .name = growth->secret,
	    .value = growth->content.data,
	    .len = growth->content.len,
	    .expires = growth->base ? ring_profile_expires(&place->profile, growth->secret) : 0,
	    .has_base = true,
	    .base = growth->base,
	};
	int r = put(place, CODEX_FILE_SENT, &growth->content, why);

	return r < 0 ? r : broker_set(&write, deadline, version, why);
}

int store_back(struct place *place, struct deadline deadline, struct reason *why)
{
	codex_growth_auto growth = {0};
	struct reason own = {0};
	uint64_t version = 0;
	char text[24];
	int r;

	/* It is written down for `ravi-codex status`, whoever asks here. */
	if (!why)
		why = &own;
	r = codex_growth_find(place->folder_fd, &growth, why);
	/* What is torn may be whole in a moment; what is too large stays so, and is lost with the folder. */
	if (r < 0 && r != -EBADMSG)
		note_problem(place, CODEX_SECRET, r, why);
	if (r <= 0)
		return r;
	r = look_in_ring(place, &growth, &version, why);
	if (r == 0)
		r = send(place, &growth, deadline, &version, why);
	if (r == -ESTALE && put(place, CODEX_FILE_CONFLICT, &growth.content, why) == 0) {
		drop(place, CODEX_FILE_SENT);
		note_problem(place, growth.secret, r, why);
		return 0;
	}
	if (r < 0) {
		note_problem(place, growth.secret, r, why);
		return r;
	}
	snprintf(text, sizeof(text), "%llu", (unsigned long long)version);
	audit("write-back", "done", "user", place->ring.user, "identity", place->choice.identity,
	    "name", growth.secret, "version", text, NULL);
	return store_note(place, growth.secret, version, &growth.content, why);
}

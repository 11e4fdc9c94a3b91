/* SPDX-License-Identifier: MIT */
/*
 * The sealed chunks: what was sealed opens, and one changed byte, one cut off or one more opens nothing of
 * the chunk it is in. The first bytes say what is done to the rest, which is the plaintext, repeated.
 */
#include <config.h>

#include <string.h>

#include "age/crypto.h"
#include "age/payload.h"
#include "fuzz.h"

enum damage { FLIP, CUT, EXTEND, KINDS };

struct plan {
	enum damage damage;
	size_t copies, at;
};

static size_t number(const uint8_t **data, size_t *size, size_t bytes)
{
	size_t n = 0;

	for (; bytes && *size; bytes--, (*size)--)
		n = n << 8 | *(*data)++;
	return n;
}

static void spoil(const struct plan *plan, struct buf *sealed)
{
	size_t at = plan->at % sealed->len;

	if (plan->damage == FLIP)
		sealed->data[at] = (char)(sealed->data[at] ^ (1 << plan->at % 8));
	else if (plan->damage == CUT)
		buf_cut(sealed, at);
	else
		MUST(buf_add_char(sealed, (char)plan->at) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct file_key key = {"not at all so  "};
	static const uint8_t nonce[HEADER_NONCE] = "sixteen bytes  ";
	struct plan plan = {.damage = (enum damage)(number(&data, &size, 1) % KINDS),
	    .copies = number(&data, &size, 2) % 400 + 1,
	    .at = number(&data, &size, 3)};
	buf_auto plain = {0}, sealed = {0}, opened = {0}, rest = {0};

	MUST(age_start() == 0);
	for (size_t i = 0; i < plan.copies && plain.len < 200000; i++)
		MUST(!size || buf_add(&plain, data, size) == 0);
	MUST(payload_seal(&key, nonce, buf_text(&plain), plain.len, &sealed) == 0);
	MUST(payload_open(&key, nonce, (struct span){(const uint8_t *)sealed.data, sealed.len},
		 &opened, NULL) == 0);
	MUST(
	    opened.len == plain.len && (!plain.len || !memcmp(opened.data, plain.data, plain.len)));
	spoil(&plan, &sealed);
	MUST(payload_open(&key, nonce, (struct span){(const uint8_t *)sealed.data, sealed.len},
		 &rest, NULL) < 0);
	/* A byte too many behind a last chunk that is full is in no chunk: all of them opened before it. */
	MUST(rest.len < plain.len || !plain.len || plan.damage == EXTEND);
	MUST(rest.len % 65536 == 0 && (!rest.len || !memcmp(rest.data, plain.data, rest.len)));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* The signing key's texts, read and written: see sshkey.h. The format is OpenSSH's PROTOCOL.key. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "sshkey/sshkey.h"
#include "sshkey/wire.h"

#define LABEL   "OPENSSH PRIVATE KEY"
#define MAGIC   "openssh-key-v1" /* and its 0 */
#define NO_WORD "none"           /* the cipher and the derivation of a key without a passphrase */
#define BLOCK   8                /* bytes: what that cipher's input is padded to */

void sshkey_wipe(struct sshkey *key)
{
	wipe(key, sizeof(*key));
}

static int damaged(struct reason *why)
{
	return reason_set(why, -EBADMSG,
	    "it is no OpenSSH private key, or damaged; it must be the whole text that "
	    "ssh-keygen -t ed25519 -N '' writes");
}

static int unsupported(struct reason *why)
{
	return reason_set(why, -EPROTONOSUPPORT,
	    "it must be an Ed25519 key without a passphrase (ssh-keygen -t ed25519 -N '')");
}

/* The next string must be `text`: 0, `otherwise`, or -EBADMSG when there is none. */
static int expect(struct wire *from, const char *text, int otherwise)
{
	struct wire string;
	int r = wire_string(from, &string);

	if (r < 0)
		return r;
	return wire_is(&string, text) ? 0 : otherwise;
}

static int expect_public(struct wire *from, uint8_t public[SSHKEY_PUBLIC_SIZE])
{
	struct wire string;
	int r = expect(from, SSHKEY_TYPE, -EPROTONOSUPPORT);

	if (r == 0)
		r = wire_string(from, &string);
	if (r < 0)
		return r;
	if (string.left != SSHKEY_PUBLIC_SIZE)
		return -EBADMSG;
	memcpy(public, string.at, SSHKEY_PUBLIC_SIZE);
	return 0;
}

/* What comes before the private part; that part and what follows it stay in `*blob`. */
static int parse_head(struct wire *blob, uint8_t public[SSHKEY_PUBLIC_SIZE])
{
	struct wire piece;
	uint32_t count;
	int r = wire_bytes(blob, sizeof(MAGIC), &piece);

	if (r < 0 || memcmp(piece.at, MAGIC, sizeof(MAGIC)) != 0)
		return -EBADMSG;
	r = expect(blob, NO_WORD, -EPROTONOSUPPORT);
	if (r == 0)
		r = expect(blob, NO_WORD, -EPROTONOSUPPORT);
	if (r == 0)
		r = wire_string(blob, &piece); /* the derivation's options */
	if (r == 0)
		r = wire_number(blob, &count);
	if (r == 0 && count != 1)
		r = -EBADMSG;
	if (r == 0)
		r = wire_string(blob, &piece);
	if (r < 0)
		return r;
	r = expect_public(&piece, public);
	return r == 0 && piece.left ? -EBADMSG : r;
}

static bool is_padding(const struct wire *rest)
{
	for (size_t i = 0; i < rest->left; i++)
		if (rest->at[i] != i + 1)
			return false;
	return rest->left < BLOCK;
}

/* The private part says the public half again, twice; all three must agree. */
static int parse_private(struct wire *part, struct sshkey *key)
{
	uint8_t again[SSHKEY_PUBLIC_SIZE];
	uint32_t check[2];
	struct wire pair, comment;
	int r = wire_number(part, &check[0]);

	if (r == 0)
		r = wire_number(part, &check[1]);
	if (r == 0 && check[0] != check[1])
		r = -EBADMSG;
	if (r == 0)
		r = expect_public(part, again);
	if (r == 0)
		r = wire_string(part, &pair);
	if (r == 0)
		r = wire_string(part, &comment);
	if (r < 0)
		return r;
	if (pair.left != sizeof(key->seed) + SSHKEY_PUBLIC_SIZE || !is_padding(part) ||
	    memcmp(again, key->public, sizeof(again)) != 0 ||
	    memcmp(pair.at + sizeof(key->seed), key->public, sizeof(again)) != 0)
		return -EBADMSG;
	memcpy(key->seed, pair.at, sizeof(key->seed));
	return 0;
}

int sshkey_parse(const void *text, size_t len, struct sshkey *key, struct reason *why)
{
	buf_auto blob = {0};
	struct wire rest, part;
	int r = len > SSHKEY_TEXT_MAX ? -EBADMSG : armor_decode(text, len, LABEL, &blob);

	*key = (struct sshkey){0};
	rest = (struct wire){.at = (const uint8_t *)blob.data, .left = blob.len};
	if (r == 0)
		r = parse_head(&rest, key->public);
	if (r == 0)
		r = wire_string(&rest, &part);
	if (r == 0 && rest.left)
		r = -EBADMSG;
	if (r == 0)
		r = parse_private(&part, key);
	if (r == -EBADMSG)
		return damaged(why);
	if (r == -EPROTONOSUPPORT)
		return unsupported(why);
	return r < 0 ? reason_errno(why, r, "reading a private key") : 0;
}

void sshkey_format(const struct sshkey *key, const char *comment, uint32_t check, struct buf *out)
{
	buf_auto blob = {0};
	buf_auto part = {0};
	buf_auto public = {0};

	sshkey_add_blob(key->public, &public);
	wire_add_number(&part, check);
	wire_add_number(&part, check);
	buf_add(&part, public.data, public.len);
	wire_add_number(&part, sizeof(key->seed) + SSHKEY_PUBLIC_SIZE);
	buf_add(&part, key->seed, sizeof(key->seed));
	buf_add(&part, key->public, SSHKEY_PUBLIC_SIZE);
	wire_add_text(&part, comment);
	for (char c = 1; part.len % BLOCK && !part.error; c++)
		buf_add_char(&part, c);

	buf_add(&blob, MAGIC, sizeof(MAGIC));
	wire_add_text(&blob, NO_WORD);
	wire_add_text(&blob, NO_WORD);
	wire_add_text(&blob, "");
	wire_add_number(&blob, 1);
	wire_add_string(&blob, public.data, public.len);
	wire_add_string(&blob, part.data, part.len);
	if (public.error || part.error || blob.error)
		out->error = -ENOMEM;
	armor_add(out, LABEL, blob.data, blob.len);
}

void sshkey_add_blob(const uint8_t public[SSHKEY_PUBLIC_SIZE], struct buf *out)
{
	wire_add_text(out, SSHKEY_TYPE);
	wire_add_string(out, public, SSHKEY_PUBLIC_SIZE);
}

void sshkey_add_public(const uint8_t public[SSHKEY_PUBLIC_SIZE], struct buf *out)
{
	buf_auto blob = {0};

	sshkey_add_blob(public, &blob);
	if (blob.error)
		out->error = blob.error;
	buf_add_text(out, SSHKEY_TYPE " ");
	base64_add(out, blob.data, blob.len, 0);
}

int sshkey_parse_public(const char *line, size_t len, uint8_t public[SSHKEY_PUBLIC_SIZE])
{
	const size_t skip = sizeof(SSHKEY_TYPE); /* a blank stands for its 0 */
	buf_auto text = {0};
	buf_auto blob = {0};
	struct wire rest;
	int r = buf_add(&text, line, len);

	if (r < 0)
		return r;
	if (strncmp(buf_text(&text), SSHKEY_TYPE " ", skip) != 0)
		return -EBADMSG;
	r = base64_decode(text.data + skip, strcspn(text.data + skip, " \t\r\n"), &blob);
	rest = (struct wire){.at = (const uint8_t *)blob.data, .left = blob.len};
	if (r == 0)
		r = expect_public(&rest, public);
	return r < 0 || rest.left ? -EBADMSG : 0;
}

void sshkey_add_signer(const uint8_t public[SSHKEY_PUBLIC_SIZE], const char *email, struct buf *out)
{
	buf_addf(out, "%s namespaces=\"" SSHKEY_NAMESPACE "\" ", email);
	sshkey_add_public(public, out);
}

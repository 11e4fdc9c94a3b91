/* SPDX-License-Identifier: MIT */
/* The textual header: see header.h. Grammar: C2SP age, "ABNF definition of file header". */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "age/header.h"

#define VERSION_LINE   HEADER_START "v1\n"
#define STANZA_START   "-> "
#define MAC_START      "---"
#define ARGUMENTS_KEPT 3 /* the type; of X25519 the share; of scrypt salt and work factor */
#define UNPADDED       sodium_base64_VARIANT_ORIGINAL_NO_PADDING

/* A stanza of any type, as far as we look at it. */
struct stanza {
	struct span arguments[ARGUMENTS_KEPT];
	size_t argument_count;
	uint8_t body[WRAPPED_KEY_SIZE]; /* its first bytes */
	size_t body_len;
};

/* One argument or more, each of visible characters, with one space between them. */
static bool parse_arguments(struct span line, struct stanza *stanza)
{
	size_t start = 0;

	for (size_t i = 0; i <= line.len; i++) {
		if (i < line.len && line.data[i] > ' ' && line.data[i] <= '~')
			continue;
		if ((i < line.len && line.data[i] != ' ') || i == start)
			return false;
		if (stanza->argument_count < ARGUMENTS_KEPT)
			stanza->arguments[stanza->argument_count] =
			    (struct span){.data = line.data + start, .len = i - start};
		stanza->argument_count++;
		start = i + 1;
	}
	return true;
}

/* Full lines of base64, and a shorter one, which may be empty, that ends them. */
static bool parse_body(struct span *rest, struct stanza *stanza)
{
	struct span line;

	do {
		uint8_t bytes[BASE64_BYTES];
		size_t len;

		if (!span_line(rest, &line) || line.len > BASE64_COLUMNS ||
		    !span_base64(line, false, bytes, sizeof(bytes), &len))
			return false;
		if (stanza->body_len + len <= sizeof(stanza->body) && len)
			memcpy(stanza->body + stanza->body_len, bytes, len);
		stanza->body_len += len;
	} while (line.len == BASE64_COLUMNS);
	return true;
}

/* The body's length is checked before anything is decrypted: no oracle for longer keys. */
static bool keep_x25519(const struct stanza *stanza, struct x25519_stanza *kept)
{
	if (stanza->argument_count != 2 || stanza->body_len != sizeof(kept->body) ||
	    !span_base64_exact(stanza->arguments[1], kept->share, sizeof(kept->share)))
		return false;
	memcpy(kept->body, stanza->body, sizeof(kept->body));
	return true;
}

/* Decimal digits without a sign or a leading zero, so that a file has one text. */
static bool parse_factor(struct span text, unsigned *factor)
{
	if (!text.len || text.len > 2 || text.data[0] == '0')
		return false;
	*factor = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*factor = *factor * 10 + (unsigned)(text.data[i] - '0');
	}
	return *factor <= AGE_WORK_FACTOR_MAX;
}

static bool keep_scrypt(const struct stanza *stanza, struct scrypt_stanza *kept)
{
	if (stanza->argument_count != 3 || stanza->body_len != sizeof(kept->body) ||
	    !span_base64_exact(stanza->arguments[1], kept->salt, sizeof(kept->salt)) ||
	    !parse_factor(stanza->arguments[2], &kept->factor))
		return false;
	memcpy(kept->body, stanza->body, sizeof(kept->body));
	return true;
}

static int parse_scrypt(const struct stanza *stanza, struct header *header, struct reason *why)
{
	/* parse_stanzas refuses a second one. */
	header->has_scrypt = true;
	if (keep_scrypt(stanza, &header->scrypt))
		return 0;
	return reason_set(why, -EBADMSG,
	    "the age header is damaged, or its passphrase takes too much work: a factor above %u",
	    AGE_WORK_FACTOR_MAX);
}

static int parse_stanza(struct span *rest, struct header *header, struct reason *why)
{
	struct stanza stanza = {0};
	struct span line;

	if (!span_skip(rest, STANZA_START) || !span_line(rest, &line) ||
	    !parse_arguments(line, &stanza) || !parse_body(rest, &stanza))
		return reason_set(
		    why, -EBADMSG, "the age header is damaged: a recipient stanza is malformed");
	if (span_is(stanza.arguments[0], "scrypt"))
		return parse_scrypt(&stanza, header, why);
	if (!span_is(stanza.arguments[0], "X25519"))
		return 0;
	if (header->count == AGE_RECIPIENTS_MAX)
		return reason_set(why, -EFBIG, "the age file has more than %d X25519 recipients",
		    AGE_RECIPIENTS_MAX);
	if (!keep_x25519(&stanza, &header->stanzas[header->count]))
		return reason_set(
		    why, -EBADMSG, "the age header is damaged: an X25519 stanza is malformed");
	header->count++;
	return 0;
}

/* A passphrase promises that only who knows it made the file, so it never stands with others. */
static int parse_stanzas(struct span *rest, struct header *header, struct reason *why)
{
	size_t count = 0;

	do {
		int r = parse_stanza(rest, header, why);

		if (r < 0)
			return r;
		count++;
	} while (!span_begins(*rest, MAC_START));
	if (header->has_scrypt && count > 1)
		return reason_set(why, -EBADMSG,
		    "the age header is damaged: a passphrase next to other recipients");
	return 0;
}

int header_parse(struct span *file, struct header *header, struct reason *why)
{
	const uint8_t *start = file->data;
	struct span line;
	int r;

	header->count = 0;
	header->has_scrypt = false;
	if (!span_skip(file, VERSION_LINE))
		return reason_set(why, -EBADMSG, "not a file of age's version v1");
	r = parse_stanzas(file, header, why);
	if (r < 0)
		return r;
	span_skip(file, MAC_START);
	header->authenticated = (struct span){.data = start, .len = (size_t)(file->data - start)};
	if (!span_skip(file, " ") || !span_line(file, &line) ||
	    !span_base64_exact(line, header->mac, sizeof(header->mac)))
		return reason_set(why, -EBADMSG, "the age header is damaged: its MAC is malformed");
	if (file->len < HEADER_NONCE)
		return reason_set(why, -EBADMSG, "the age file is cut off right after its header");
	memcpy(header->nonce, span_take(file, HEADER_NONCE).data, HEADER_NONCE);
	return 0;
}

static void header_mac(
    const struct file_key *file_key, const void *data, size_t len, uint8_t mac[SECRET_SIZE])
{
	secret_auto key = {0};

	hkdf_sha256(file_key->bytes, sizeof(file_key->bytes), "", 0, "header", &key);
	hmac_sha256(&key, data, len, mac);
}

int header_verify(const struct header *header, const struct file_key *file_key)
{
	uint8_t mac[SECRET_SIZE];

	header_mac(file_key, header->authenticated.data, header->authenticated.len, mac);
	return crypto_verify_32(mac, header->mac) == 0 ? 0 : -EBADMSG;
}

static void add_base64(struct buf *out, const void *bytes, size_t len)
{
	char text[sodium_base64_ENCODED_LEN(SECRET_SIZE, UNPADDED)];

	sodium_bin2base64(text, sizeof(text), bytes, len, UNPADDED);
	buf_add_text(out, text);
}

static void end_header(size_t start, const struct file_key *file_key, struct buf *out)
{
	uint8_t mac[SECRET_SIZE];

	buf_add_text(out, MAC_START);
	if (out->error)
		return;
	header_mac(file_key, out->data + start, out->len - start, mac);
	buf_add_char(out, ' ');
	add_base64(out, mac, sizeof(mac));
	buf_add_char(out, '\n');
}

void header_write(const struct x25519_stanza *stanzas, size_t count,
    const struct file_key *file_key, struct buf *out)
{
	size_t start = out->len;

	buf_add_text(out, VERSION_LINE);
	for (size_t i = 0; i < count; i++) {
		buf_add_text(out, STANZA_START "X25519 ");
		add_base64(out, stanzas[i].share, sizeof(stanzas[i].share));
		buf_add_char(out, '\n');
		add_base64(out, stanzas[i].body, sizeof(stanzas[i].body));
		buf_add_char(out, '\n');
	}
	end_header(start, file_key, out);
}

void header_write_scrypt(
    const struct scrypt_stanza *stanza, const struct file_key *file_key, struct buf *out)
{
	size_t start = out->len;

	buf_add_text(out, VERSION_LINE STANZA_START "scrypt ");
	add_base64(out, stanza->salt, sizeof(stanza->salt));
	buf_addf(out, " %u\n", stanza->factor);
	add_base64(out, stanza->body, sizeof(stanza->body));
	buf_add_char(out, '\n');
	end_header(start, file_key, out);
}

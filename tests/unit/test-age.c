/* SPDX-License-Identifier: MIT */
/*
 * libcore/age: keys, whole files of every size that matters, and what happens to files that were
 * changed.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "age/age.h"
#include "age/crypto.h"
#include "unit.h"
#include "util/buf.h"

#define CHUNK 65536u

/* The pair of the specification's examples. */
#define SPEC_IDENTITY  "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
#define SPEC_RECIPIENT "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

static struct age_identity fresh(void)
{
	struct age_identity identity;

	assert_int_equal(age_identity_generate(&identity), 0);
	return identity;
}

/* A pattern in which no chunk is like another. */
static void fill(struct buf *data, size_t len)
{
	unsigned char *to = buf_reserve(data, len);

	assert_non_null(to);
	for (size_t i = 0; i < len; i++)
		to[i] = (unsigned char)(i ^ i >> 8 ^ i >> 16);
	data->len = len;
}

static void seal_for(const struct age_identity *identities, size_t count, const struct buf *data,
    bool armor, struct buf *file)
{
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];

	for (size_t i = 0; i < count; i++)
		recipients[i] = identities[i].recipient;
	assert_int_equal(age_encrypt(recipients, count, buf_text(data), data->len, armor, file), 0);
}

/* Opens a file and returns the class; checks that error, class and reason belong together. */
static enum age_failure open_with(
    const struct age_identity *identity, const struct buf *file, struct buf *out)
{
	enum age_failure failure = AGE_OTHER;
	struct reason why = {0};
	int r;

	buf_reset(out);
	r = age_decrypt(identity, 1, file->data, file->len, out, &failure, &why);
	if (failure == AGE_DONE)
		assert_int_equal(r, 0);
	else if (failure == AGE_NO_MATCH)
		assert_int_equal(r, -ENOKEY);
	else if (failure != AGE_OTHER)
		assert_int_equal(r, -EBADMSG);
	assert_int_equal(r == 0, why.text[0] == '\0');
	return failure;
}

static size_t header_len(const struct buf *file)
{
	const char *mac = memmem(file->data, file->len, "\n--- ", 5);

	assert_non_null(mac);
	return (size_t)(strchr(mac + 1, '\n') + 1 - file->data);
}

static void insert(struct buf *file, size_t at, const char *text, size_t len)
{
	buf_auto changed = {0};

	buf_add(&changed, file->data, at);
	buf_add(&changed, text, len);
	assert_int_equal(buf_add(&changed, file->data + at, file->len - at), 0);
	buf_move(file, &changed);
}

static void test_hkdf(void **state)
{
	static const uint8_t expanded[] = {0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90,
	    0x43, 0x4f, 0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a,
	    0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf};
	static const uint8_t without_salt[] = {0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f, 0x71,
	    0x5f, 0x80, 0x2a, 0x06, 0x3c, 0x5a, 0x31, 0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1, 0x87,
	    0x9e, 0xc3, 0x45, 0x4e, 0x5f, 0x3c, 0x73, 0x8d, 0x2d};
	uint8_t input[22], salt[13];
	struct secret out;

	(void)state;
	memset(input, 0x0b, sizeof(input));
	for (uint8_t i = 0; i < sizeof(salt); i++)
		salt[i] = i;
	/* RFC 5869, A.1 and A.3: their first 32 bytes. */
	hkdf_sha256(input, sizeof(input), salt, sizeof(salt),
	    "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9", &out);
	assert_memory_equal(out.bytes, expanded, sizeof(expanded));
	hkdf_sha256(input, sizeof(input), "", 0, "", &out);
	assert_memory_equal(out.bytes, without_salt, sizeof(without_salt));
}

static void test_keys_round_trip(void **state)
{
	struct age_identity identity, again;
	struct age_recipient recipient;
	char secret[AGE_IDENTITY_TEXT], public[AGE_RECIPIENT_TEXT];

	(void)state;
	assert_int_equal(age_identity_parse(SPEC_IDENTITY, &identity, NULL), 0);
	age_recipient_format(&identity.recipient, public);
	assert_string_equal(public, SPEC_RECIPIENT);
	age_identity_format(&identity, secret);
	assert_string_equal(secret, SPEC_IDENTITY);
	for (int i = 0; i < 100; i++) {
		identity = fresh();
		age_identity_format(&identity, secret);
		age_recipient_format(&identity.recipient, public);
		assert_int_equal(strlen(secret), AGE_IDENTITY_TEXT - 1);
		assert_int_equal(strlen(public), AGE_RECIPIENT_TEXT - 1);
		assert_int_equal(age_identity_parse(secret, &again, NULL), 0);
		assert_memory_equal(&again, &identity, sizeof(again));
		assert_int_equal(age_recipient_parse(public, &recipient, NULL), 0);
		assert_memory_equal(&recipient, &identity.recipient, sizeof(recipient));
	}
	age_identity_wipe(&again);
	assert_memory_equal(&again, &(struct age_identity){0}, sizeof(again));
}

static void test_bad_recipients_are_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "age",
	    "age1",
	    /* mistyped; too short; too long; upper, mixed case; a letter outside the alphabet */
	    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwq",
	    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujw",
	    SPEC_RECIPIENT "q",
	    "AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ",
	    "age1Zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
	    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwb",
	    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujw\xea",
	    /* another prefix; blanks; no separator */
	    "abe1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
	    " age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
	    SPEC_RECIPIENT "\n",
	    "ageqzvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
	    /* bits set in the padding under a right checksum */
	    "age1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfppmq0j58",
	};
	struct age_recipient recipient;
	struct reason why = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(age_recipient_parse(bad[i], &recipient, NULL), -EINVAL);
	/* The secret key in the public one's place is told apart, and not repeated. */
	assert_int_equal(age_recipient_parse(SPEC_IDENTITY, &recipient, &why), -EINVAL);
	assert_non_null(strstr(why.text, "secret"));
	assert_null(strstr(why.text, "1GFPYY"));
}

static void test_every_mistyped_character_is_found(void **state)
{
	static const char symbols[] = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7Lb1 ";
	char text[AGE_IDENTITY_TEXT] = SPEC_IDENTITY;
	struct age_identity identity;

	(void)state;
	for (size_t i = 0; text[i]; i++) {
		for (const char *c = symbols; *c; c++) {
			if (text[i] == *c)
				continue;
			text[i] = *c;
			assert_int_equal(age_identity_parse(text, &identity, NULL), -EINVAL);
			text[i] = SPEC_IDENTITY[i];
		}
	}
	for (char *c = text; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	assert_int_equal(age_identity_parse(text, &identity, NULL), -EINVAL);
	assert_int_equal(age_identity_parse(SPEC_RECIPIENT, &identity, NULL), -EINVAL);
}

static void test_sizes_around_chunk_boundaries(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 47, 48, 49, CHUNK - 17, CHUNK - 16, CHUNK - 1,
	    CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK + 321};
	struct age_identity identity = fresh();

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (int armor = 0; armor < 2; armor++) {
			buf_auto data = {0}, file = {0}, out = {0};

			fill(&data, sizes[i]);
			seal_for(&identity, 1, &data, armor, &file);
			assert_int_equal(open_with(&identity, &file, &out), AGE_DONE);
			assert_int_equal(out.len, sizes[i]);
			assert_memory_equal(out.data, data.data, sizes[i]);
			assert_int_equal(out.data[out.len], 0);
		}
	}
}

static void test_each_recipient_opens_it_and_nobody_else(void **state)
{
	struct age_identity identities[AGE_RECIPIENTS_MAX], stranger = fresh(), two[2];
	buf_auto data = {0}, file = {0}, out = {0};
	enum age_failure failure;
	size_t len;

	(void)state;
	for (size_t i = 0; i < AGE_RECIPIENTS_MAX; i++)
		identities[i] = fresh();
	fill(&data, 100);
	seal_for(identities, AGE_RECIPIENTS_MAX, &data, false, &file);
	for (size_t i = 0; i < AGE_RECIPIENTS_MAX; i += 9) {
		assert_int_equal(open_with(&identities[i], &file, &out), AGE_DONE);
		assert_memory_equal(out.data, data.data, 100);
	}
	assert_int_equal(open_with(&stranger, &file, &out), AGE_NO_MATCH);
	assert_int_equal(out.len, 0);
	assert_int_equal(age_decrypt(NULL, 0, file.data, file.len, &out, &failure, NULL), -ENOKEY);
	assert_int_equal(failure, AGE_NO_MATCH);
	/* Any identity that fits will do, and the plaintext is appended. */
	two[0] = stranger;
	two[1] = identities[1];
	buf_add_text(&out, "before");
	assert_int_equal(age_decrypt(two, 2, file.data, file.len, &out, NULL, NULL), 0);
	assert_int_equal(out.len, 106);
	assert_memory_equal(out.data, "before", 6);
	/* The file is appended, too, and never the same again. */
	len = file.len;
	seal_for(identities, AGE_RECIPIENTS_MAX, &data, false, &file);
	assert_int_equal(file.len, 2 * len);
	assert_memory_not_equal(file.data, file.data + len, len);
}

static void test_limits(void **state)
{
	struct age_recipient recipients[AGE_RECIPIENTS_MAX + 1] = {{{0}}};
	struct age_identity identities[AGE_RECIPIENTS_MAX];
	buf_auto data = {0}, file = {0}, out = {0};
	enum age_failure failure;
	char *stanza;

	(void)state;
	for (size_t i = 0; i < AGE_RECIPIENTS_MAX; i++) {
		identities[i] = fresh();
		recipients[i] = identities[i].recipient;
	}
	buf_add_text(&out, "as it was");
	assert_int_equal(age_encrypt(recipients, 0, "", 0, false, &out), -EINVAL);
	assert_int_equal(
	    age_encrypt(recipients, AGE_RECIPIENTS_MAX + 1, "", 0, false, &out), -EINVAL);
	/* A point of low order: everybody knows the secret it agrees on. */
	assert_int_equal(
	    age_encrypt(&recipients[AGE_RECIPIENTS_MAX], 1, "", 0, false, &out), -EINVAL);
	assert_int_equal(
	    age_encrypt(recipients, 1, "", (size_t)AGE_FILE_MAX + 1, false, &out), -EFBIG);
	fill(&data, AGE_FILE_MAX / 4 * 3);
	assert_int_equal(age_encrypt(recipients, 1, data.data, data.len, true, &out), -EFBIG);
	assert_string_equal(buf_text(&out), "as it was");

	/* Refused before a byte of it is read. */
	assert_int_equal(
	    age_decrypt(identities, 1, "", (size_t)AGE_FILE_MAX + 1, &out, &failure, NULL), -EFBIG);
	assert_int_equal(failure, AGE_OTHER);
	buf_reset(&data);
	seal_for(identities, AGE_RECIPIENTS_MAX, &data, false, &file);
	stanza = strdup(strstr(file.data, "-> X25519"));
	insert(&file, (size_t)(strstr(file.data, "-> X25519") - file.data), stanza,
	    (size_t)(strstr(stanza + 1, "-> X25519") - stanza));
	free(stanza);
	assert_int_equal(
	    age_decrypt(identities, 1, file.data, file.len, &out, &failure, NULL), -EFBIG);
	assert_int_equal(failure, AGE_OTHER);
}

static void test_a_flipped_bit_anywhere_is_found(void **state)
{
	struct age_identity identities[] = {fresh(), fresh()};
	buf_auto data = {0}, file = {0}, out = {0};
	size_t header;

	(void)state;
	fill(&data, 100);
	seal_for(identities, 2, &data, false, &file);
	header = header_len(&file);
	for (size_t bit = 0; bit < file.len * 8; bit++) {
		enum age_failure failure;

		file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
		failure = open_with(&identities[1], &file, &out);
		file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
		assert_int_equal(out.len, 0);
		if (bit / 8 >= header)
			assert_int_equal(failure, AGE_BAD_PAYLOAD);
		else if (bit / 8 < strlen("age-encryption.org/"))
			assert_int_equal(failure, AGE_BAD_ARMOR);
		else
			assert_true(failure == AGE_BAD_HEADER || failure == AGE_BAD_HMAC ||
				    failure == AGE_NO_MATCH);
	}
	assert_int_equal(open_with(&identities[1], &file, &out), AGE_DONE);
}

static void test_a_flipped_bit_in_a_later_chunk_releases_the_earlier_ones(void **state)
{
	struct age_identity identity = fresh();
	buf_auto data = {0}, file = {0}, out = {0};
	size_t payload;

	(void)state;
	fill(&data, 3 * CHUNK + 5);
	seal_for(&identity, 1, &data, false, &file);
	payload = header_len(&file) + 16;
	for (size_t chunk = 0; chunk < 4; chunk++) {
		size_t at = payload + chunk * (CHUNK + 16) + 3;

		file.data[at] = (char)(file.data[at] ^ 1);
		assert_int_equal(open_with(&identity, &file, &out), AGE_BAD_PAYLOAD);
		file.data[at] = (char)(file.data[at] ^ 1);
		assert_int_equal(out.len, chunk * CHUNK);
		assert_memory_equal(buf_text(&out), data.data, out.len);
		/* Nothing of the bad chunk lies behind the end, either. */
		for (size_t i = out.len; i < out.len + 5; i++)
			assert_int_equal(out.data[i], 0);
	}
}

static void test_truncated_files(void **state)
{
	static const size_t sizes[] = {0, 1, 100, CHUNK, 2 * CHUNK, 2 * CHUNK + 1};
	struct age_identity identity = fresh();

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		buf_auto data = {0}, file = {0}, out = {0};
		size_t header, whole;

		fill(&data, sizes[i]);
		seal_for(&identity, 1, &data, false, &file);
		header = header_len(&file);
		whole = file.len;
		for (size_t len = whole; len--;) {
			enum age_failure failure;

			/* Every length near the ends of parts, some in between. */
			if (len > header + 40 && len + 40 < whole &&
			    (len - header) % (CHUNK + 16) % 32768 > 40)
				continue;
			buf_cut(&file, len);
			failure = open_with(&identity, &file, &out);
			if (len >= header + 16)
				assert_int_equal(failure, AGE_BAD_PAYLOAD);
			else if (len == 0 || len >= strlen("age-encryption.org/"))
				assert_int_equal(failure, AGE_BAD_HEADER);
			else
				assert_int_equal(failure, AGE_BAD_ARMOR);
			assert_int_equal(out.len % CHUNK, 0);
			assert_memory_equal(buf_text(&out), data.data, out.len);
		}
	}
}

static void test_appended_bytes(void **state)
{
	static const size_t sizes[] = {0, 1, CHUNK - 1, CHUNK, 2 * CHUNK};
	static const size_t more[] = {1, 15, 16, 17, 100, CHUNK + 16};
	struct age_identity identity = fresh();

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t j = 0; j < sizeof(more) / sizeof(more[0]); j++) {
			buf_auto data = {0}, file = {0}, out = {0};

			fill(&data, sizes[i]);
			seal_for(&identity, 1, &data, false, &file);
			assert_non_null(buf_reserve(&file, more[j]));
			memset(file.data + file.len, 0, more[j]);
			file.len += more[j];
			assert_int_equal(open_with(&identity, &file, &out), AGE_BAD_PAYLOAD);
			/* A full last chunk opens all the same, and is released. */
			assert_int_equal(out.len, sizes[i] / CHUNK * CHUNK);
		}
	}
}

static void test_chunks_keep_their_places(void **state)
{
	struct age_identity identity = fresh();
	buf_auto data = {0}, file = {0}, out = {0}, first = {0};
	char *chunks;

	(void)state;
	fill(&data, 3 * CHUNK);
	seal_for(&identity, 1, &data, false, &file);
	chunks = file.data + header_len(&file) + 16;
	buf_add(&first, chunks, CHUNK + 16);
	memcpy(chunks, chunks + CHUNK + 16, CHUNK + 16);
	memcpy(chunks + CHUNK + 16, first.data, CHUNK + 16);
	assert_int_equal(open_with(&identity, &file, &out), AGE_BAD_PAYLOAD);
	assert_int_equal(out.len, 0);
}

/* Puts `text` before the MAC line (or the first stanza) of a good file; what class is that? */
static enum age_failure with_stanza(const char *text, bool first)
{
	struct age_identity identity = fresh();
	buf_auto data = {0}, file = {0}, out = {0};
	const char *place;

	seal_for(&identity, 1, &data, false, &file);
	place = strstr(file.data, first ? "-> " : "--- ");
	insert(&file, (size_t)(place - file.data), text, strlen(text));
	return open_with(&identity, &file, &out);
}

static void test_headers_with_another_stanza(void **state)
{
#define SHARE "XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE"
#define BODY  "qRS0AMjdjPvZ/WT08U2KL4G+PIooA3hy38SvLpvaC1E"
	static const char *const well_formed[] = {
	    "-> other\n\n",
	    "-> other a b c ~!\nQUFB\n",
	    "-> x25519 " SHARE "\n" BODY "\n",
	    "-> X25519 " SHARE "\n" BODY "\n",
	};
	static const char *const malformed[] = {
	    "-> \n\n",
	    "->\n\n",
	    "->  a\n\n",
	    "-> a \n\n",
	    "-> a\r\n\r\n",
	    "-> \xc3\xa9\n\n",
	    "-> other\n",
	    "-> other\nQUFB=\n",
	    "-> other\nQUFBQQ==\n",
	    "-> other\nQUFBQR\n",
	    "-> other\nQ\n",
	    /* what libsodium 1.0.18 takes for 'A', '+' and '/' */
	    "-> other\n\xc1\xc1\xc1\xc1\n",
	    "-> other\n\xab\xab\xab\xab\n",
	    "-> other\n\xaf\xaf\xaf\xaf\n",
	    "-> other\nQUFB\nQUFB\n",
	    "-> other\n" SHARE SHARE "\n",
	    "\n",
	    "other\n",
	    "-> X25519\n" BODY "\n",
	    "-> X25519 " SHARE " more\n" BODY "\n",
	    "-> X25519 QUFB\n" BODY "\n",
	    "-> X25519 " SHARE "=\n" BODY "\n",
	    "-> X25519 " SHARE "\n\n",
	    "-> X25519 " SHARE "\nQUFB" BODY "\n",
	    "-> X25519 " SHARE
	    "\nQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n"
	    "\n",
	    /* a share of low order (zero) comes before the one that fits */
	    "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" BODY "\n",
	    /* passphrases stand alone */
	    "-> scrypt ajMFur+EJLGaohv/dLRGnw 18\n" BODY "\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(well_formed) / sizeof(well_formed[0]); i++) {
		assert_int_equal(with_stanza(well_formed[i], true), AGE_BAD_HMAC);
		assert_int_equal(with_stanza(well_formed[i], false), AGE_BAD_HMAC);
	}
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		assert_int_equal(with_stanza(malformed[i], true), AGE_BAD_HEADER);
}

/* Replaces the first `from` of an armored good file, or appends for NULL; what class is that? */
static enum age_failure with_armor(const char *from, const char *to)
{
	struct age_identity identity = fresh();
	buf_auto data = {0}, file = {0}, out = {0};
	enum age_failure failure;
	char *place;

	fill(&data, 200);
	seal_for(&identity, 1, &data, true, &file);
	place = from ? strstr(file.data, from) : file.data + file.len;
	assert_non_null(place);
	if (from)
		memmove(place, place + strlen(from), strlen(place + strlen(from)) + 1);
	file.len -= from ? strlen(from) : 0;
	insert(&file, (size_t)(place - file.data), to, strlen(to));
	failure = open_with(&identity, &file, &out);
	assert_int_equal(out.len, failure == AGE_DONE ? data.len : 0);
	return failure;
}

static void test_armor_is_strict(void **state)
{
#define BEGIN "-----BEGIN AGE ENCRYPTED FILE-----"
#define END   "-----END AGE ENCRYPTED FILE-----"
	static const struct {
		const char *from, *to;
		enum age_failure failure;
	} cases[] = {
	    {BEGIN, BEGIN, AGE_DONE},
	    {BEGIN, "\r\n \t\n" BEGIN, AGE_DONE},
	    {BEGIN "\n", BEGIN "\r\n", AGE_DONE},
	    {END "\n", END, AGE_DONE},
	    {END "\n", END "-", AGE_BAD_ARMOR},
	    {END "\n", END "\r\n\r\n", AGE_DONE},
	    {NULL, " \t\r\n\n", AGE_DONE},
	    {NULL, "x", AGE_BAD_ARMOR},
	    {BEGIN, "x\n" BEGIN, AGE_BAD_ARMOR},
	    {BEGIN, BEGIN " ", AGE_BAD_ARMOR},
	    {BEGIN, "-----BEGIN AGE ENCRYPTED file-----", AGE_BAD_ARMOR},
	    {BEGIN "\n", BEGIN, AGE_BAD_ARMOR},
	    {BEGIN "\n", BEGIN "\n\n", AGE_BAD_ARMOR},
	    {BEGIN "\n", BEGIN "\nA: b\n\n", AGE_BAD_ARMOR},
	    {BEGIN "\n", BEGIN "\nQUFB\n", AGE_BAD_ARMOR},
	    {BEGIN "\n", BEGIN "\n ", AGE_BAD_ARMOR},
	    {BEGIN "\n", BEGIN "\nQQ==", AGE_BAD_ARMOR},
	    /* the '+' of the first line, as libsodium 1.0.18 reads it too */
	    {"i0+", "i0\xab", AGE_BAD_ARMOR},
	    {END, "\n" END, AGE_BAD_ARMOR},
	    {END, "QUFB\n" END, AGE_BAD_ARMOR},
	    {END, "", AGE_BAD_ARMOR},
	    {END, "-----END AGE-----", AGE_BAD_ARMOR},
	    {"\n" END, " \n" END, AGE_BAD_ARMOR},
	    {"\n" END, END, AGE_BAD_ARMOR},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(with_armor(cases[i].from, cases[i].to), cases[i].failure);
}

static void test_a_flipped_bit_in_armor_is_found(void **state)
{
	struct age_identity identity = fresh();
	buf_auto data = {0}, file = {0}, out = {0};

	(void)state;
	fill(&data, 10);
	seal_for(&identity, 1, &data, true, &file);
	/* All but the last LF, which may as well be another blank. */
	for (size_t bit = 0; bit < (file.len - 1) * 8; bit++) {
		file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
		assert_int_not_equal(open_with(&identity, &file, &out), AGE_DONE);
		assert_int_equal(out.len, 0);
		file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
	}
	assert_int_equal(open_with(&identity, &file, &out), AGE_DONE);
}

/* ---- passphrases ---- */

#define FACTOR 2 /* so that a try costs nothing */

static void add_passphrase(struct buf *passphrase, const char *words)
{
	assert_int_equal(buf_add_text(passphrase, words), 0);
}

static void seal_with(const struct buf *passphrase, unsigned factor, struct buf *file)
{
	buf_reset(file);
	assert_int_equal(age_encrypt_passphrase(passphrase, factor, "plain", 5, false, file), 0);
}

static int unlock(const struct buf *passphrase, const struct buf *file, enum age_failure *failure,
    struct reason *why)
{
	buf_auto out = {0};
	int r = age_decrypt_passphrase(passphrase, file->data, file->len, &out, failure, why);

	if (r == 0)
		assert_string_equal(out.data, "plain");
	else
		assert_int_equal(out.len, 0);
	return r;
}

static void test_who_knows_the_passphrase_opens_it(void **state)
{
	age_identity_auto identity = {0};
	enum age_failure failure;
	buf_auto words = {0};
	buf_auto others = {0};
	buf_auto file = {0};
	buf_auto again = {0};
	buf_auto out = {0};
	struct reason why;

	(void)state;
	add_passphrase(&words, "correct horse");
	add_passphrase(&others, "correct horse ");
	for (unsigned factor = 1; factor <= 12; factor++) {
		seal_with(&words, factor, &file);
		assert_int_equal(unlock(&words, &file, &failure, &why), 0);
		assert_int_equal(failure, AGE_DONE);
	}
	assert_int_equal(unlock(&others, &file, &failure, &why), -ENOKEY);
	assert_int_equal(failure, AGE_NO_MATCH);
	seal_with(&words, 12, &again);
	assert_int_equal(file.len, again.len);
	assert_memory_not_equal(file.data, again.data, file.len);
	assert_int_equal(age_identity_generate(&identity), 0);
	assert_int_equal(
	    age_decrypt(&identity, 1, file.data, file.len, &out, &failure, &why), -ENOKEY);
	assert_non_null(strstr(why.text, "passphrase"));
	buf_reset(&file);
	assert_int_equal(age_encrypt(&identity.recipient, 1, "plain", 5, false, &file), 0);
	assert_int_equal(unlock(&words, &file, &failure, &why), -ENOKEY);
	assert_non_null(strstr(why.text, "no passphrase"));
}

static void test_passphrases_have_limits(void **state)
{
	enum age_failure failure;
	buf_auto words = {0};
	buf_auto none = {0};
	buf_auto file = {0};
	struct reason why;

	(void)state;
	add_passphrase(&words, "x");
	seal_with(&words, FACTOR, &file);
	assert_int_equal(unlock(&none, &file, &failure, &why), -EINVAL);
	assert_int_equal(failure, AGE_OTHER);
	assert_int_equal(age_encrypt_passphrase(&none, FACTOR, "", 0, false, &file), -EINVAL);
	assert_int_equal(age_encrypt_passphrase(&words, 0, "", 0, false, &file), -EINVAL);
	assert_int_equal(
	    age_encrypt_passphrase(&words, AGE_WORK_FACTOR_MAX + 1, "", 0, false, &file), -EINVAL);
	while (words.len < AGE_PASSPHRASE_MAX)
		buf_add_char(&words, 'x');
	seal_with(&words, FACTOR, &file);
	assert_int_equal(unlock(&words, &file, NULL, NULL), 0);
	buf_add_char(&words, 'x');
	assert_int_equal(age_encrypt_passphrase(&words, FACTOR, "", 0, false, &file), -EINVAL);
	assert_int_equal(unlock(&words, &file, &failure, &why), -EINVAL);
}

/* Puts another work factor into the header; its MAC is then wrong, but that comes later. */
static void with_factor(const struct buf *file, const char *factor, struct buf *out)
{
	const char *at = strstr(file->data, " 2\n");

	assert_non_null(at);
	buf_reset(out);
	buf_add(out, file->data, (size_t)(at - file->data));
	buf_addf(out, " %s\n", factor);
	buf_add(out, at + 3, file->len - (size_t)(at + 3 - file->data));
}

/* The work is the file's to choose: one that asks for too much is refused before any is done. */
static void test_work_is_capped(void **state)
{
	static const char *const bad[] = {"21", "22", "23", "64", "99", "100", "4294967297", "0",
	    "02", "+2", "-2", "0x2", "2 2", "", "2.", " 2"};
	enum age_failure failure;
	buf_auto words = {0};
	buf_auto file = {0};
	buf_auto changed = {0};
	struct reason why;

	(void)state;
	add_passphrase(&words, "x");
	seal_with(&words, FACTOR, &file);
	with_factor(&file, "2", &changed);
	assert_int_equal(unlock(&words, &changed, &failure, &why), 0);
	with_factor(&file, "3", &changed);
	assert_int_equal(unlock(&words, &changed, &failure, &why), -ENOKEY);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		with_factor(&file, bad[i], &changed);
		if (unlock(&words, &changed, &failure, &why) != -EBADMSG ||
		    failure != AGE_BAD_HEADER)
			fail_msg("factor \"%s\": %s", bad[i], why.text);
	}
}

static void test_a_flipped_bit_under_a_passphrase_is_found(void **state)
{
	buf_auto words = {0};
	buf_auto file = {0};
	size_t i;

	(void)state;
	add_passphrase(&words, "x");
	seal_with(&words, FACTOR, &file);
	for (i = 0; i < file.len; i++) {
		/* Another factor is another amount of work, and asked for too much above. */
		if (!memcmp(file.data + i, "2\n", 2))
			continue;
		file.data[i] = (char)(file.data[i] ^ 1);
		assert_int_not_equal(unlock(&words, &file, NULL, NULL), 0);
		file.data[i] = (char)(file.data[i] ^ 1);
	}
	assert_int_equal(unlock(&words, &file, NULL, NULL), 0);
}

static void test_files_are_known_by_their_first_bytes(void **state)
{
	buf_auto words = {0};
	buf_auto file = {0};
	buf_auto armored = {0};

	(void)state;
	add_passphrase(&words, "x");
	seal_with(&words, FACTOR, &file);
	assert_int_equal(age_encrypt_passphrase(&words, FACTOR, "", 0, true, &armored), 0);
	assert_true(age_is_file(file.data, file.len));
	assert_true(age_is_file(armored.data, armored.len));
	assert_false(age_is_file("AGE-SECRET-KEY-1", 16));
	assert_false(age_is_file("age-encryption", 14));
	assert_false(age_is_file("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hkdf),
	    cmocka_unit_test(test_keys_round_trip),
	    cmocka_unit_test(test_bad_recipients_are_refused),
	    cmocka_unit_test(test_every_mistyped_character_is_found),
	    cmocka_unit_test(test_sizes_around_chunk_boundaries),
	    cmocka_unit_test(test_each_recipient_opens_it_and_nobody_else),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_a_flipped_bit_anywhere_is_found),
	    cmocka_unit_test(test_a_flipped_bit_in_a_later_chunk_releases_the_earlier_ones),
	    cmocka_unit_test(test_truncated_files),
	    cmocka_unit_test(test_appended_bytes),
	    cmocka_unit_test(test_chunks_keep_their_places),
	    cmocka_unit_test(test_headers_with_another_stanza),
	    cmocka_unit_test(test_armor_is_strict),
	    cmocka_unit_test(test_a_flipped_bit_in_armor_is_found),
	    cmocka_unit_test(test_who_knows_the_passphrase_opens_it),
	    cmocka_unit_test(test_passphrases_have_limits),
	    cmocka_unit_test(test_work_is_capped),
	    cmocka_unit_test(test_a_flipped_bit_under_a_passphrase_is_found),
	    cmocka_unit_test(test_files_are_known_by_their_first_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

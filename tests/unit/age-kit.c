/* SPDX-License-Identifier: MIT */
/*
 * Runs one vector of the public age test kit (C2SP CCTV): `age-kit VECTOR`. A vector is lines of
 * `key: value`, an empty line, and an age file (already inflated: age-kit.sh does that).
 *
 * Exit 0: libcore/age does what the vector expects, to the failure's class and the last byte that is
 * released. Exit 1: it does not, the difference is on stdout. Exit 77: the vector is about what
 * libcore/age does not do (named on stdout).
 */
#include <config.h>

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "age/age.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"

#define EXIT_AS_EXPECTED 0
#define EXIT_DIFFERENT   1
#define EXIT_LEFT_OUT    77
#define HEX_SHA256       (2 * crypto_hash_sha256_BYTES + 1)

static const char *const class_names[] = {
    [AGE_DONE] = "success",
    [AGE_BAD_HEADER] = "header failure",
    [AGE_BAD_HMAC] = "HMAC failure",
    [AGE_NO_MATCH] = "no match",
    [AGE_BAD_PAYLOAD] = "payload failure",
    [AGE_BAD_ARMOR] = "armor failure",
    [AGE_OTHER] = "no class of the kit",
};

struct vector {
	const char *expect;
	const char *payload; /* SHA-256 of what is released, in hex; NULL: nothing may be */
	struct age_identity identities[4];
	size_t count;
	struct buf passphrase; /* the first; len 0: none */
	const char *foreign;   /* what it uses that is not ours */
	const char *file;
	size_t len;
};

/* One line of the vector's head: 0, or -EINVAL for a key or value that nobody told us of. */
static int read_pair(struct vector *vector, const char *key, const char *value)
{
	if (strcmp(key, "expect") == 0) {
		vector->expect = value;
	} else if (strcmp(key, "payload") == 0) {
		vector->payload = value;
	} else if (strcmp(key, "passphrase") == 0) {
		if (!vector->passphrase.len)
			buf_add_text(&vector->passphrase, value);
	} else if (strcmp(key, "identity") == 0 && strncmp(value, "AGE-SECRET-KEY-PQ-1", 19) == 0) {
		vector->foreign = "hybrid identities (ML-KEM)";
	} else if (strcmp(key, "identity") == 0) {
		if (vector->count == sizeof(vector->identities) / sizeof(vector->identities[0]) ||
		    age_identity_parse(value, &vector->identities[vector->count], NULL) < 0)
			return -EINVAL;
		vector->count++;
	} else if (strcmp(key, "armored") != 0 && strcmp(key, "file key") != 0 &&
		   strcmp(key, "comment") != 0) {
		return -EINVAL;
	}
	return 0;
}

static int read_vector(struct buf *text, struct vector *vector)
{
	char *line = text->data, *end;

	for (; (end = memchr(line, '\n', text->len - (size_t)(line - text->data)));
	     line = end + 1) {
		char *colon;

		*end = '\0';
		if (end == line) {
			vector->file = end + 1;
			vector->len = text->len - (size_t)(end + 1 - text->data);
			return vector->expect ? 0 : -EINVAL;
		}
		colon = strstr(line, ": ");
		if (!colon)
			return -EINVAL;
		*colon = '\0';
		if (read_pair(vector, line, colon + 2) < 0)
			return -EINVAL;
	}
	return -EINVAL;
}

static bool released_as_expected(const struct vector *vector, const struct buf *out)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[HEX_SHA256];

	if (!vector->payload)
		return out->len == 0;
	crypto_hash_sha256(hash, (const unsigned char *)buf_text(out), out->len);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	return strcmp(hex, vector->payload) == 0;
}

static int run_vector(const struct vector *vector, bool with_passphrase)
{
	enum age_failure failure;
	struct reason why = {0};
	buf_auto out = {0};

	if (with_passphrase)
		age_decrypt_passphrase(
		    &vector->passphrase, vector->file, vector->len, &out, &failure, &why);
	else
		age_decrypt(vector->identities, vector->count, vector->file, vector->len, &out,
		    &failure, &why);
	if (strcmp(class_names[failure], vector->expect) != 0) {
		printf(
		    "expected %s, got %s (%s)\n", vector->expect, class_names[failure], why.text);
		return EXIT_DIFFERENT;
	}
	if (!released_as_expected(vector, &out)) {
		printf("%s as expected, but the %zu bytes released are others\n", vector->expect,
		    out.len);
		return EXIT_DIFFERENT;
	}
	return EXIT_AS_EXPECTED;
}

int main(int argc, char **argv)
{
	struct vector vector = {0};
	buf_auto text = {0};
	int r;
	fd_auto fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || file_read_fd(fd, BUF_MAX / 2, &text) < 0 || read_vector(&text, &vector) < 0) {
		printf("not a vector that can be read: %s\n", argc == 2 ? argv[1] : "(none given)");
		return EXIT_DIFFERENT;
	}
	/* With an identity of ours the header is judged, whatever else the vector brings. */
	if (vector.count == 0 && !vector.passphrase.len && vector.foreign) {
		puts(vector.foreign);
		return EXIT_LEFT_OUT;
	}
	/* With both, both are refused the same way. */
	r = vector.passphrase.len ? run_vector(&vector, true) : EXIT_AS_EXPECTED;
	if (r == EXIT_AS_EXPECTED && (vector.count || !vector.passphrase.len))
		r = run_vector(&vector, false);
	buf_free(&vector.passphrase);
	return r;
}

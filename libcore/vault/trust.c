/* SPDX-License-Identifier: MIT */
/*
 * /etc/ravi/trusted: whom to believe about an identity that this machine has never seen. One line an
 * identity and signer, `IDENTITY SIGNER [MIN-REVISION]`, '#' comments. A bad line matters to the identity
 * it names and to no other: one mistake must not keep every agent out.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "config/paths.h"
#include "util/file.h"
#include "util/text.h"
#include "vault/vault.h"

#define TRUSTED_FILE_MAX (256 << 10) /* bytes */

/* The words of a line behind the identity. */
static int parse_words(char *words, struct vault_trust *trust, struct reason *why)
{
	const char *signer = text_word(&words), *revision = text_word(&words);
	uint64_t least = 0;
	int r;

	if (!signer || text_word(&words))
		return reason_set(
		    why, -EINVAL, "a line is IDENTITY SIGNER [MIN-REVISION], with blanks between");
	if (trust->count == VAULT_SIGNERS_MAX)
		return reason_set(
		    why, -E2BIG, "an identity has at most %d signers here", VAULT_SIGNERS_MAX - 1);
	r = signer_parse(signer, &trust->signers[trust->count], why);
	if (r < 0)
		return r;
	if (revision && text_number(revision, 10, 1, VAULT_REVISION_MAX, &least) < 0)
		return reason_set(why, -EINVAL, "\"%.40s\" is no revision", revision);
	trust->count++;
	if (least > trust->min_revision)
		trust->min_revision = least;
	return 0;
}

static int parse_file(char *text, const char *path, const char *identity, struct vault_trust *trust,
    struct reason *why)
{
	char *rest = text;

	for (unsigned number = 1; rest; number++) {
		char *line = strsep(&rest, "\n");
		const char *name;
		int r;

		line[strcspn(line, "#\r")] = '\0';
		name = text_word(&line);
		if (!name || strcmp(name, identity) != 0)
			continue;
		r = parse_words(line, trust, why);
		if (r < 0)
			return reason_prefix(why, r, "%s line %u: ", path, number);
	}
	return 0;
}

int vault_trust_read(int dir, const char *path, uid_t owner, const char *identity,
    const struct host *host, struct vault_trust *trust, struct reason *why)
{
	const struct file_rule rule = {
	    .owner = owner, .forbidden = FILE_PUBLIC, .max = TRUSTED_FILE_MAX};
	buf_auto text = {0};
	int r = file_read(dir, path, &rule, &text, why);

	*trust = (struct vault_trust){.signers = {host->signer}, .count = 1};
	if (r == -ENOENT || (r == 0 && !text.len))
		return 0;
	if (r < 0)
		return r;
	if (memchr(text.data, '\0', text.len))
		return reason_set(why, -EINVAL, "%s holds a NUL byte; it must be text", path);
	return parse_file(text.data, path, identity, trust, why);
}

int vault_trust_load(
    const char *identity, const struct host *host, struct vault_trust *trust, struct reason *why)
{
	return vault_trust_read(AT_FDCWD, PATH_TRUSTED, 0, identity, host, trust, why);
}

/* ---- writing ---- */

/* Takes the next word of the line; whether it is this one. */
static bool is_next(char **line, const char *wanted)
{
	const char *word = text_word(line);

	return word && !strcmp(word, wanted);
}

/*
 * The lines for other identities and signers, comments too, as they stand. `*others`: how many of them are for
 * other signers of this identity.
 */
static int keep_others(const struct buf *text, const char *identity, const char *signer,
    struct buf *out, size_t *others)
{
	const char *at = buf_text(text), *end = at + text->len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = stop ? (size_t)(stop - at) : (size_t)(end - at);
		buf_auto line = {0};
		bool is_own;
		char *words;

		if (buf_add(&line, at, len) < 0 || buf_add_char(&line, '\0') < 0)
			return line.error;
		words = line.data;
		words[strcspn(words, "#\r")] = '\0';
		is_own = is_next(&words, identity);
		if (!is_own || !is_next(&words, signer)) {
			buf_addf(out, "%.*s\n", (int)len, at);
			*others += is_own;
		}
		at += len + 1;
	}
	return out->error;
}

int vault_trust_add(struct buf *text, const char *identity, const struct signer *signer,
    uint64_t min_revision, struct reason *why)
{
	char name[SIGNER_TEXT];
	buf_auto out = {0};
	size_t others = 0;
	int r;

	signer_format(signer, name);
	if (text->len && memchr(text->data, '\0', text->len))
		return reason_set(why, -EINVAL, "it holds a NUL byte; it must be text");
	r = keep_others(text, identity, name, &out, &others);
	/* One place is this machine's own, and with a line too many none of them would be read. */
	if (r == 0 && others >= VAULT_SIGNERS_MAX - 1)
		return reason_set(why, -E2BIG,
		    "%s has %zu signers there, and %d are the most; take one of its lines out "
		    "first",
		    identity, others, VAULT_SIGNERS_MAX - 1);
	buf_addf(&out, "%s %s", identity, name);
	if (min_revision)
		buf_addf(&out, " %llu", (unsigned long long)min_revision);
	buf_add_char(&out, '\n');
	if (r < 0 || out.error)
		return reason_errno(why, r < 0 ? r : out.error, "adding a line");
	if (out.len > TRUSTED_FILE_MAX)
		return reason_set(why, -E2BIG, "it would have more than %d bytes; take lines out",
		    TRUSTED_FILE_MAX);
	buf_move(text, &out);
	return 0;
}

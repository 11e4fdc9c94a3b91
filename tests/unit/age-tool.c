/* SPDX-License-Identifier: MIT */
/*
 * libcore/age as a program, so that tests can set it against `age` and `age-keygen`:
 *
 *	age-tool keygen				a fresh identity to stdout
 *	age-tool recipient IDENTITY-FILE	its recipient
 *	age-tool encrypt [-a] RECIPIENT...	stdin to stdout; -a: armored
 *	age-tool decrypt IDENTITY-FILE		stdin to stdout
 *	age-tool lock PASSPHRASE-FILE [-a]	stdin to stdout, for who knows the passphrase
 *	age-tool unlock PASSPHRASE-FILE		stdin to stdout
 *
 * An identity file is age-keygen's: one a line, `#` before comments. Exit 1 on failure, 2 on usage.
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "age/age.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"

#define IDENTITIES_MAX 8

struct keys {
	struct age_identity identities[IDENTITIES_MAX];
	size_t count;
};

static void keys_wipe(struct keys *keys)
{
	wipe(keys, sizeof(*keys));
}

#define keys_auto __attribute__((cleanup(keys_wipe))) struct keys

static int read_keys(const char *path, struct keys *keys, struct reason *why)
{
	fd_auto fd = open(path, O_RDONLY | O_CLOEXEC);
	buf_auto text = {0};
	char *rest, *line;
	int r = fd < 0 ? -errno : file_read_fd(fd, 4096, &text);

	if (r < 0)
		return reason_errno(why, r, "%s", path);
	for (rest = text.data; (line = strsep(&rest, "\n"));) {
		if (!*line || *line == '#')
			continue;
		if (keys->count == IDENTITIES_MAX)
			return reason_set(
			    why, -E2BIG, "%s: more than %d identities", path, IDENTITIES_MAX);
		r = age_identity_parse(line, &keys->identities[keys->count], why);
		if (r < 0)
			return r;
		keys->count++;
	}
	if (keys->count == 0)
		return reason_set(why, -ENOENT, "%s: no identity in it", path);
	return 0;
}

static int keygen(int argc, char **argv, struct buf *out, struct reason *why)
{
	age_identity_auto identity = {0};
	char text[AGE_IDENTITY_TEXT];
	int r = age_identity_generate(&identity);

	(void)argc, (void)argv, (void)why;
	if (r < 0)
		return r;
	age_identity_format(&identity, text);
	r = buf_addf(out, "%s\n", text);
	wipe(text, sizeof(text));
	return r;
}

static int recipient(int argc, char **argv, struct buf *out, struct reason *why)
{
	keys_auto keys = {0};
	char text[AGE_RECIPIENT_TEXT];
	int r = read_keys(argv[0], &keys, why);

	(void)argc;
	if (r < 0)
		return r;
	age_recipient_format(&keys.identities[0].recipient, text);
	return buf_addf(out, "%s\n", text);
}

static int encrypt(int argc, char **argv, struct buf *out, struct reason *why)
{
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];
	bool armor = strcmp(argv[0], "-a") == 0;
	size_t count = 0;
	buf_auto data = {0};
	int r;

	for (int i = armor; i < argc && count < AGE_RECIPIENTS_MAX; i++) {
		r = age_recipient_parse(argv[i], &recipients[count++], why);
		if (r < 0)
			return r;
	}
	r = file_read_fd(STDIN_FILENO, AGE_FILE_MAX, &data);
	if (r < 0)
		return r;
	return age_encrypt(recipients, count, buf_text(&data), data.len, armor, out);
}

static int decrypt(int argc, char **argv, struct buf *out, struct reason *why)
{
	keys_auto keys = {0};
	buf_auto file = {0};
	int r = read_keys(argv[0], &keys, why);

	(void)argc;
	if (r < 0)
		return r;
	r = file_read_fd(STDIN_FILENO, AGE_FILE_MAX, &file);
	if (r < 0)
		return r;
	return age_decrypt(keys.identities, keys.count, buf_text(&file), file.len, out, NULL, why);
}

/* The passphrase is the file's first line. */
static int read_both(const char *path, struct buf *passphrase, struct buf *data, struct reason *why)
{
	fd_auto fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : file_read_fd(fd, 4096, passphrase);

	if (r < 0)
		return reason_errno(why, r, "%s", path);
	buf_cut(passphrase, strcspn(buf_text(passphrase), "\n"));
	return file_read_fd(STDIN_FILENO, AGE_FILE_MAX, data);
}

static int lock(int argc, char **argv, struct buf *out, struct reason *why)
{
	buf_auto passphrase = {0};
	buf_auto data = {0};
	int r = read_both(argv[0], &passphrase, &data, why);

	return r < 0 ? r
		     : age_encrypt_passphrase(
			   &passphrase, AGE_WORK_FACTOR, buf_text(&data), data.len, argc > 1, out);
}

static int unlock(int argc, char **argv, struct buf *out, struct reason *why)
{
	buf_auto passphrase = {0};
	buf_auto data = {0};
	int r = read_both(argv[0], &passphrase, &data, why);

	(void)argc;
	return r < 0
		   ? r
		   : age_decrypt_passphrase(&passphrase, buf_text(&data), data.len, out, NULL, why);
}

static const struct command {
	const char *name;
	int least, most; /* arguments */
	int (*run)(int argc, char **argv, struct buf *out, struct reason *why);
} commands[] = {
    {"keygen", 0, 0, keygen},
    {"recipient", 1, 1, recipient},
    {"encrypt", 1, AGE_RECIPIENTS_MAX + 1, encrypt},
    {"decrypt", 1, 1, decrypt},
    {"lock", 1, 2, lock},
    {"unlock", 1, 1, unlock},
};

int main(int argc, char **argv)
{
	struct reason why = {0};
	buf_auto out = {0};
	int r;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *command = &commands[i];

		if (argc < 2 || strcmp(argv[1], command->name) != 0 || argc - 2 < command->least ||
		    argc - 2 > command->most)
			continue;
		r = command->run(argc - 2, argv + 2, &out, &why);
		if (r == 0) /* a program that fails has written nothing */
			r = file_write_fd(STDOUT_FILENO, buf_text(&out), out.len);
		if (r < 0)
			fprintf(stderr, "age-tool: %s\n", *why.text ? why.text : strerror(-r));
		return r < 0;
	}
	fputs("usage: age-tool keygen | recipient FILE | encrypt [-a] RECIPIENT... | "
	      "decrypt FILE | lock FILE [-a] | unlock FILE\n",
	    stderr);
	return 2;
}

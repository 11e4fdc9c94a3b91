/* SPDX-License-Identifier: MIT */
/*
 * ravi-ssh-sign: what git runs as gpg.ssh.program. Signs with the key in the ring of the identity that the
 * worktree is bound to: no file and no agent socket is needed, which sandboxes do not let through. Whatever
 * else git asks of it goes to the real ssh-keygen.
 *
 *	ravi-ssh-sign -Y sign -n NAMESPACE -f KEYFILE [-U] [-q] [-O OPTION]... BUFFERFILE
 *
 * writes BUFFERFILE.sig. git's KEYFILE holds the public half that user.signingkey says: it has to be this
 * identity's, so that nobody signs with another key than he was told to.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "choice/choice.h"
#include "sshkey/sign.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/file.h"
#include "util/nodump.h"
#include "util/program.h"

#define MESSAGE_MAX   (64u << 20) /* bytes; a commit or a tag is far below it */
#define PUBLIC_MAX    8192
#define NAMESPACE_MAX 64
#define FIND_KEYGEN   "ssh-keygen"

struct wish {
	const char *namespace;
	const char *key_file;
	const char *buffer_file;
};

/* ---- arguments, as ssh-keygen(1) has them ---- */

static bool is_sign(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i++)
		if (!strcmp(argv[i], "-Y"))
			return !strcmp(argv[i + 1], "sign");
	return false;
}

static int parse_sign(int argc, char **argv, struct wish *wish)
{
	int letter;

	opterr = 0;
	while ((letter = getopt(argc, argv, "Y:n:f:O:Uqv")) != -1) {
		if (letter == 'n')
			wish->namespace = optarg;
		else if (letter == 'f')
			wish->key_file = optarg;
		else if (letter == 'O' && strcmp(optarg, "hashalg=sha512") != 0)
			return cli_usage("-O %s: signatures are made with sha512 alone", optarg);
		else if (letter == '?')
			return cli_usage("-Y sign takes -n, -f, -U, -q and one file");
	}
	if (!wish->namespace || !*wish->namespace || strlen(wish->namespace) > NAMESPACE_MAX)
		return cli_usage("-Y sign needs -n NAMESPACE, of at most %d bytes", NAMESPACE_MAX);
	if (!wish->key_file || argc - optind != 1)
		return cli_usage("-Y sign needs -f KEYFILE and one file to sign");
	wish->buffer_file = argv[optind];
	return EXIT_DONE;
}

/* ---- signing ---- */

static int read_whole(const char *path, size_t max, struct buf *out, struct reason *why)
{
	fd_auto fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 ? -errno : file_read_fd(fd, max, out);

	return r < 0 ? reason_errno(why, r, "%s", path) : 0;
}

/* The identity's key, when it is the one that KEYFILE names. */
static int take_key(const struct wish *wish, struct sshkey *key, struct reason *why)
{
	uint8_t wanted[SSHKEY_PUBLIC_SIZE];
	const char *identity;
	struct choice choice = {0};
	buf_auto public = {0};
	buf_auto text = {0};
	struct ring ring;
	int r = read_whole(wish->key_file, PUBLIC_MAX, &public, why);

	if (r == 0)
		r = ring_find(&ring, why);
	if (r == 0)
		r = choice_vault(&ring, NULL, &choice, &identity, why);
	if (r == 0)
		r = ring_read(&ring, identity, SSHKEY_SECRET, &text, why);
	if (r == -ENOSECRET && *choice.identity)
		return reason_set(why, r,
		    "%s has no key to sign with; as root: ravi identity sign-key %s",
		    choice.identity, choice.identity);
	if (r < 0)
		return r;
	r = sshkey_parse(text.data, text.len, key, why);
	if (r < 0)
		return reason_prefix(why, r, SSHKEY_SECRET " of %s: ", choice.identity);
	if (sshkey_parse_public(public.data, public.len, wanted) < 0 ||
	    memcmp(wanted, key->public, sizeof(wanted)) != 0)
		return reason_set(why, -EKEYREJECTED,
		    "git's user.signingkey is not the key of %s, who commits here; after a key or "
		    "an identity has changed: ravi-git-config bind --sign",
		    choice.identity);
	return 0;
}

static int write_signature(const char *buffer_file, const struct buf *armored, struct reason *why)
{
	buf_auto path = {0};
	fd_auto fd = -1;
	int r = buf_addf(&path, "%s.sig", buffer_file);

	if (r < 0)
		return reason_errno(why, r, "%s", buffer_file);
	/* git made the folder entry's name itself: what is there already is not overwritten. */
	fd = open(path.data, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	r = fd < 0 ? -errno : file_write_fd(fd, armored->data, armored->len);
	return r < 0 ? reason_errno(why, r, "%s", path.data) : 0;
}

static int run_sign(int argc, char **argv)
{
	struct wish wish = {0};
	struct reason why = {0};
	buf_auto message = {0};
	buf_auto armored = {0};
	sshkey_auto key = {0};
	struct rlimit core;
	int r, code = parse_sign(argc, argv, &wish);

	if (code != EXIT_DONE)
		return code;
	r = nodump_begin(&core);
	if (r == 0)
		r = take_key(&wish, &key, &why);
	if (r == 0)
		r = read_whole(wish.buffer_file, MESSAGE_MAX, &message, &why);
	if (r == 0)
		r = sshkey_sign(&key, wish.namespace, message.data, message.len, &armored, &why);
	if (r == 0)
		r = write_signature(wish.buffer_file, &armored, &why);
	return r < 0 ? cli_fail(r, &why) : EXIT_DONE;
}

/* ---- everything else ---- */

/* Comes back only when there is no ssh-keygen. */
static int run_keygen(char **argv)
{
	const struct program_search search = {.name = FIND_KEYGEN, .setting = FIND_KEYGEN};
	char path[PATH_MAX];

	if (program_find(&search, path, NULL) < 0)
		snprintf(path, sizeof(path), "%s", SSH_KEYGEN);
	argv[0] = path;
	execv(path, argv);
	cli_note("%s cannot be run: %s; install it (Debian: openssh-client) to check signatures",
	    path, strerror(errno));
	return EXIT_FAILED;
}

static int run_which(bool json)
{
	struct reason why = {0};
	struct choice choice;
	report_auto out = report_begin(json, CHOICE_EXPLAIN_WIDTH);
	struct ring ring;
	int r = ring_find(&ring, &why);

	if (r == 0)
		r = choice_make(&ring, NULL, NULL, &choice, &why);
	if (r < 0)
		return cli_fail(r, &why);
	choice_explain(&choice, NULL, &out);
	r = report_print(&out);
	return r < 0 ? cli_fail(r, NULL) : EXIT_DONE;
}

static int run_help(void)
{
	puts("Usage: ravi-ssh-sign -Y sign -n NAMESPACE -f KEYFILE [-U] FILE\n"
	     "       ravi-ssh-sign --which [--json]\n\n"
	     "Signs FILE as ssh-keygen does, with the key in the ring of the identity that the\n"
	     "worktree is bound to. git runs it (gpg.ssh.program); everything else that git asks\n"
	     "is left to ssh-keygen.\n\n"
	     "See ravi-ssh-sign(1), ravi-git-config(1), ssh-keygen(1).");
	return EXIT_DONE;
}

static int run(int argc, char **argv)
{
	if (is_sign(argc, argv))
		return run_sign(argc, argv);
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return run_help();
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		printf("ravi-ssh-sign %s\n", PACKAGE_VERSION);
		return EXIT_DONE;
	}
	if (argc == 2 && !strcmp(argv[1], "--which"))
		return run_which(false);
	if (argc == 3 && !strcmp(argv[1], "--which") && !strcmp(argv[2], "--json"))
		return run_which(true);
	if (argc < 3 || strcmp(argv[1], "-Y") != 0)
		return cli_usage("say -Y and what to do, as git does");
	return run_keygen(argv);
}

int main(int argc, char **argv)
{
	int code = run(argc, argv);

	return fflush(stdout) == 0 || code != EXIT_DONE ? code : EXIT_FAILED;
}

/* SPDX-License-Identifier: MIT */
/*
 * The Ed25519 key that an identity signs its commits with. Its private half is the secret
 * SSH_SIGNING_KEY: an OpenSSH private key without a passphrase, as `ssh-keygen -t ed25519 -N ''` makes
 * one. That text holds the public half in clear, so readers of the ring need libc alone; making a key and
 * signing with it is sign.h.
 */
#ifndef RAVI_SSHKEY_H
#define RAVI_SSHKEY_H

#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/reason.h"

#define SSHKEY_SECRET      "SSH_SIGNING_KEY"
#define SSHKEY_TYPE        "ssh-ed25519"
#define SSHKEY_NAMESPACE   "git" /* what git asks signatures for */
#define SSHKEY_PUBLIC_SIZE 32
#define SSHKEY_TEXT_MAX    8192 /* bytes of a private key's text; ssh-keygen writes about 400 */

struct sshkey {
	uint8_t seed[32];
	uint8_t public[SSHKEY_PUBLIC_SIZE];
};

#define sshkey_auto __attribute__((cleanup(sshkey_wipe))) struct sshkey

void sshkey_wipe(struct sshkey *key);

/*
 * Reads the text of a private key: 0; -EBADMSG when it is damaged, -EPROTONOSUPPORT for one of another
 * type or with a passphrase. The reason says what a key must be, and nothing of what it is.
 */
int sshkey_parse(const void *text, size_t len, struct sshkey *key, struct reason *why);

/* Appends the text of the private key; `check` is any random number. */
void sshkey_format(const struct sshkey *key, const char *comment, uint32_t check, struct buf *out);

/* Appends the public half as RFC 8709 has it, in binary. */
void sshkey_add_blob(const uint8_t public[SSHKEY_PUBLIC_SIZE], struct buf *out);

/* Appends "ssh-ed25519 AAAA...", without a newline. */
void sshkey_add_public(const uint8_t public[SSHKEY_PUBLIC_SIZE], struct buf *out);

/* Reads such a line, whatever comment and newline follow: 0 or -EBADMSG. */
int sshkey_parse_public(const char *line, size_t len, uint8_t public[SSHKEY_PUBLIC_SIZE]);

/*
 * Appends the line of an allowed signers file (ssh-keygen(1)) for commits of `email`, without a newline.
 * The address has no blanks, quotes or pattern characters.
 */
void sshkey_add_signer(
    const uint8_t public[SSHKEY_PUBLIC_SIZE], const char *email, struct buf *out);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * This machine's own keys, /etc/ravi/host.key (root 0600): an age identity, to which every vault on this
 * machine is sealed, and an Ed25519 seed, with which it signs the documents it writes. Everything reads
 * them through host_load, so that they can come from elsewhere (a TPM) one day.
 *
 *	# pam-ravi host key. Made 2026-11-27T02:18:00Z. Whoever has this file can open the vaults here.
 *	age=AGE-SECRET-KEY-1...
 *	signer=<64 hex digits: the Ed25519 seed>
 */
#ifndef RAVI_HOST_H
#define RAVI_HOST_H

#include <stdint.h>
#include <sys/types.h>

#include "age/age.h"
#include "util/buf.h"
#include "util/reason.h"

#define SIGNER_SIZE 32                    /* bytes of an Ed25519 public key */
#define SIGNER_TEXT (2 * SIGNER_SIZE + 1) /* lowercase hex and the 0 */

struct signer {
	uint8_t key[SIGNER_SIZE];
};

struct host {
	struct age_identity age;
	uint8_t secret[64]; /* Ed25519: seed and public key, as libsodium holds them */
	struct signer signer;
};

#define host_auto __attribute__((cleanup(host_wipe))) struct host

void host_wipe(struct host *host);

/* Reads the host key: 0, -ENOENT with the reason naming `ravi init`, or another negative errno. */
int host_load(struct host *host, struct reason *why);

/* Makes a fresh host key in memory / writes it (never over one that is there: -EEXIST). */
int host_generate(struct host *host);
int host_save(const struct host *host, struct reason *why);

/*
 * The same at another place: the file `path` below `dir` that must belong to `owner`. host_read leaves
 * -ENOENT without a reason.
 */
int host_read(int dir, const char *path, uid_t owner, struct host *host, struct reason *why);
int host_write(int dir, const char *name, const struct host *host, struct reason *why);

/* The same from text that is in memory; `path` is for the reason. Wipes what it made when it fails. */
int host_parse(struct buf *text, const char *path, struct host *host, struct reason *why);

int signer_parse(const char *text, struct signer *signer, struct reason *why);
void signer_format(const struct signer *signer, char text[SIGNER_TEXT]);

#endif

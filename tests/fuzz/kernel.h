/* SPDX-License-Identifier: MIT */
/*
 * A made-up kernel, as much of it as the module and the loader ask: keys and keyrings with owners, masks and
 * possession, and the ids of two processes, the host of the login and the loader. Nothing of it is this
 * machine's, so it works for any user, leaves nothing behind, and can be looked at from outside.
 */
#ifndef RAVI_FUZZ_KERNEL_H
#define RAVI_FUZZ_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum kernel_process { KERNEL_HOST, KERNEL_LOADER, KERNEL_PROCESSES };

struct kernel_ids {
	uid_t uid[3]; /* real, effective, saved */
	gid_t gid[3];
};

/* No keys; both processes root's; no session keyring. */
void kernel_reset(void);

/* Which process calls. */
void kernel_switch(enum kernel_process process);
enum kernel_process kernel_current(void);
struct kernel_ids *kernel_ids(enum kernel_process process);

/* The loader starts as root with the host's session keyring, and takes its thread keyring with it. */
void kernel_start_loader(void);
void kernel_end_loader(void);

/* add_key(2) and keyctl(2) as syscall(2) takes them: -1 with errno. */
long kernel_add_key(
    const char *type, const char *description, const void *payload, size_t len, int32_t keyring);
long kernel_keyctl(long operation, long a, long b, long c);
long kernel_request_key(const char *description);

/* ---- from outside ---- */

struct kernel_key {
	int32_t id; /* 0: a place that is free */
	bool is_keyring, revoked;
	uid_t uid;
	uint32_t mask;
	char description[192];
	unsigned char payload[4096];
	size_t len;
	int32_t links[64];
	size_t count;
};

/* The host joins a fresh session keyring of that user's, or has none (uid 0). */
void kernel_host_session(uid_t uid);

/* A key by its serial; one that a keyring of that uid's @u, or the host's @s, links by description. NULL: none. */
const struct kernel_key *kernel_key(int32_t id);
const struct kernel_key *kernel_in_user(uid_t uid, const char *description);
const struct kernel_key *kernel_in_session(const char *description);
const struct kernel_key *kernel_in(const struct kernel_key *keyring, const char *description);

/* All of it, for who looks for a fault. */
void kernel_print(FILE *out);

/* How many keys and keyrings live whose description starts so. */
unsigned kernel_count(const char *start);

#endif

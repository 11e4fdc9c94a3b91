/* SPDX-License-Identifier: MIT */
/*
 * The kernel's keyring calls, as many of them as we use, with the names and arguments that keyctl(3) and
 * add_key(2) give them: -1 with errno where they fail.
 *
 * libkeyutils has the same and is not linked: each is one system call, and to find, map and bind that
 * library takes longer than everything else that the module does in the login of somebody who is no agent
 * (`make bench` shows both; keyctl(1) links it). linux/keyctl.h has the constants.
 */
#ifndef RAVI_RING_KEYCTL_H
#define RAVI_RING_KEYCTL_H

#include <stddef.h>
#include <stdint.h>

#include <linux/keyctl.h>

int32_t add_key(const char *type, const char *description, const void *payload, size_t len,
    int32_t keyring);
int32_t request_key(
    const char *type, const char *description, const char *callout, int32_t keyring);

int32_t keyctl_get_keyring_ID(int32_t id, int create);
int32_t keyctl_join_session_keyring(const char *name);
long keyctl_describe(int32_t id, char *text, size_t size);
long keyctl_read(int32_t id, char *value, size_t size);
long keyctl_search(int32_t keyring, const char *type, const char *description, int32_t into);
long keyctl_update(int32_t id, const void *payload, size_t len);
long keyctl_setperm(int32_t id, uint32_t mask);
long keyctl_set_timeout(int32_t id, unsigned seconds);
long keyctl_link(int32_t id, int32_t keyring);
long keyctl_unlink(int32_t id, int32_t keyring);
long keyctl_clear(int32_t keyring);
long keyctl_revoke(int32_t id);
long keyctl_invalidate(int32_t id);

#endif

/* SPDX-License-Identifier: MIT */
/* Making a signing key, and signing with it as `ssh-keygen -Y sign` does: what needs libsodium. */
#ifndef RAVI_SSHKEY_SIGN_H
#define RAVI_SSHKEY_SIGN_H

#include "sshkey/sshkey.h"

/* A new key, as the text that sshkey_parse reads. 0 or a negative errno with the reason. */
int sshkey_make(const char *comment, struct buf *text, struct reason *why);

/*
 * Appends the armored signature (OpenSSH's PROTOCOL.sshsig, sha512) of the message for `namespace`. 0, or
 * -EBADMSG when the halves of the key do not belong together.
 */
int sshkey_sign(const struct sshkey *key, const char *namespace, const void *message, size_t len,
    struct buf *armored, struct reason *why);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The age v1 file format (C2SP: age-encryption.org/v1), X25519 recipients, passphrases and armor, so
 * that a vault can be opened by the `age` program and the recovery key with nothing of ours at hand.
 *
 * A file is a header (a stanza a recipient, each the 16-byte file key wrapped for it, and an HMAC
 * over the header), a 16-byte nonce, and the payload in chunks of 64 KiB, each sealed with
 * ChaCha20-Poly1305 under HKDF(file key, nonce). A chunk that does not open releases no byte of
 * itself.
 *
 * Keys are bech32 text: recipients "age1...", identities "AGE-SECRET-KEY-1...".
 */
#ifndef RAVI_AGE_H
#define RAVI_AGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/reason.h"

#define AGE_KEY_SIZE       32
#define AGE_RECIPIENT_TEXT 63 /* "age1" and 58 characters, and the 0 */
#define AGE_IDENTITY_TEXT  75 /* "AGE-SECRET-KEY-1" and 58 characters, and the 0 */
#define AGE_RECIPIENTS_MAX 64
#define AGE_FILE_MAX       (32u << 20) /* bytes of a file; callers bound what they read */

/*
 * What one try of a passphrase costs: 2^factor blocks of 1 KiB, all of them in memory. Written is what the
 * age program writes, 256 MiB; read is at most 1 GiB, whatever a file asks for.
 */
#define AGE_WORK_FACTOR     18
#define AGE_WORK_FACTOR_MAX 20u
#define AGE_PASSPHRASE_MAX  1024 /* bytes */

struct age_recipient {
	uint8_t point[AGE_KEY_SIZE];
};

/* Holds a secret: wipe it, or declare it age_identity_auto. */
struct age_identity {
	uint8_t scalar[AGE_KEY_SIZE];
	struct age_recipient recipient;
};

#define age_identity_auto __attribute__((cleanup(age_identity_wipe))) struct age_identity

void age_identity_wipe(struct age_identity *identity);

/* A fresh identity from the kernel's random numbers. */
int age_identity_generate(struct age_identity *identity);

/* Texts to keys: 0, or -EINVAL with the reason. */
int age_recipient_parse(const char *text, struct age_recipient *recipient, struct reason *why);
int age_identity_parse(const char *text, struct age_identity *identity, struct reason *why);

/* Keys to texts. */
void age_recipient_format(const struct age_recipient *recipient, char text[AGE_RECIPIENT_TEXT]);
void age_identity_format(const struct age_identity *identity, char text[AGE_IDENTITY_TEXT]);

/* How decryption failed, in the classes of the test kit. A header with no nonce after it is bad. */
enum age_failure {
	AGE_DONE,
	AGE_BAD_HEADER,  /* -EBADMSG: the header is malformed */
	AGE_BAD_HMAC,    /* -EBADMSG: the header was changed */
	AGE_NO_MATCH,    /* -ENOKEY: not for this identity */
	AGE_BAD_PAYLOAD, /* -EBADMSG: a chunk was changed, cut off or added */
	AGE_BAD_ARMOR,   /* -EBADMSG: the armor is malformed */
	AGE_OTHER,       /* -ENOMEM, -EFBIG, ... */
};

/*
 * Seals `data` for all recipients and appends the file to `out`; with `armor` in ASCII armor.
 * Opening tries the recipients in this order. 0; -EINVAL (none, more than AGE_RECIPIENTS_MAX, or
 * one that is no usable point); -EFBIG; -ENOMEM. After a failure `out` is as it was.
 */
int age_encrypt(const struct age_recipient *recipients, size_t count, const void *data, size_t len,
    bool armor, struct buf *out);

/*
 * Opens a file, armored or not, with the first identity that fits. The plaintext is appended to
 * `out`; on AGE_BAD_PAYLOAD these are the chunks before the bad one, for the test kit: callers must
 * not use them. Returns 0 or the errno named at the class; `failure` may be NULL.
 */
int age_decrypt(const struct age_identity *identities, size_t count, const void *file, size_t len,
    struct buf *out, enum age_failure *failure, struct reason *why);

/*
 * The same for whoever knows the passphrase (1 to AGE_PASSPHRASE_MAX bytes) and nobody else. `factor` is
 * AGE_WORK_FACTOR but for tests. -EINVAL also for another passphrase length or factor; -ENOMEM also when
 * scrypt's memory cannot be had. To open, -ENOKEY is another passphrase, or a file that has none.
 */
int age_encrypt_passphrase(const struct buf *passphrase, unsigned factor, const void *data,
    size_t len, bool armor, struct buf *out);
int age_decrypt_passphrase(const struct buf *passphrase, const void *file, size_t len,
    struct buf *out, enum age_failure *failure, struct reason *why);

/* Whether the bytes begin as an age file does, binary or armored. */
bool age_is_file(const void *data, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/* This machine's own keys: see host.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "config/paths.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/text.h"
#include "util/when.h"
#include "vault/hex.h"
#include "vault/host.h"

#define HOST_FILE_MAX 4096 /* bytes */
#define SEED_SIZE     crypto_sign_SEEDBYTES

_Static_assert(sizeof(((struct host *)0)->secret) == crypto_sign_SECRETKEYBYTES, "as libsodium's");
_Static_assert(SIGNER_SIZE == crypto_sign_PUBLICKEYBYTES, "as libsodium's");

void host_wipe(struct host *host)
{
	wipe(host, sizeof(*host));
}

int signer_parse(const char *text, struct signer *signer, struct reason *why)
{
	if (strlen(text) != SIGNER_TEXT - 1 ||
	    hex_parse(text, SIGNER_TEXT - 1, signer->key, SIGNER_SIZE) < 0)
		return reason_set(why, -EINVAL,
		    "not a signer: that is %d lowercase hex digits, as ravi host show prints them",
		    SIGNER_TEXT - 1);
	return 0;
}

void signer_format(const struct signer *signer, char text[SIGNER_TEXT])
{
	hex_format(signer->key, SIGNER_SIZE, text);
}

static int signer_from_seed(const char *text, struct host *host)
{
	uint8_t seed[SEED_SIZE];
	int r = strlen(text) == 2 * SEED_SIZE ? hex_parse(text, 2 * SEED_SIZE, seed, SEED_SIZE)
					      : -EINVAL;

	if (r == 0)
		crypto_sign_seed_keypair(host->signer.key, host->secret, seed);
	wipe(seed, sizeof(seed));
	return r;
}

/* A reason here never quotes the file: its lines are secrets. */
static int parse_keys(struct buf *text, const char *path, struct host *host, struct reason *why)
{
	bool have_age = false, have_signer = false;
	char *cursor = text->data, *key, *value;
	unsigned line = 0;
	int r;

	if (!text->len || memchr(text->data, '\0', text->len))
		return reason_set(
		    why, -EBADMSG, "%s is no host key: it is empty or not text", path);
	while ((r = text_pair(&cursor, &line, &key, &value)) > 0) {
		if (!strcmp(key, "age") && !have_age) {
			have_age = true;
			r = age_identity_parse(value, &host->age, NULL);
		} else if (!strcmp(key, "signer") && !have_signer) {
			have_signer = true;
			r = signer_from_seed(value, host);
		} else {
			r = -EINVAL;
		}
		if (r < 0)
			break;
	}
	if (r < 0)
		return reason_set(why, -EBADMSG,
		    "%s line %u is damaged; put the file back from a backup", path, line);
	if (!have_age || !have_signer)
		return reason_set(why, -EBADMSG,
		    "%s lacks its line %s; put the file back from a backup", path,
		    have_age ? "signer=" : "age=");
	return 0;
}

int host_parse(struct buf *text, const char *path, struct host *host, struct reason *why)
{
	int r;

	if (sodium_init() < 0)
		return reason_set(why, -ENOSYS, "libsodium does not start on this machine");
	r = parse_keys(text, path, host, why);
	if (r < 0)
		host_wipe(host);
	return r;
}

int host_read(int dir, const char *path, uid_t owner, struct host *host, struct reason *why)
{
	const struct file_rule rule = {
	    .owner = owner, .forbidden = FILE_SECRET, .max = HOST_FILE_MAX};
	buf_auto text = {0};
	int r = file_read(dir, path, &rule, &text, why);

	return r < 0 ? r : host_parse(&text, path, host, why);
}

int host_load(struct host *host, struct reason *why)
{
	int r = host_read(AT_FDCWD, PATH_HOST_KEY, 0, host, why);

	if (r == -ENOENT)
		return reason_set(why, r,
		    "this machine has no host key (" PATH_HOST_KEY
		    "); put it back from a backup, or on a machine without vaults run: ravi init");
	return r;
}

int host_generate(struct host *host)
{
	if (sodium_init() < 0)
		return -ENOSYS;
	if (crypto_sign_keypair(host->signer.key, host->secret) < 0)
		return -EIO;
	return age_identity_generate(&host->age);
}

int host_write(int dir, const char *name, const struct host *host, struct reason *why)
{
	char made[WHEN_TEXT], age[AGE_IDENTITY_TEXT], seed[2 * SEED_SIZE + 1];
	buf_auto text = {0};
	int r;

	when_format(time(NULL), made);
	age_identity_format(&host->age, age);
	hex_format(host->secret, SEED_SIZE, seed); /* libsodium's secret key starts with its seed */
	buf_addf(&text,
	    "# pam-ravi host key. Made %s. Whoever has this file can open the vaults here.\n"
	    "age=%s\n"
	    "signer=%s\n",
	    made, age, seed);
	wipe(age, sizeof(age));
	wipe(seed, sizeof(seed));
	if (text.error)
		return reason_errno(why, text.error, "writing %s", name);
	r = file_create(dir, name, 0600, text.data, text.len, why);
	if (r == -EEXIST)
		return reason_set(why, r, "there is a host key already (%s); it stays", name);
	return r;
}

int host_save(const struct host *host, struct reason *why)
{
	fd_auto dir = dir_open(AT_FDCWD, RAVI_CONFDIR, 0, why);

	if (dir == -ENOENT)
		return reason_errno(why, dir, "folder " RAVI_CONFDIR);
	if (dir < 0)
		return dir;
	/* The name behind "RAVI_CONFDIR/". */
	return host_write(dir, &PATH_HOST_KEY[sizeof(RAVI_CONFDIR)], host, why);
}

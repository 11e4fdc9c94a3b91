/* SPDX-License-Identifier: MIT */
/* The host's own vault: see wallet.h. */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "config/conf.h"
#include "config/paths.h"
#include "machine/wallet.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "vault/hex.h"

#define WALLET "host" /* the vault's name */

static int load(struct wallet *wallet, struct reason *why)
{
	int r;

	vault_free(wallet->vault);
	wallet->vault = NULL;
	r = machine_vault(&wallet->own, WALLET, NULL, &wallet->vault, why);
	return r == -ENOKEY ? 0 : r;
}

int wallet_reload(struct wallet *wallet, struct reason *why)
{
	int r = 0;

	if (!wallet->own.store)
		r = store_directory.open(PATH_HOST_VAULT, &wallet->own.store, why);
	/* Older machines have no such folder. */
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = load(wallet, why);
	return r < 0 ? reason_prefix(why, r, "this host's own keys: ") : 0;
}

int wallet_lock(const char *name, struct deadline deadline, struct reason *why)
{
	fd_auto dir = dir_make(AT_FDCWD, PATH_HOST_VAULT, 0700, 0, why);
	fd_auto fd = -1;
	int r;

	if (dir < 0)
		return dir;
	fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return reason_errno(why, -errno, "%s/%s", PATH_HOST_VAULT, name);
	r = file_lock(fd, LOCK_EX, deadline);
	return r < 0 ? reason_errno(why, r, "locking %s/%s", PATH_HOST_VAULT, name) : take_fd(&fd);
}

int wallet_open(const struct machine *machine, struct wallet *wallet, struct reason *why)
{
	*wallet = (struct wallet){.own.host = machine->host};
	return wallet_reload(wallet, why);
}

void wallet_close(struct wallet *wallet)
{
	vault_free(wallet->vault);
	wallet->vault = NULL;
	machine_close(&wallet->own);
}

int wallet_get(const struct wallet *wallet, const char *name, const char *url, struct buf *value,
    struct reason *why)
{
	vault_secret_auto secret = {0};
	int r = wallet->vault ? vault_get(wallet->vault, name, &secret, NULL) : -ENOKEY;

	if (r < 0)
		return r;
	if (!url || !secret.note || !conf_same_service(secret.note, url))
		return reason_set(why, -EKEYREJECTED,
		    "the key that this host has was made at %s, and service_url says %s; log in "
		    "there: ravi auth login",
		    secret.note ? secret.note : "another service", url ? url : "none");
	buf_move(value, &secret.value);
	return 0;
}

/* The first value makes the vault. */
static int make(struct wallet *wallet, struct reason *why)
{
	const struct vault_profile profile = {.name = WALLET};
	fd_auto dir = dir_make(AT_FDCWD, PATH_HOST_VAULT, 0700, 0, why);
	vault_auto vault = NULL;
	buf_auto sealed = {0};
	int r = dir < 0 ? dir : 0;

	if (r == 0 && !wallet->own.store)
		r = store_directory.open(PATH_HOST_VAULT, &wallet->own.store, why);
	if (r == 0)
		r = vault_create(&profile, &wallet->own.host, NULL, &vault, why);
	if (r == 0)
		r = vault_seal(vault, &wallet->own.host, &sealed, why);
	if (r == 0)
		r = store_directory.put(wallet->own.store, WALLET, NULL, &sealed, why);
	/* Somebody else was faster: theirs will do. */
	return r == -ESTALE ? 0 : r;
}

static int set(void *argument, struct vault *vault, struct reason *why)
{
	return vault_set(vault, argument, time(NULL), why);
}

static int update(struct wallet *wallet, machine_change *change, void *argument, struct reason *why)
{
	int r;

	vault_free(wallet->vault);
	wallet->vault = NULL;
	r = machine_update(&wallet->own, WALLET, change, argument, &wallet->vault, why);
	return r < 0 ? reason_prefix(why, r, "this host's own keys: ") : 0;
}

int wallet_set(struct wallet *wallet, const char *name, const char *url, const void *value,
    size_t len, struct reason *why)
{
	struct vault_change change = {.name = name, .value = value, .len = len, .note = url};
	int r = wallet->vault ? 0 : make(wallet, why);

	return r < 0 ? r : update(wallet, set, &change, why);
}

static int drop(void *argument, struct vault *vault, struct reason *why)
{
	int r = vault_delete(vault, argument, why);

	return r == -ENOKEY ? 1 : r;
}

int wallet_delete(struct wallet *wallet, const char *name, struct reason *why)
{
	char copy[SECRET_NAME_MAX + 1];

	if (!wallet->vault)
		return 0;
	snprintf(copy, sizeof(copy), "%s", name);
	return update(wallet, drop, copy, why);
}

void wallet_name(const char *kind, const char *uuid, char name[SECRET_NAME_MAX + 1])
{
	size_t n = (size_t)snprintf(name, SECRET_NAME_MAX + 1, "%s", kind);

	for (; *uuid && n < SECRET_NAME_MAX; uuid++)
		name[n++] = *uuid == '-' ? '_' : (char)toupper((unsigned char)*uuid);
	name[n] = '\0';
}

void wallet_name_in_hex(const char *kind, const char *identity, char name[SECRET_NAME_MAX + 1])
{
	size_t n = (size_t)snprintf(name, SECRET_NAME_MAX + 1, "%s", kind);

	for (; *identity && n + 2 <= SECRET_NAME_MAX; identity++, n += 2)
		snprintf(name + n, 3, "%02X", (unsigned char)*identity);
}

int wallet_read_name(const char *kind, const char *name, char identity[IDENTITY_NAME_MAX + 1])
{
	size_t lead = strlen(kind), len = strlen(name), size;
	char digits[2 * IDENTITY_NAME_MAX + 1] = "";

	if (strncmp(name, kind, lead) || len - lead >= sizeof(digits))
		return -EINVAL;
	for (size_t i = lead; i < len; i++)
		digits[i - lead] = (char)tolower((unsigned char)name[i]);
	size = (len - lead) / 2;
	if (hex_parse(digits, len - lead, (uint8_t *)identity, size) < 0)
		return -EINVAL;
	identity[size] = '\0';
	return identity_name_check(identity, NULL);
}

void wallet_uuid(const char *name, char uuid[VAULT_UUID_TEXT])
{
	size_t len = strlen(name), n = VAULT_UUID_TEXT - 1;

	for (size_t i = 0; i < n && len >= n; i++) {
		char c = name[len - n + i];

		uuid[i] = c == '_' ? '-' : (char)tolower((unsigned char)c);
	}
	uuid[len >= n ? n : 0] = '\0';
}

struct walk {
	const char *kind;
	int (*each)(void *context, const char *name, const struct buf *value);
	void *context;
};

static int walk_one(void *opaque, struct vault_secret *secret)
{
	const struct walk *walk = opaque;

	if (walk->kind && strncmp(secret->name, walk->kind, strlen(walk->kind)))
		return 0;
	return walk->each(walk->context, secret->name, &secret->value);
}

bool wallet_is_former(const struct wallet *wallet, const char *url, const struct vault *vault)
{
	char name[SECRET_NAME_MAX + 1];
	buf_auto uuid = {0};

	if (vault_state(vault) != AGENT_DELETED)
		return false;
	wallet_name_in_hex(WALLET_NAMED, vault_name(vault), name);
	return wallet_get(wallet, name, url, &uuid, NULL) == 0 &&
	       strcmp(uuid.data, vault_uuid(vault)) != 0;
}

int wallet_each(const struct wallet *wallet, const char *kind,
    int (*each)(void *context, const char *name, const struct buf *value), void *context)
{
	struct walk walk = {.kind = kind, .each = each, .context = context};

	return wallet->vault ? vault_each(wallet->vault, walk_one, &walk) : 0;
}

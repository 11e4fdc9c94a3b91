/* SPDX-License-Identifier: MIT */
/*
 * The directory store: one file an identity, NAME.age, in one folder of the process' own user. Readers
 * need no lock, because a document is replaced by rename and is always whole. Writers hold one lock, on
 * the file .lock, from the comparison to the synced rename; the kernel drops it when they die.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity/name.h"
#include "store/store.h"
#include "util/cleanup.h"
#include "util/deadline.h"
#include "util/file.h"

#define LOCK_NAME     ".lock" /* no identity name starts with a dot */
#define LOCK_WAIT     10000   /* milliseconds; a writer holds it for two syncs */
#define SUFFIX        ".age"
#define FILE_NAME_MAX (IDENTITY_NAME_MAX + sizeof(SUFFIX) - 1)

struct store {
	int dir;
	uid_t owner; /* of the folder and of every document in it */
	char *where;
};

static void directory_close(struct store *store)
{
	if (!store)
		return;
	if (store->dir >= 0)
		close(store->dir);
	free(store->where);
	free(store);
}

static int directory_open(const char *where, struct store **out, struct reason *why)
{
	struct store *store = calloc(1, sizeof(*store));
	int r = 0;

	*out = NULL;
	if (!store)
		return reason_errno(why, -ENOMEM, "opening the store %s", where);
	store->owner = geteuid();
	store->where = strdup(where);
	store->dir = store->where ? dir_open(AT_FDCWD, where, store->owner, why) : -ENOMEM;
	if (store->dir == -ENOMEM)
		r = reason_errno(why, -ENOMEM, "opening the store %s", where);
	else if (store->dir == -ENOENT)
		r = reason_set(why, -ENOENT, "the store %s is not there; run: ravi init", where);
	else if (store->dir < 0)
		r = store->dir;
	if (r < 0) {
		directory_close(store);
		return r;
	}
	*out = store;
	return 0;
}

static int file_name(const char *name, char file[FILE_NAME_MAX + 1], struct reason *why)
{
	int r = identity_name_check(name, why);

	if (r < 0)
		return r;
	snprintf(file, FILE_NAME_MAX + 1, "%s%s", name, SUFFIX);
	return 0;
}

/* Waits for the writers' lock: the descriptor that holds it, or a negative errno. */
static int lock(const struct store *store, struct reason *why)
{
	fd_auto fd = openat(store->dir, LOCK_NAME,
	    O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return reason_errno(why, -errno, "%s/%s", store->where, LOCK_NAME);
	r = file_lock(fd, LOCK_EX, deadline_in(LOCK_WAIT));
	if (r == -ETIMEDOUT)
		return reason_set(why, r,
		    "another process has held the lock %s/%s for %d seconds; find it with: "
		    "fuser %s/%s",
		    store->where, LOCK_NAME, LOCK_WAIT / 1000, store->where, LOCK_NAME);
	if (r < 0)
		return reason_errno(why, r, "locking %s", store->where);
	return take_fd(&fd);
}

static int read_document(
    const struct store *store, const char *file, struct buf *document, struct reason *why)
{
	const struct file_rule rule = {
	    .owner = store->owner, .forbidden = FILE_SECRET, .max = STORE_DOCUMENT_MAX};
	int r = file_read(store->dir, file, &rule, document, why);

	if (r < 0 && r != -ENOENT)
		return reason_prefix(why, r, "%s/", store->where);
	return r;
}

/* Under the lock: whether `file` holds what the caller last saw. 0, -ENOENT (expected, gone), -ESTALE. */
static int compare(
    const struct store *store, const char *file, const struct buf *expected, struct reason *why)
{
	buf_auto current = {0};
	int r = read_document(store, file, &current, why);

	if (r == -ENOENT && !expected)
		return 0;
	if (r == -ENOENT)
		return reason_set(why, r, "%s/%s is gone", store->where, file);
	if (r < 0)
		return r;
	if (!expected)
		return reason_set(why, -ESTALE, "%s/%s is there already", store->where, file);
	if (current.len != expected->len || memcmp(current.data, expected->data, current.len))
		return reason_set(why, -ESTALE,
		    "%s/%s was changed by another process in the meantime; try again", store->where,
		    file);
	return 0;
}

static int directory_get(
    struct store *store, const char *name, struct buf *document, struct reason *why)
{
	char file[FILE_NAME_MAX + 1];
	int r = file_name(name, file, why);

	if (r < 0)
		return r;
	return read_document(store, file, document, why);
}

static int directory_put(struct store *store, const char *name, const struct buf *expected,
    const struct buf *document, struct reason *why)
{
	char file[FILE_NAME_MAX + 1];
	int r = file_name(name, file, why);
	fd_auto held = -1;

	if (r < 0)
		return r;
	if (!document->len || document->len > STORE_DOCUMENT_MAX)
		return reason_set(why, document->len ? -EFBIG : -EINVAL,
		    "%s: a document of %zu bytes cannot be stored; it has 1 to %u", name,
		    document->len, STORE_DOCUMENT_MAX);
	held = lock(store, why);
	if (held < 0)
		return held;
	r = compare(store, file, expected, why);
	if (r < 0)
		return r == -ENOENT ? -ESTALE : r;
	r = file_replace(store->dir, file, 0600, true, document->data, document->len, why);
	if (r < 0)
		return reason_prefix(why, r, "in %s: ", store->where);
	return 0;
}

static int directory_delete(
    struct store *store, const char *name, const struct buf *expected, struct reason *why)
{
	char file[FILE_NAME_MAX + 1];
	int r = file_name(name, file, why);
	fd_auto held = -1;

	if (r < 0)
		return r;
	held = lock(store, why);
	if (held < 0)
		return held;
	r = compare(store, file, expected, why);
	if (r < 0)
		return r;
	if (unlinkat(store->dir, file, 0) < 0)
		return reason_errno(why, -errno, "removing %s/%s", store->where, file);
	if (fsync(store->dir) < 0)
		return reason_errno(why, -errno, "syncing %s", store->where);
	return 0;
}

struct entry {
	char name[IDENTITY_NAME_MAX + 1];
};

/* The identity whose document `file` is; false for everything else that may lie in the folder. */
static bool entry_of(const char *file, struct entry *entry)
{
	size_t len = strlen(file), suffix = sizeof(SUFFIX) - 1;

	if (len <= suffix || len > FILE_NAME_MAX || strcmp(file + len - suffix, SUFFIX) != 0)
		return false;
	memcpy(entry->name, file, len - suffix);
	entry->name[len - suffix] = '\0';
	return identity_name_check(entry->name, NULL) == 0;
}

static int entry_compare(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static int collect(const struct store *store, struct buf *entries)
{
	fd_auto fd = openat(store->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir_auto dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *found;
	struct entry entry;

	if (!dir)
		return -errno;
	take_fd(&fd);
	while (errno = 0, (found = readdir(dir)))
		if (entry_of(found->d_name, &entry))
			buf_add(entries, &entry, sizeof(entry));
	return errno ? -errno : entries->error;
}

static int directory_list(struct store *store, int (*each)(void *context, const char *name),
    void *context, struct reason *why)
{
	buf_auto entries = {0};
	struct entry *list;
	size_t count;
	int r = collect(store, &entries);

	if (r < 0)
		return reason_errno(why, r, "listing %s", store->where);
	list = (struct entry *)(void *)entries.data;
	count = entries.len / sizeof(*list);
	if (count)
		qsort(list, count, sizeof(*list), entry_compare);
	for (size_t i = 0; i < count && r == 0; i++)
		r = each(context, list[i].name);
	return r;
}

const struct store_operations store_directory = {
    .name = "directory",
    .open = directory_open,
    .close = directory_close,
    .get = directory_get,
    .put = directory_put,
    .list = directory_list,
    .delete = directory_delete,
};

/* SPDX-License-Identifier: MIT */
/*
 * Which swap is written in clear: see swap.h. A device is encrypted when it is dm-crypt, or a device mapper
 * or RAID device whose every part is; a file is what the device is that its file system lies on.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "swap.h"
#include "util/cleanup.h"

#define DEPTH_MAX 8 /* RAID on LVM on LUKS on a partition is four */

static bool is_safe(const char *block, unsigned depth);

/* Whether the device has parts below it, and every one is safe. */
static bool parts_are_safe(const char *block, unsigned depth)
{
	char path[PATH_MAX];
	dir_auto dir = NULL;
	const struct dirent *entry;
	bool any = false;

	if ((size_t)snprintf(path, sizeof(path), "%s/slaves", block) >= sizeof(path))
		return false;
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		char part[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(part, sizeof(part), "%s/%s", path, entry->d_name) >=
			sizeof(part) ||
		    !is_safe(part, depth + 1))
			return false;
		any = true;
	}
	return any;
}

/* `block` is the device's folder in sysfs. */
static bool is_safe(const char *block, unsigned depth)
{
	char path[PATH_MAX], uuid[64] = "", real[PATH_MAX];
	file_auto file = NULL;
	const char *name;

	if (depth > DEPTH_MAX || !realpath(block, real))
		return false;
	name = strrchr(real, '/') + 1;
	if (!strncmp(name, "zram", 4))
		return true;
	if ((size_t)snprintf(path, sizeof(path), "%s/dm/uuid", real) >= sizeof(path))
		return false;
	file = fopen(path, "re");
	if (file && fgets(uuid, sizeof(uuid), file) && !strncmp(uuid, "CRYPT-", 6))
		return true;
	return parts_are_safe(real, depth);
}

/* The kernel writes blanks and backslashes of a name as \ooo. */
static void unescape(char *name)
{
	char *to = name;

	for (const char *from = name; *from;) {
		unsigned value;

		if (*from == '\\' && sscanf(from + 1, "%3o", &value) == 1) {
			*to++ = (char)value;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

static bool swap_is_safe(const char *name, const char *sys)
{
	char block[PATH_MAX];
	struct stat st;
	dev_t device;

	if (stat(name, &st) < 0)
		return false;
	device = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	if ((size_t)snprintf(block, sizeof(block), "%s/dev/block/%u:%u", sys, major(device),
		minor(device)) >= sizeof(block))
		return false;
	return is_safe(block, 0);
}

int swap_each_plain(const char *swaps, const char *sys,
    void (*each)(void *context, const char *name), void *context, struct reason *why)
{
	file_auto file = fopen(swaps, "re");
	free_auto char *line = NULL;
	size_t room = 0;

	if (!file)
		return errno == ENOENT ? 0 : reason_errno(why, -errno, "%s", swaps);
	/* The first line is a header. */
	if (getline(&line, &room, file) < 0)
		return 0;
	while (getline(&line, &room, file) > 0) {
		line[strcspn(line, " \t\n")] = '\0';
		unescape(line);
		if (*line && !swap_is_safe(line, sys))
			each(context, line);
	}
	return 0;
}

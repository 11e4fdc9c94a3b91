/* SPDX-License-Identifier: MIT */
/* A folder of its own for one test (0700), and the way back. Names in it are one level deep. */
#ifndef RAVI_SCRATCH_H
#define RAVI_SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/cleanup.h"
#include "util/file.h"

struct scratch {
	char path[64];
	int dir;
};

static inline void scratch_make(struct scratch *scratch)
{
	snprintf(scratch->path, sizeof(scratch->path), "/tmp/ravi-unit-XXXXXX");
	assert_non_null(mkdtemp(scratch->path));
	scratch->dir = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(scratch->dir >= 0);
}

/* How many files lie in it whose name starts with `start` ("" counts all; "." and ".." never). */
static inline int scratch_count(const struct scratch *scratch, const char *start)
{
	dir_auto dir = opendir(scratch->path);
	const struct dirent *entry;
	int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			count += strncmp(entry->d_name, start, strlen(start)) == 0;
	return count;
}

static inline void scratch_remove(struct scratch *scratch)
{
	dir_auto dir = opendir(scratch->path);
	const struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		unlinkat(scratch->dir, entry->d_name, 0);
	close(scratch->dir);
	assert_int_equal(rmdir(scratch->path), 0);
}

/* Writes `text` into the file `name` in it. */
static inline void scratch_write(
    struct scratch *scratch, const char *name, mode_t mode, const char *text)
{
	assert_int_equal(
	    file_replace(scratch->dir, name, mode, false, text, strlen(text), NULL), 0);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Cleanup types: a variable declared with one gives its resource back when it leaves scope, so that
 * functions return early and have no error labels. Every one keeps errno.
 */
#ifndef RAVI_CLEANUP_H
#define RAVI_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_file(FILE **file)
{
	int saved = errno;

	if (*file)
		fclose(*file);
	errno = saved;
}

static inline void cleanup_dir(DIR **dir)
{
	int saved = errno;

	if (*dir)
		closedir(*dir);
	errno = saved;
}

/* fd_auto fd = -1;   free_auto char *p = NULL;   file_auto f = NULL;   dir_auto d = NULL; */
#define fd_auto   __attribute__((cleanup(cleanup_fd))) int
#define free_auto __attribute__((cleanup(cleanup_free)))
#define file_auto __attribute__((cleanup(cleanup_file))) FILE *
#define dir_auto  __attribute__((cleanup(cleanup_dir))) DIR *

/* Hands an auto variable's resource out: return take_fd(&fd); */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif

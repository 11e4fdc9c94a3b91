/* SPDX-License-Identifier: MIT */
/* The folders of a machine with pam-ravi, for who makes them (init) and who looks at them (doctor). */
#ifndef RAVI_LAYOUT_H
#define RAVI_LAYOUT_H

#include <stdbool.h>
#include <sys/types.h>

struct layout_folder {
	const char *path;
	mode_t mode;     /* and root's */
	bool comes_back; /* below /run: made again by whoever needs it */
};

/* Parents first; ended by a NULL path. */
extern const struct layout_folder layout_folders[];

#endif

/* SPDX-License-Identifier: MIT */
/* Inside the room: the one way to write to a trail, under its lock. */
#ifndef RAVI_AUDIT_PEN_H
#define RAVI_AUDIT_PEN_H

#include "audit/trail.h"
#include "util/buf.h"

#define AUDIT_NO_HASH "0000000000000000000000000000000000000000000000000000000000000000"
#define AUDIT_NAME    24 /* bytes of a file's name and its 0 */

/* What the next line is chained to. */
struct audit_tip {
	uint64_t seq;
	char hash[AUDIT_HASH_TEXT + 1];
};

struct audit_pen {
	int folder; /* open and locked */
	int fd;     /* of audit.log */
	uint64_t file;
	uint64_t size;
	struct audit_tip tip;
	struct buf out; /* not written yet */
};

#define audit_pen_auto __attribute__((cleanup(audit_pen_close))) struct audit_pen

/*
 * Locks the trail and finds its end, starting a file and ending a torn line where that is due. -ENOENT as
 * audit_append. `pen` is {.folder = -1, .fd = -1} before; or its folder is what audit_lock has given.
 */
int audit_pen_open(struct audit_pen *pen, const struct audit_trail *trail, struct reason *why);
void audit_pen_close(struct audit_pen *pen);

/* Where the next line will start. */
uint64_t audit_pen_offset(const struct audit_pen *pen);

/* Adds a line with this text, `len` bytes. */
int audit_pen_add(struct audit_pen *pen, const char *text, size_t len, struct reason *why);

/* The same, for a line whose text depends on how it starts: `line` has all of it. */
int audit_pen_add_line(struct audit_pen *pen, const struct buf *line, struct reason *why);
void audit_pen_begin_line(const struct audit_pen *pen, struct buf *line);

/* Writes all of it at once, or nothing. */
int audit_pen_write(struct audit_pen *pen, struct reason *why);

/* ---- shared with the readers ---- */

void audit_hash(const void *bytes, size_t len, char hash[AUDIT_HASH_TEXT + 1]);

/* The name of file `number` where that is not the last one. */
void audit_file_name(uint64_t number, char name[AUDIT_NAME]);

/* The folder, locked with `how` (LOCK_EX, LOCK_SH) until `milliseconds` have passed. -ENOENT: there is none. */
int audit_folder_open(
    const struct audit_trail *trail, int how, int milliseconds, struct reason *why);

/* The numbers of the files beside audit.log, in order. */
struct audit_files {
	uint64_t *numbers;
	size_t count;
};

#define audit_files_auto __attribute__((cleanup(audit_files_free))) struct audit_files

int audit_files_list(int folder, struct audit_files *files, struct reason *why);
void audit_files_free(struct audit_files *files);

/* Opens a file of the trail for reading; -ENOENT without a reason. */
int audit_file_open(
    const struct audit_trail *trail, int folder, const char *name, struct reason *why);

/* All of a file, up to `size` bytes, into `out`. */
int audit_file_read(int fd, uint64_t size, struct buf *out);

/* The number that the file's first line tells, and when it was begun: 0 or -EBADMSG. */
int audit_file_begin(int fd, uint64_t *number, int64_t *time);

#endif

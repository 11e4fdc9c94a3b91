/* SPDX-License-Identifier: MIT */
/* Writing to a trail: see pen.h, and trail.h for what lies where. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/pen.h"
#include "config/paths.h"
#include "util/cleanup.h"
#include "util/deadline.h"
#include "util/file.h"

#define FIRST_WINDOW 1024       /* bytes read at the end of the file: most lines are shorter */
#define LAST_WINDOW  (1u << 20) /* what is looked through for a line that is whole */
#define LOCK_PAUSE   500        /* microseconds between two tries */

const struct audit_trail audit_machine_trail = {
    .folder = PATH_AUDIT, .copy = PATH_AUDIT_COPY, .rotate_at = AUDIT_ROTATE};

void audit_hash(const void *bytes, size_t len, char hash[AUDIT_HASH_TEXT + 1])
{
	uint8_t digest[AUDIT_HASH_TEXT / 2];

	crypto_generichash(digest, sizeof(digest), bytes, len, NULL, 0);
	sodium_bin2hex(hash, AUDIT_HASH_TEXT + 1, digest, sizeof(digest));
}

static int64_t now(void)
{
	struct timespec when;

	clock_gettime(CLOCK_REALTIME, &when);
	return (int64_t)when.tv_sec * 1000 + when.tv_nsec / 1000000;
}

/* ---- the end of a file ---- */

/* The end of a file, as much of it as is needed. */
struct ending {
	struct buf bytes;
	uint64_t size;
	bool is_all;   /* bytes has the whole file */
	size_t start;  /* of the last line, in bytes */
	bool is_torn;  /* it has no newline */
	bool is_whole; /* it has one, and is a line */
};

static void ending_free(struct ending *ending)
{
	buf_free(&ending->bytes);
}

#define ending_auto __attribute__((cleanup(ending_free))) struct ending

/* The last `window` bytes. */
static int read_window(int fd, struct ending *ending, size_t window)
{
	ssize_t got;
	char *to;

	buf_reset(&ending->bytes);
	if (window > ending->size)
		window = (size_t)ending->size;
	to = buf_reserve(&ending->bytes, window);
	if (!to)
		return ending->bytes.error;
	got = pread(fd, to, window, (off_t)(ending->size - window));
	if (got < 0)
		return -errno;
	if ((size_t)got != window)
		return -EIO;
	ending->bytes.len = window;
	ending->is_all = window == ending->size;
	return 0;
}

/* Where the line that ends before `end` starts in the window; false when that is before the window. */
static bool find_start(const struct ending *ending, size_t end, size_t *start)
{
	const char *newline = end ? memrchr(ending->bytes.data, '\n', end) : NULL;

	*start = newline ? (size_t)(newline - ending->bytes.data) + 1 : 0;
	return newline || ending->is_all;
}

/* The last line; in a window that grows until the line starts in it. */
static int find_last_line(int fd, struct ending *ending)
{
	for (size_t window = FIRST_WINDOW;; window *= 8) {
		int r = read_window(fd, ending, window);

		if (r < 0)
			return r;
		ending->is_torn = ending->bytes.data[ending->bytes.len - 1] != '\n';
		if (!ending->is_torn)
			ending->bytes.len--;
		if (find_start(ending, ending->bytes.len, &ending->start) || window >= LAST_WINDOW)
			return 0;
	}
}

/* The sequence number of the last whole line before the last one: 0 when there is none in the window. */
static uint64_t seq_before(int fd, struct ending *ending)
{
	size_t end, start;
	struct audit_line line;

	if (read_window(fd, ending, LAST_WINDOW) < 0)
		return 0;
	ending->bytes.len -= !ending->is_torn;
	find_start(ending, ending->bytes.len, &ending->start);
	for (end = ending->start; end > 1; end = start) {
		bool found = find_start(ending, end - 1, &start);

		if (found &&
		    audit_parse_line(ending->bytes.data + start, end - 1 - start, &line) == 0)
			return line.seq;
		if (!found)
			return 0;
	}
	return 0;
}

/* What the next line is chained to, and what is wrong with the last one. -EBADMSG: no line is whole. */
static int read_ending(int fd, struct ending *ending, struct audit_tip *tip)
{
	struct audit_line line;
	int r = find_last_line(fd, ending);
	bool parses;

	if (r < 0)
		return r;
	parses = audit_parse_line(ending->bytes.data + ending->start,
		     ending->bytes.len - ending->start, &line) == 0;
	ending->is_whole = parses && !ending->is_torn;
	tip->seq = parses ? line.seq : seq_before(fd, ending);
	audit_hash(
	    ending->bytes.data + ending->start, ending->bytes.len - ending->start, tip->hash);
	/* Nor can it go on from a number that is no writer's. */
	return tip->seq && tip->seq < AUDIT_SEQ_MAX / 2 ? 0 : -EBADMSG;
}

/* ---- opening ---- */

static int lock_folder(const struct audit_trail *trail, int folder, int how,
    struct deadline deadline, struct reason *why)
{
	while (flock(folder, how | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return reason_errno(why, -errno, "locking %s", trail->folder);
		if (!deadline_left(deadline))
			return reason_set(why, -ETIMEDOUT,
			    "%s stays locked by another process (see: fuser %s)", trail->folder,
			    trail->folder);
		nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE * 1000L}, NULL);
	}
	return 0;
}

/* Whether who held the lock has put the trail aside. */
static bool is_aside(const struct audit_trail *trail, int folder)
{
	struct stat ours, there;

	if (lstat(trail->folder, &there) < 0)
		return errno == ENOENT;
	return fstat(folder, &ours) == 0 &&
	       (ours.st_dev != there.st_dev || ours.st_ino != there.st_ino);
}

int audit_folder_open(
    const struct audit_trail *trail, int how, int milliseconds, struct reason *why)
{
	struct deadline deadline = deadline_in(milliseconds);

	for (;;) {
		fd_auto folder = dir_open(AT_FDCWD, trail->folder, trail->owner, why);
		int r = folder < 0 ? folder : lock_folder(trail, folder, how, deadline, why);

		if (r < 0)
			return r;
		if (!is_aside(trail, folder))
			return take_fd(&folder);
	}
}

/* The folder is made at the first event; the one above it says whether this machine has pam-ravi at all. */
int audit_lock(const struct audit_trail *trail, int milliseconds, struct reason *why)
{
	fd_auto made = -1;
	int r = audit_folder_open(trail, LOCK_EX, milliseconds, why);

	if (r != -ENOENT)
		return r;
	if (mkdir(trail->folder, 0700) < 0 && errno != EEXIST)
		return errno == ENOENT ? -ENOENT : reason_errno(why, -errno, "%s", trail->folder);
	made = dir_make(AT_FDCWD, trail->folder, 0700, trail->owner, why);
	return made < 0 ? made : audit_folder_open(trail, LOCK_EX, milliseconds, why);
}

static int open_file(struct audit_pen *pen, const struct audit_trail *trail, struct reason *why)
{
	const struct file_rule rule = {
	    .owner = trail->owner, .forbidden = FILE_SECRET, .max = SIZE_MAX};
	struct stat st;

	pen->fd =
	    file_open_as(pen->folder, AUDIT_FILE, O_RDWR | O_APPEND | O_CREAT, 0600, &rule, why);
	if (pen->fd < 0)
		return pen->fd;
	if (fstat(pen->fd, &st) < 0)
		return reason_errno(why, -errno, "%s/" AUDIT_FILE, trail->folder);
	pen->size = (uint64_t)st.st_size;
	return 0;
}

void audit_pen_close(struct audit_pen *pen)
{
	cleanup_fd(&pen->fd);
	cleanup_fd(&pen->folder);
	buf_free(&pen->out);
	pen->fd = pen->folder = -1;
}

static int add_text(struct audit_pen *pen, struct reason *why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int add_text(struct audit_pen *pen, struct reason *why, const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return audit_pen_add(pen, text, strlen(text), why);
}

/* audit.log is new, or empty: it goes on where the newest file before it ends. */
static int begin_file(struct audit_pen *pen, const struct audit_trail *trail, struct reason *why)
{
	audit_files_auto files = {0};
	ending_auto ending = {0};
	char name[AUDIT_NAME];
	struct stat st;
	fd_auto fd = -1;
	int r = audit_files_list(pen->folder, &files, why);

	if (r < 0)
		return r;
	pen->tip = (struct audit_tip){.hash = AUDIT_NO_HASH};
	pen->file = 1;
	if (files.count) {
		pen->file = files.numbers[files.count - 1] + 1;
		audit_file_name(pen->file - 1, name);
		fd = audit_file_open(trail, pen->folder, name, why);
		if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size) {
			ending.size = (uint64_t)st.st_size;
			if (read_ending(fd, &ending, &pen->tip) < 0)
				pen->tip = (struct audit_tip){.hash = AUDIT_NO_HASH};
		}
	}
	return add_text(pen, why, "event=begin file=%" PRIu64 " result=done", pen->file);
}

/* Gives audit.log another name and opens the next; 1 when it cannot have another (chattr +a). */
static int put_away(
    struct audit_pen *pen, const struct audit_trail *trail, const char *name, struct reason *why)
{
	if (renameat2(pen->folder, AUDIT_FILE, pen->folder, name, RENAME_NOREPLACE) < 0)
		return errno == EPERM
			   ? 1
			   : reason_errno(why, -errno, "renaming %s/" AUDIT_FILE, trail->folder);
	cleanup_fd(&pen->fd);
	return open_file(pen, trail, why);
}

/* Nothing in the file is a line any more; what is in it stays beside the trail. */
static int put_away_damaged(
    struct audit_pen *pen, const struct audit_trail *trail, struct reason *why)
{
	char name[64];
	int r;

	snprintf(name, sizeof(name), AUDIT_FILE ".damaged-%lld", (long long)now());
	r = put_away(pen, trail, name, why);
	if (r > 0)
		return reason_set(why, -EPERM,
		    "%s/" AUDIT_FILE " is damaged and cannot be renamed; chattr -a it",
		    trail->folder);
	return r < 0 ? r : begin_file(pen, trail, why);
}

static int next_file(struct audit_pen *pen, const struct audit_trail *trail, struct reason *why)
{
	char name[AUDIT_NAME];
	int r;

	audit_file_name(pen->file, name);
	r = put_away(pen, trail, name, why);
	/* Better a file that grows than an event that is lost. */
	if (r != 0)
		return r < 0 ? r : 0;
	pen->file++;
	return add_text(pen, why, "event=begin file=%" PRIu64 " result=done", pen->file);
}

/* Ends the line that its writer could not, and says so. */
static int mend(struct audit_pen *pen, const struct ending *ending, struct reason *why)
{
	if (ending->is_torn)
		buf_add_char(&pen->out, '\n');
	return add_text(
	    pen, why, "event=torn bytes=%zu result=failed", ending->bytes.len - ending->start);
}

int audit_pen_open(struct audit_pen *pen, const struct audit_trail *trail, struct reason *why)
{
	ending_auto ending = {0};
	int64_t begun;
	int r;

	if (pen->folder < 0)
		pen->folder = audit_lock(trail, AUDIT_WAIT, why);
	if (pen->folder < 0)
		return pen->folder;
	r = open_file(pen, trail, why);
	if (r < 0)
		return r;
	if (!pen->size)
		return begin_file(pen, trail, why);
	ending.size = pen->size;
	r = read_ending(pen->fd, &ending, &pen->tip);
	if (r == -EBADMSG || (r == 0 && audit_file_begin(pen->fd, &pen->file, &begun) < 0))
		return put_away_damaged(pen, trail, why);
	if (r < 0)
		return reason_errno(why, r, "reading %s/" AUDIT_FILE, trail->folder);
	if (!ending.is_whole)
		return mend(pen, &ending, why);
	return pen->size >= trail->rotate_at ? next_file(pen, trail, why) : 0;
}

/* ---- writing ---- */

uint64_t audit_pen_offset(const struct audit_pen *pen)
{
	return pen->size + pen->out.len;
}

void audit_pen_begin_line(const struct audit_pen *pen, struct buf *line)
{
	audit_line_begin(line, pen->tip.seq + 1, now(), pen->tip.hash);
}

int audit_pen_add_line(struct audit_pen *pen, const struct buf *line, struct reason *why)
{
	struct audit_line check;

	/* A line that no reader takes for one would look like somebody's tampering. */
	if (line->error || audit_parse_line(line->data, line->len, &check) < 0)
		return reason_set(why, -EBADMSG, "an event that makes no line of the trail");
	buf_add(&pen->out, line->data, line->len);
	buf_add_char(&pen->out, '\n');
	pen->tip.seq++;
	audit_hash(line->data, line->len, pen->tip.hash);
	return pen->out.error;
}

int audit_pen_add(struct audit_pen *pen, const char *text, size_t len, struct reason *why)
{
	buf_auto line = {0};

	audit_pen_begin_line(pen, &line);
	buf_add(&line, text, len);
	return audit_pen_add_line(pen, &line, why);
}

int audit_pen_write(struct audit_pen *pen, struct reason *why)
{
	ssize_t put;

	if (pen->out.error)
		return reason_errno(why, pen->out.error, "writing the audit trail");
	do
		put = write(pen->fd, pen->out.data, pen->out.len);
	while (put < 0 && errno == EINTR);
	if (put == (ssize_t)pen->out.len)
		return 0;
	if (put < 0)
		return reason_errno(why, -errno, "writing " AUDIT_FILE);
	/* The disk is full. Where the piece cannot be taken back, it is the next writer's torn line. */
	if (ftruncate(pen->fd, (off_t)pen->size) < 0)
		return reason_errno(why, -errno, "taking back half a line of " AUDIT_FILE);
	return reason_errno(why, -ENOSPC, "writing " AUDIT_FILE);
}

int audit_append_locked(
    const struct audit_trail *trail, int lock, const char *texts, struct reason *why)
{
	audit_pen_auto pen = {.folder = lock, .fd = -1};
	int r = audit_pen_open(&pen, trail, why);

	while (r == 0 && *texts) {
		size_t len = strcspn(texts, "\n");

		r = audit_pen_add(&pen, texts, len, why);
		texts += len + (texts[len] == '\n');
	}
	return r < 0 ? r : audit_pen_write(&pen, why);
}

int audit_append(const struct audit_trail *trail, const char *texts, struct reason *why)
{
	int lock = audit_lock(trail, AUDIT_WAIT, why);

	return lock < 0 ? lock : audit_append_locked(trail, lock, texts, why);
}

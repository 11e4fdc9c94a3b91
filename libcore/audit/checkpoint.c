/* SPDX-License-Identifier: MIT */
/* Checkpoints: see trail.h. */
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

#include "audit/checkpoint.h"
#include "audit/verify.h"
#include "util/cleanup.h"
#include "util/deadline.h"
#include "util/file.h"
#include "util/text.h"

#define DOMAIN     "ravi-audit/1\n"
#define MARK       " signature="
#define SIGNATURE  crypto_sign_BYTES
#define COPY_WAIT  2000 /* milliseconds for another one's checkpoint, which syncs */
#define LOCK_PAUSE 2    /* milliseconds between two tries */

_Static_assert(AUDIT_SECRET_KEY == crypto_sign_SECRETKEYBYTES, "as libsodium's");
_Static_assert(AUDIT_PUBLIC_KEY == crypto_sign_PUBLICKEYBYTES, "as libsodium's");

/* ---- the line ---- */

static int parse_number(const struct audit_line *line, const char *key, uint64_t *out)
{
	const struct audit_field *field = audit_field(line, key);
	char digits[24] = "";

	if (!field || field->value.len >= sizeof(digits))
		return -EBADMSG;
	memcpy(digits, field->value.at, field->value.len);
	return text_number(digits, 10, 0, AUDIT_SEQ_MAX, out) < 0 ? -EBADMSG : 0;
}

static int parse_hex(const struct audit_line *line, const char *key, uint8_t *out, size_t size)
{
	const struct audit_field *field = audit_field(line, key);
	size_t got;

	if (!field || field->value.len != 2 * size ||
	    sodium_hex2bin(out, size, field->value.at, 2 * size, NULL, &got, NULL) < 0 ||
	    got != size)
		return -EBADMSG;
	return 0;
}

int checkpoint_parse(const char *bytes, size_t len, struct checkpoint *checkpoint)
{
	uint8_t signature[SIGNATURE];
	buf_auto message = {0};
	struct audit_line line;
	const char *mark;

	if (audit_parse_line(bytes, len, &line) < 0 ||
	    !audit_field_is(&line, "event", "checkpoint") ||
	    parse_number(&line, "file", &checkpoint->file) < 0 ||
	    parse_number(&line, "offset", &checkpoint->offset) < 0 ||
	    parse_number(&line, "first", &checkpoint->first) < 0 ||
	    parse_hex(&line, "signer", checkpoint->signer, AUDIT_PUBLIC_KEY) < 0 ||
	    parse_hex(&line, "signature", signature, SIGNATURE) < 0)
		return -EBADMSG;
	mark = memmem(bytes, len, MARK, strlen(MARK));
	/* Nothing unsigned goes along behind it. */
	if (!mark || len != (size_t)(mark - bytes) + strlen(MARK) + 2 * SIGNATURE)
		return -EBADMSG;
	checkpoint->seq = line.seq;
	checkpoint->time = line.time;
	buf_add_text(&message, DOMAIN);
	if (buf_add(&message, bytes, (size_t)(mark - bytes)) < 0)
		return message.error;
	return crypto_sign_verify_detached(
		   signature, (const uint8_t *)message.data, message.len, checkpoint->signer) < 0
		   ? -EKEYREJECTED
		   : 0;
}

/* The rest of a line that has been begun. */
static int finish(
    struct buf *line, const struct audit_key *key, uint64_t file, uint64_t offset, uint64_t first)
{
	char signer[2 * AUDIT_PUBLIC_KEY + 1], signature[2 * SIGNATURE + 1];
	uint8_t bytes[SIGNATURE];
	buf_auto message = {0};

	sodium_bin2hex(signer, sizeof(signer), key->public, AUDIT_PUBLIC_KEY);
	buf_addf(line,
	    "event=checkpoint file=%" PRIu64 " offset=%" PRIu64 " first=%" PRIu64 " signer=%s",
	    file, offset, first, signer);
	buf_add_text(&message, DOMAIN);
	if (line->error || buf_add(&message, line->data, line->len) < 0)
		return -ENOMEM;
	if (crypto_sign_detached(
		bytes, NULL, (const uint8_t *)message.data, message.len, key->secret) < 0)
		return -EIO;
	sodium_bin2hex(signature, sizeof(signature), bytes, SIGNATURE);
	return buf_addf(line, MARK "%s", signature);
}

/* ---- the copy ---- */

static int read_copy(int fd, struct buf *line)
{
	char text[AUDIT_COPY_SIZE];
	ssize_t got = pread(fd, text, sizeof(text), 0);

	if (got < 0)
		return -errno;
	while (got && (text[got - 1] == ' ' || text[got - 1] == '\n'))
		got--;
	return got ? buf_add(line, text, (size_t)got) : -ENOENT;
}

static int open_copy(const struct audit_trail *trail, int flags, struct reason *why)
{
	const struct file_rule rule = {
	    .owner = trail->owner, .forbidden = FILE_SECRET, .max = 1u << 20};

	return file_open_as(AT_FDCWD, trail->copy, flags, 0600, &rule, why);
}

int checkpoint_copy_read(const struct audit_trail *trail, struct buf *line, struct reason *why)
{
	fd_auto fd = open_copy(trail, O_RDONLY, why);
	int r = fd < 0 ? fd : read_copy(fd, line);

	return r < 0 && r != -ENOENT && fd >= 0 ? reason_errno(why, r, "%s", trail->copy) : r;
}

/* Opens the copy, made where it is missing, and locks it: one checkpoint at a time. */
static int lock_copy(const struct audit_trail *trail, struct reason *why)
{
	fd_auto fd = open_copy(trail, O_RDWR | O_CREAT, why);
	struct deadline deadline = deadline_in(COPY_WAIT);

	if (fd == -ENOENT)
		return fd;
	if (fd < 0)
		return reason_prefix(why, fd, "the copy of the last checkpoint: ");
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return reason_errno(why, -errno, "locking %s", trail->copy);
		if (!deadline_left(deadline))
			return reason_set(
			    why, -ETIMEDOUT, "another process is signing the audit trail");
		nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE * 1000000L}, NULL);
	}
	return take_fd(&fd);
}

/* In place and with one write: after a power cut it is the old or the new one, and the trail has both. */
static int write_copy(int fd, const struct audit_trail *trail, const struct buf *line,
    bool must_stay, struct reason *why)
{
	char text[AUDIT_COPY_SIZE];

	if (line->len >= sizeof(text))
		return reason_set(why, -EMSGSIZE, "a checkpoint of %zu bytes", line->len);
	memset(text, ' ', sizeof(text));
	memcpy(text, line->data, line->len);
	text[sizeof(text) - 1] = '\n';
	if (pwrite(fd, text, sizeof(text), 0) != (ssize_t)sizeof(text))
		return reason_errno(why, errno ? -errno : -EIO, "%s", trail->copy);
	if (must_stay && fsync(fd) < 0)
		return reason_errno(why, -errno, "%s", trail->copy);
	return 0;
}

/* ---- is the last one still there ---- */

/* Opens the file of the trail that has this number now. */
static int open_numbered(
    const struct audit_trail *trail, int folder, uint64_t number, struct reason *why)
{
	fd_auto fd = audit_file_open(trail, folder, AUDIT_FILE, why);
	char name[AUDIT_NAME];
	uint64_t current;
	int64_t begun;

	if (fd < 0 && fd != -ENOENT)
		return fd;
	if (fd >= 0 && audit_file_begin(fd, &current, &begun) == 0 && current == number)
		return take_fd(&fd);
	audit_file_name(number, name);
	return audit_file_open(trail, folder, name, why);
}

/* Whether the bytes stand in the trail where they say. */
static int find_checkpoint(
    const struct audit_trail *trail, int folder, const struct buf *line, struct reason *why)
{
	char there[AUDIT_COPY_SIZE];
	struct checkpoint checkpoint;
	fd_auto fd = -1;
	int r = checkpoint_parse(line->data, line->len, &checkpoint);

	/* Nothing has been signed yet. */
	if (r == 0 && !checkpoint.file)
		return 0;
	if (r == 0)
		fd = open_numbered(trail, folder, checkpoint.file, why);
	if (r == 0 && fd < 0 && fd != -ENOENT)
		return fd;
	if (r == 0 && fd >= 0 && line->len < sizeof(there) &&
	    pread(fd, there, line->len + 1, (off_t)checkpoint.offset) == (ssize_t)line->len + 1 &&
	    !memcmp(there, line->data, line->len) && there[line->len] == '\n')
		return 0;
	return reason_set(why, -EBADMSG,
	    "the audit trail does not hold the checkpoint in %s; see: ravi audit verify",
	    trail->copy);
}

static int count_checkpoint(
    void *context, const struct audit_place *place, const char *bytes, size_t len)
{
	unsigned *count = context;
	struct audit_line line;

	(void)place;
	*count += audit_parse_line(bytes, len, &line) == 0 &&
		  audit_field_is(&line, "event", "checkpoint");
	return 0;
}

/*
 * Without a copy nothing has ever been signed. Before anything is, the copy says so, signed: a trail that has
 * checkpoints and no copy is one whose copy was taken away, and not one whose first signer was killed.
 */
static int begin_copy(
    const struct audit_trail *trail, int copy, const struct audit_key *key, struct reason *why)
{
	const struct audit_walk all = {0};
	unsigned count = 0;
	buf_auto line = {0};
	int r = audit_walk(trail, &all, count_checkpoint, &count, why);

	if (r < 0)
		return r;
	if (count)
		return reason_set(why, -EBADMSG,
		    "%s is empty, and the audit trail has checkpoints; see: ravi audit verify",
		    trail->copy);
	audit_line_begin(&line, 1, (int64_t)time(NULL) * 1000, AUDIT_NO_HASH);
	r = finish(&line, key, 0, 0, 0);
	return r < 0 ? reason_errno(why, r, "signing the audit trail")
		     : write_copy(copy, trail, &line, true, why);
}

/* What was signed last. */
struct last {
	uint64_t file;  /* up to which the trail is on stable storage; 0: nothing was signed yet */
	uint64_t first; /* the oldest file that was kept */
};

/* Whether it is sound to sign: what was signed last is there, or nothing ever was. */
static int check_last(const struct audit_trail *trail, int copy, const struct audit_key *key,
    struct last *last, struct reason *why)
{
	struct checkpoint checkpoint;
	fd_auto folder = -1;
	buf_auto line = {0};
	int r = read_copy(copy, &line);

	*last = (struct last){.first = 1};
	if (r == -ENOENT)
		return begin_copy(trail, copy, key, why);
	if (r < 0)
		return reason_errno(why, r, "%s", trail->copy);
	folder = dir_open(AT_FDCWD, trail->folder, trail->owner, why);
	if (folder < 0 && folder != -ENOENT)
		return folder;
	r = find_checkpoint(trail, folder, &line, why);
	if (r == 0 && checkpoint_parse(line.data, line.len, &checkpoint) == 0 && checkpoint.file)
		*last = (struct last){checkpoint.file, checkpoint.first};
	return r;
}

bool audit_is_signed(const struct audit_trail *trail)
{
	char tail[AUDIT_COPY_SIZE];
	fd_auto folder = dir_open(AT_FDCWD, trail->folder, trail->owner, NULL);
	fd_auto fd = folder < 0 ? folder : audit_file_open(trail, folder, AUDIT_FILE, NULL);
	buf_auto line = {0};
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	ssize_t wanted;

	if (size <= 0 || checkpoint_copy_read(trail, &line, NULL) < 0)
		return false;
	wanted = (ssize_t)line.len + 1;
	return size >= wanted && pread(fd, tail, (size_t)wanted, size - wanted) == wanted &&
	       !memcmp(tail, line.data, line.len) && tail[line.len] == '\n';
}

/* ---- making one ---- */

/*
 * Whether all files from `first` on are there. A checkpoint over fewer would say that they were dropped, and
 * nobody could see any more that somebody took them away.
 */
static int check_files(const struct audit_trail *trail, const struct audit_files *files,
    uint64_t first, uint64_t current, struct reason *why)
{
	uint64_t next = first;
	char name[AUDIT_NAME];

	for (size_t i = 0; i < files->count; i++)
		next += files->numbers[i] == next;
	if (next >= current)
		return 0;
	audit_file_name(next, name);
	return reason_set(why, -EBADMSG,
	    "%s/%s is missing, and no checkpoint says that it was dropped; see: ravi audit verify",
	    trail->folder, name);
}

/* The oldest file that stays: all but the newest `keep` beside audit.log may go. */
static int choose_first(const struct audit_trail *trail, const struct audit_pen *pen, unsigned keep,
    const struct last *last, uint64_t *first, struct reason *why)
{
	audit_files_auto files = {0};
	int r = audit_files_list(pen->folder, &files, why);

	if (r == 0)
		r = check_files(trail, &files, last->first, pen->file, why);
	if (r < 0)
		return r;
	*first = last->first;
	if (keep && files.count > keep && files.numbers[files.count - keep] > *first)
		*first = files.numbers[files.count - keep];
	return 0;
}

/*
 * Whether files are due to be dropped: 1 or 0. Of what is in them nothing can be seen afterwards, so the
 * whole trail is verified before: -EBADMSG. That is once in AUDIT_ROTATE bytes of events.
 */
static int may_drop(const struct audit_trail *trail, const struct audit_key *key, int folder,
    unsigned keep, struct reason *why)
{
	audit_files_auto files = {0};
	struct audit_report report;
	int r = audit_files_list(folder, &files, why);

	if (r < 0 || !keep || files.count <= keep)
		return r;
	r = audit_verify(trail, key->public, &report, why);
	if (r == 0 && report.count)
		return reason_set(why, -EBADMSG,
		    "the audit trail is not as it was written, so its oldest files are not "
		    "dropped; see: ravi audit verify");
	return r < 0 ? r : 1;
}

static int drop_before(int folder, uint64_t first, struct reason *why)
{
	audit_files_auto files = {0};
	int r = audit_files_list(folder, &files, why);

	for (size_t i = 0; r == 0 && i < files.count && files.numbers[i] < first; i++) {
		char name[AUDIT_NAME];

		audit_file_name(files.numbers[i], name);
		if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
			r = reason_errno(why, -errno, "removing %s", name);
	}
	return r;
}

/* What the checkpoint is over, onto stable storage: the file it is in, and those that were written before. */
static int sync_all(const struct audit_trail *trail, const struct audit_pen *pen,
    uint64_t signed_file, struct reason *why)
{
	audit_files_auto files = {0};
	char name[AUDIT_NAME];
	int r = 0;

	if (fdatasync(pen->fd) < 0)
		return reason_errno(why, -errno, "syncing " AUDIT_FILE);
	if (signed_file == pen->file)
		return 0;
	r = audit_files_list(pen->folder, &files, why);
	for (size_t i = 0; i < files.count && r == 0; i++) {
		fd_auto fd = -1;

		if (files.numbers[i] < signed_file || files.numbers[i] >= pen->file)
			continue;
		audit_file_name(files.numbers[i], name);
		fd = audit_file_open(trail, pen->folder, name, why);
		if (fd < 0 && fd != -ENOENT)
			return fd;
		if (fd >= 0 && fdatasync(fd) < 0)
			r = reason_errno(why, -errno, "syncing %s", name);
	}
	if (r == 0 && fsync(pen->folder) < 0)
		r = reason_errno(why, -errno, "syncing %s", trail->folder);
	return r;
}

/* Others go on writing while this syncs: the lock is held for the line alone. */
static int sign(const struct audit_trail *trail, const struct audit_key *key, unsigned keep,
    int copy, const struct last *last, struct reason *why)
{
	audit_pen_auto pen = {.folder = -1, .fd = -1};
	buf_auto line = {0};
	uint64_t first = 0;
	int r = audit_pen_open(&pen, trail, why);

	if (r == 0)
		r = choose_first(trail, &pen, keep, last, &first, why);
	if (r < 0)
		return r;
	audit_pen_begin_line(&pen, &line);
	r = finish(&line, key, pen.file, audit_pen_offset(&pen), first);
	if (r < 0)
		return reason_errno(why, r, "signing the audit trail");
	r = audit_pen_add_line(&pen, &line, why);
	if (r == 0)
		r = audit_pen_write(&pen, why);
	if (r < 0)
		return r;
	flock(pen.folder, LOCK_UN);
	r = sync_all(trail, &pen, last->file, why);
	/* What says that files were dropped is there for good before they are. */
	if (r == 0)
		r = write_copy(copy, trail, &line, first > last->first, why);
	return r < 0 ? r : drop_before(pen.folder, first, why);
}

int audit_checkpoint(
    const struct audit_trail *trail, const struct audit_key *key, unsigned keep, struct reason *why)
{
	fd_auto folder = dir_open(AT_FDCWD, trail->folder, trail->owner, why);
	fd_auto copy = -1;
	struct last last;
	int r;

	if (folder < 0)
		return folder;
	copy = lock_copy(trail, why);
	if (copy < 0)
		return copy;
	if (audit_is_signed(trail))
		return 0;
	if (sodium_init() < 0)
		return reason_set(why, -ENOSYS, "libsodium does not start on this machine");
	r = check_last(trail, copy, key, &last, why);
	if (r == 0)
		r = may_drop(trail, key, folder, keep, why);
	return r < 0 ? r : sign(trail, key, r ? keep : 0, copy, &last, why);
}

int audit_set_aside(const struct audit_trail *trail, const char *aside, struct reason *why)
{
	fd_auto copy = lock_copy(trail, why);
	fd_auto folder = -1;
	buf_auto line = {0};
	int r;

	if (copy < 0)
		return copy;
	folder = audit_folder_open(trail, LOCK_EX, COPY_WAIT, why);
	if (folder < 0 && folder != -ENOENT)
		return folder;
	if (folder == -ENOENT && mkdir(trail->folder, 0700) < 0)
		return reason_errno(why, -errno, "%s", trail->folder);
	if (folder < 0)
		folder = dir_open(AT_FDCWD, trail->folder, trail->owner, why);
	r = folder < 0 ? folder : read_copy(copy, &line);
	if (r == 0)
		r = file_replace(folder, "checkpoint", 0600, true, line.data, line.len, why);
	if (r < 0 && r != -ENOENT)
		return r;
	if (rename(trail->folder, aside) < 0)
		return reason_errno(why, -errno, "renaming %s to %s", trail->folder, aside);
	return ftruncate(copy, 0) < 0 ? reason_errno(why, -errno, "%s", trail->copy) : 0;
}

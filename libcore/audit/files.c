/* SPDX-License-Identifier: MIT */
/* The files of a trail, and reading them in order: see pen.h and trail.h. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/pen.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/text.h"

#define READ_WAIT                                                                                  \
	2000 /* milliseconds that a reader waits for a writer, then it reads all the same */

void audit_file_name(uint64_t number, char name[AUDIT_NAME])
{
	snprintf(name, AUDIT_NAME, AUDIT_FILE ".%" PRIu64, number % UINT64_C(1000000000000));
}

void audit_files_free(struct audit_files *files)
{
	free(files->numbers);
	*files = (struct audit_files){0};
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

static int add_number(struct audit_files *files, uint64_t number)
{
	uint64_t *grown = reallocarray(files->numbers, files->count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	files->numbers = grown;
	files->numbers[files->count++] = number;
	return 0;
}

int audit_files_list(int folder, struct audit_files *files, struct reason *why)
{
	fd_auto fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir_auto dir = fd < 0 ? NULL : fdopendir(fd);
	const size_t lead = strlen(AUDIT_FILE ".");
	const struct dirent *entry;
	uint64_t number;
	int r = 0;

	if (!dir)
		return reason_errno(why, -errno, "listing the audit trail");
	take_fd(&fd);
	while (r == 0 && (errno = 0, entry = readdir(dir))) {
		/* A number as we write it: another file beside the trail is none of it. */
		if (!strncmp(entry->d_name, AUDIT_FILE ".", lead) && entry->d_name[lead] != '0' &&
		    text_number(entry->d_name + lead, 10, 1, 999999999999, &number) == 0)
			r = add_number(files, number);
	}
	if (r == 0 && errno)
		r = -errno;
	if (r < 0)
		return reason_errno(why, r, "listing the audit trail");
	if (files->count)
		qsort(files->numbers, files->count, sizeof(*files->numbers), compare);
	return 0;
}

int audit_file_open(
    const struct audit_trail *trail, int folder, const char *name, struct reason *why)
{
	const struct file_rule rule = {
	    .owner = trail->owner, .forbidden = FILE_SECRET, .max = SIZE_MAX};

	return file_open(folder, name, &rule, why);
}

int audit_file_read(int fd, uint64_t size, struct buf *out)
{
	char *to = size > BUF_MAX ? NULL : buf_reserve(out, (size_t)size);

	if (!to)
		return size > BUF_MAX ? -EFBIG : out->error;
	while (out->len < size) {
		ssize_t got = pread(fd, out->data + out->len, size - out->len, (off_t)out->len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		out->len += (size_t)got;
	}
	return 0;
}

int audit_file_begin(int fd, uint64_t *number, int64_t *time)
{
	char text[512];
	struct audit_line line;
	const struct audit_field *field;
	ssize_t got = pread(fd, text, sizeof(text), 0);
	const char *end = got > 0 ? memchr(text, '\n', (size_t)got) : NULL;
	char digits[24] = "";

	if (!end || audit_parse_line(text, (size_t)(end - text), &line) < 0 ||
	    !audit_field_is(&line, "event", "begin"))
		return -EBADMSG;
	field = audit_field(&line, "file");
	if (!field || field->value.len >= sizeof(digits))
		return -EBADMSG;
	memcpy(digits, field->value.at, field->value.len);
	*time = line.time;
	return text_number(digits, 10, 1, 999999999999, number) < 0 ? -EBADMSG : 0;
}

/* ---- walking ---- */

/* The trail as it was in one moment: open files, and how far they went. */
struct snapshot {
	size_t count;
	struct shot {
		int fd;
		uint64_t size;
		struct audit_place place;
	} * files;
};

#define snapshot_auto __attribute__((cleanup(snapshot_free))) struct snapshot

static void snapshot_free(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++)
		cleanup_fd(&snapshot->files[i].fd);
	free(snapshot->files);
	*snapshot = (struct snapshot){0};
}

static int shoot(struct snapshot *snapshot, const struct audit_trail *trail, int folder,
    const char *name, struct reason *why)
{
	struct shot *shot = &snapshot->files[snapshot->count];
	struct stat st;

	*shot = (struct shot){0};
	strcpy(shot->place.name, name);
	shot->fd = audit_file_open(trail, folder, name, why);
	if (shot->fd < 0)
		return shot->fd;
	snapshot->count++;
	if (fstat(shot->fd, &st) < 0)
		return reason_errno(why, -errno, "%s/%s", trail->folder, name);
	shot->size = (uint64_t)st.st_size;
	return 0;
}

static int shoot_all(
    struct snapshot *snapshot, const struct audit_trail *trail, int folder, struct reason *why)
{
	audit_files_auto files = {0};
	char name[AUDIT_NAME];
	int r = audit_files_list(folder, &files, why);

	if (r < 0)
		return r;
	snapshot->files = calloc(files.count + 1, sizeof(*snapshot->files));
	if (!snapshot->files)
		return reason_errno(why, -ENOMEM, "reading the audit trail");
	for (size_t i = 0; i < files.count && r == 0; i++) {
		audit_file_name(files.numbers[i], name);
		r = shoot(snapshot, trail, folder, name, why);
	}
	if (r == 0)
		r = shoot(snapshot, trail, folder, AUDIT_FILE, why);
	/* Between two files there is none for a moment; whether it should be there is for who verifies. */
	return r == -ENOENT ? 0 : r;
}

static int take_snapshot(
    struct snapshot *snapshot, const struct audit_trail *trail, struct reason *why)
{
	fd_auto folder = audit_folder_open(trail, LOCK_SH, READ_WAIT, why);

	if (folder == -ETIMEDOUT)
		folder = dir_open(AT_FDCWD, trail->folder, trail->owner, why);
	return folder < 0 ? folder : shoot_all(snapshot, trail, folder, why);
}

/* The first file that is wanted. */
static size_t choose_first(const struct snapshot *snapshot, const struct audit_walk *walk)
{
	size_t first = 0;
	uint64_t number;
	int64_t begun;

	if (walk->newest && snapshot->count > walk->newest)
		first = snapshot->count - walk->newest;
	/* A file whose successor began before `since` has nothing after it. */
	while (walk->since && first + 1 < snapshot->count &&
	       audit_file_begin(snapshot->files[first + 1].fd, &number, &begun) == 0 &&
	       begun < walk->since)
		first++;
	return first;
}

static int walk_file(struct shot *shot, audit_each *each, void *context, struct reason *why)
{
	buf_auto bytes = {0};
	int r = audit_file_read(shot->fd, shot->size, &bytes);

	if (r < 0)
		return reason_errno(why, r, "reading %s", shot->place.name);
	for (size_t at = 0; at < bytes.len && r == 0;) {
		const char *start = bytes.data + at;
		const char *newline = memchr(start, '\n', bytes.len - at);
		size_t len = newline ? (size_t)(newline - start) : bytes.len - at;

		shot->place.line++;
		shot->place.offset = at;
		shot->place.is_torn = !newline;
		r = each(context, &shot->place, start, len);
		at += len + 1;
	}
	return r;
}

int audit_walk(const struct audit_trail *trail, const struct audit_walk *walk, audit_each *each,
    void *context, struct reason *why)
{
	snapshot_auto snapshot = {0};
	int r = take_snapshot(&snapshot, trail, why);

	if (r == 0 && !snapshot.count)
		return -ENOENT;
	for (size_t i = r < 0 ? 0 : choose_first(&snapshot, walk); i < snapshot.count && r == 0;
	     i++)
		r = walk_file(&snapshot.files[i], each, context, why);
	return r;
}

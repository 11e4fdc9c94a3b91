/* SPDX-License-Identifier: MIT */
/*
 * A line of the audit trail, and a trail of which the bytes are the one file. Whatever is in it, the next
 * event finds a place, and nothing that was there before is lost.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/line.h"
#include "audit/trail.h"
#include "audit/verify.h"
#include "fuzz.h"
#include "util/cleanup.h"

static void check_span(const struct audit_span *span, const uint8_t *data, size_t size)
{
	MUST((const uint8_t *)span->at >= data && span->len <= size);
	MUST((const uint8_t *)span->at + span->len <= data + size);
}

static void check_line(const uint8_t *data, size_t size)
{
	struct audit_line line;
	int r = audit_parse_line(data, size, &line);

	MUST(r == 0 || r == -EBADMSG);
	if (r < 0)
		return;
	MUST(line.seq >= 1 && line.seq <= AUDIT_SEQ_MAX && size <= AUDIT_LINE_MAX);
	MUST(line.count >= 1 && line.count <= AUDIT_FIELDS_MAX);
	MUST(line.previous.len == AUDIT_HASH_TEXT && audit_field(&line, "event"));
	check_span(&line.program, data, size);
	for (size_t i = 0; i < line.count; i++) {
		buf_auto value = {0};

		check_span(&line.fields[i].key, data, size);
		check_span(&line.fields[i].value, data, size);
		MUST(audit_field_value(&line.fields[i], &value) == 0);
		MUST(value.len <= line.fields[i].value.len);
	}
}

static struct {
	char folder[64], log[96], copy[96];
	struct audit_trail trail;
} place;

static void remove_place(void)
{
	unlink(place.log);
	unlink(place.copy);
	rmdir(place.folder);
}

static void make_place(void)
{
	if (*place.folder)
		return;
	snprintf(place.folder, sizeof(place.folder), "%s/ravi-fuzz.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	MUST(mkdtemp(place.folder));
	atexit(remove_place);
	snprintf(place.log, sizeof(place.log), "%s/" AUDIT_FILE, place.folder);
	snprintf(place.copy, sizeof(place.copy), "%s/copy", place.folder);
	place.trail = (struct audit_trail){.folder = place.folder,
	    .copy = place.copy,
	    .owner = geteuid(),
	    .rotate_at = AUDIT_ROTATE};
}

static void check_trail(const uint8_t *data, size_t size)
{
	static const uint8_t signer[AUDIT_PUBLIC_KEY];
	struct audit_report report = {0};
	struct reason why = {0};
	FILE *file;
	int r;

	make_place();
	file = fopen(place.log, "w");
	MUST(file && (!size || fwrite(data, 1, size, file) == size) && fclose(file) == 0);
	MUST(chmod(place.log, 0600) == 0);
	r = audit_verify(&place.trail, signer, &report, &why);
	MUST(r <= 0 && report.count <= AUDIT_FINDINGS_MAX);
	/* Nobody has that key: a checkpoint in it is never believed. */
	MUST(r < 0 || !report.checkpoints || report.count > 0);
	for (size_t i = 0; i < report.count; i++)
		MUST(*report.findings[i].text && *audit_kind_word(report.findings[i].kind));
}

/* What became of the bytes when an event was written behind them. */
struct seen {
	const uint8_t *data;
	size_t size;
	size_t matched; /* how much of them was seen again */
	bool event;     /* the last line is the event */
};

static int look(void *context, const struct audit_place *at, const char *bytes, size_t len)
{
	struct seen *seen = context;
	struct audit_line line;

	if (at->offset == seen->matched && seen->matched + len <= seen->size &&
	    !memcmp(seen->data + seen->matched, bytes, len))
		seen->matched += len + (seen->matched + len < seen->size);
	seen->event =
	    audit_parse_line(bytes, len, &line) == 0 && audit_field_is(&line, "event", "fuzzed");
	return 0;
}

/* A file in which no line is whole is put aside as it is. */
static bool is_put_aside(size_t size)
{
	dir_auto dir = opendir(place.folder);
	const struct dirent *entry;
	bool found = false;

	MUST(dir);
	while ((entry = readdir(dir))) {
		struct stat st;

		if (strncmp(
			entry->d_name, AUDIT_FILE ".damaged-", strlen(AUDIT_FILE ".damaged-")) != 0)
			continue;
		found = found || (fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
				     (size_t)st.st_size == size);
		unlinkat(dirfd(dir), entry->d_name, 0);
	}
	return found;
}

static void check_append(const uint8_t *data, size_t size)
{
	const struct audit_walk all = {0};
	struct seen seen = {.data = data, .size = size};
	struct reason why = {0};

	MUST(audit_append(&place.trail, "event=fuzzed result=done", &why) == 0);
	MUST(audit_walk(&place.trail, &all, look, &seen, &why) == 0);
	MUST(seen.event);
	MUST(is_put_aside(size) || seen.matched == size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;

	check_line(data, newline ? (size_t)(newline - data) : size);
	check_trail(data, size);
	check_append(data, size);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* A line of the audit trail, and a trail of which the bytes are the one file. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;

	check_line(data, newline ? (size_t)(newline - data) : size);
	check_trail(data, size);
	return 0;
}

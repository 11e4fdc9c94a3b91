/* SPDX-License-Identifier: MIT */
/* Verifying a trail: see verify.h. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audit/checkpoint.h"
#include "audit/verify.h"
#include "util/text.h"
#include "util/when.h"

#define COPY_NAME "audit.checkpoint"

/* How far the reading is. */
struct reading {
	struct audit_report *report;
	const uint8_t *signer;
	struct buf copy; /* the last checkpoint's line, or nothing */
	struct checkpoint last;
	bool has_last, found_last;
	uint8_t stranger[AUDIT_PUBLIC_KEY]; /* who has signed the last one that is not the host's */

	struct audit_tip tip; /* of the line before */
	bool any;
	struct audit_place torn; /* a line that is none, when line != 0: the next one must say so */
	struct audit_place before;
	uint64_t file, first_file; /* numbers of the file that is read, and of the first one */
};

static void reading_free(struct reading *reading)
{
	buf_free(&reading->copy);
}

#define reading_auto __attribute__((cleanup(reading_free))) struct reading

const char *audit_kind_word(enum audit_kind kind)
{
	static const char *const words[] = {
	    "changed", "removed", "reordered", "truncated", "unsigned"};

	return words[kind];
}

static void find(struct reading *reading, enum audit_kind kind, const struct audit_place *place,
    uint64_t seq, const char *format, ...) __attribute__((format(printf, 5, 6)));

static void find(struct reading *reading, enum audit_kind kind, const struct audit_place *place,
    uint64_t seq, const char *format, ...)
{
	struct audit_report *report = reading->report;
	struct audit_finding *finding = &report->findings[report->count];
	va_list args;

	if (report->count == AUDIT_FINDINGS_MAX)
		return;
	*finding = (struct audit_finding){.kind = kind, .seq = seq};
	snprintf(finding->file, sizeof(finding->file), "%s", place ? place->name : COPY_NAME);
	finding->line = place ? place->line : 0;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
	report->count++;
}

/* ---- one line after the other ---- */

/* The first line of a file tells its number, and the numbers go on by one. */
static void check_begin(
    struct reading *reading, const struct audit_place *place, const struct audit_line *line)
{
	const struct audit_field *field = audit_field(line, "file");
	char digits[24] = "";
	uint64_t number = 0;

	if (field && field->value.len < sizeof(digits))
		memcpy(digits, field->value.at, field->value.len);
	if (!audit_field_is(line, "event", "begin") ||
	    text_number(digits, 10, 1, UINT64_MAX, &number) < 0) {
		find(reading, AUDIT_CHANGED, place, line->seq,
		    "a file of the trail begins with another line than event=begin");
		return;
	}
	if (!reading->any)
		reading->first_file = number;
	if (number == 1 &&
	    (line->seq != 1 || memcmp(line->previous.at, AUDIT_NO_HASH, AUDIT_HASH_TEXT) != 0))
		find(reading, AUDIT_REMOVED, place, 1, "the beginning of the trail is missing");
	if (reading->any && number > reading->file + 1)
		find(reading, AUDIT_REMOVED, place, reading->tip.seq + 1,
		    "the files between number %" PRIu64 " and this one, number %" PRIu64
		    ", are missing",
		    reading->file, number);
	reading->file = number;
}

/* An entry that was missed before has turned up: then it stands in the wrong place. */
static bool turned_up(struct reading *reading, const struct audit_line *line)
{
	for (size_t i = 0; i < reading->report->count; i++) {
		struct audit_finding *finding = &reading->report->findings[i];

		if (finding->kind != AUDIT_REMOVED || line->seq < finding->seq ||
		    line->seq > finding->until)
			continue;
		finding->kind = AUDIT_REORDERED;
		snprintf(finding->text, sizeof(finding->text),
		    "entry %" PRIu64 " stands further back", line->seq);
		return true;
	}
	return false;
}

/*
 * The line is not the one that should come here. 1 when it stands in a place that is not its own: what
 * comes next is chained to the line before it.
 */
static int break_at(
    struct reading *reading, const struct audit_place *place, const struct audit_line *line)
{
	uint64_t expected = reading->tip.seq + 1;

	if (!memcmp(line->previous.at, reading->tip.hash, AUDIT_HASH_TEXT)) {
		find(reading, AUDIT_CHANGED, place, expected,
		    "entry %" PRIu64 " has the number %" PRIu64, expected, line->seq);
	} else if (line->seq == expected) {
		find(reading, AUDIT_CHANGED, &reading->before, reading->tip.seq,
		    "entry %" PRIu64 " is not the one that entry %" PRIu64 " was chained to",
		    reading->tip.seq, line->seq);
	} else if (line->seq > expected) {
		find(reading, AUDIT_REMOVED, place, expected,
		    "entries %" PRIu64 " to %" PRIu64 " are missing before this line", expected,
		    line->seq - 1);
		if (reading->report->count)
			reading->report->findings[reading->report->count - 1].until = line->seq - 1;
	} else if (!turned_up(reading, line)) {
		find(reading, AUDIT_REORDERED, place, line->seq,
		    "entry %" PRIu64 " stands behind entry %" PRIu64, line->seq, reading->tip.seq);
	}
	return line->seq < expected;
}

/* What was no line is one that a writer could not finish, when the next line says so. */
static void check_torn(struct reading *reading, const struct audit_line *line, bool is_chained)
{
	if (!reading->torn.line)
		return;
	if (!is_chained || !audit_field_is(line, "event", "torn"))
		find(reading, AUDIT_CHANGED, &reading->torn, reading->tip.seq + 1,
		    "this line is none that was written");
	reading->torn.line = 0;
}

/*
 * One finding for all that one key has signed: with a new host key every checkpoint of the former one would be one,
 * and no room be left for what was done to the trail.
 */
static void find_stranger(
    struct reading *reading, const struct audit_place *place, const struct checkpoint *checkpoint)
{
	char signer[2 * AUDIT_PUBLIC_KEY + 1];
	bool is_known = reading->report->unsigned_checkpoints &&
			!memcmp(reading->stranger, checkpoint->signer, AUDIT_PUBLIC_KEY);

	reading->report->unsigned_checkpoints++;
	if (is_known)
		return;
	memcpy(reading->stranger, checkpoint->signer, AUDIT_PUBLIC_KEY);
	sodium_bin2hex(signer, sizeof(signer), checkpoint->signer, AUDIT_PUBLIC_KEY);
	find(reading, AUDIT_UNSIGNED, place, checkpoint->seq,
	    "this checkpoint was signed by %s, which is not this machine's host key; later ones of "
	    "that key are not named",
	    signer);
}

static void check_checkpoint(
    struct reading *reading, const struct audit_place *place, const char *bytes, size_t len)
{
	struct checkpoint checkpoint;
	int r = checkpoint_parse(bytes, len, &checkpoint);

	if (r < 0) {
		find(reading, AUDIT_CHANGED, place, reading->tip.seq,
		    "this checkpoint's signature does not hold: it, or what it is chained to, was "
		    "changed");
		return;
	}
	if (memcmp(checkpoint.signer, reading->signer, AUDIT_PUBLIC_KEY) != 0) {
		find_stranger(reading, place, &checkpoint);
	} else if (checkpoint.file != reading->file || checkpoint.offset != place->offset) {
		find(reading, AUDIT_REORDERED, place, checkpoint.seq,
		    "this checkpoint was written at byte %" PRIu64 " of file %" PRIu64,
		    checkpoint.offset, checkpoint.file);
	}
	reading->report->checkpoints++;
	reading->report->signed_seq = checkpoint.seq;
	reading->report->signed_time = checkpoint.time;
	if (len == reading->copy.len && !memcmp(bytes, reading->copy.data, len))
		reading->found_last = true;
}

static int no_line(
    struct reading *reading, const struct audit_place *place, const char *bytes, size_t len)
{
	/* Two of them: the second could say nothing of the first. */
	if (reading->torn.line)
		find(reading, AUDIT_CHANGED, &reading->torn, reading->tip.seq + 1,
		    "this line is none that was written");
	reading->torn = *place;
	reading->before = *place;
	audit_hash(bytes, len, reading->tip.hash);
	return 0;
}

/* Whether the line is the one that comes next; the first one that is kept is, whatever went before it. */
static bool follows(const struct reading *reading, const struct audit_line *line)
{
	if (!reading->any && !reading->torn.line)
		return true;
	return line->seq == reading->tip.seq + 1 &&
	       !memcmp(line->previous.at, reading->tip.hash, AUDIT_HASH_TEXT);
}

static int read_line(void *context, const struct audit_place *place, const char *bytes, size_t len)
{
	struct reading *reading = context;
	struct audit_report *report = reading->report;
	struct audit_line line;
	bool is_chained;

	report->files += place->line == 1;
	/* A line without its end is not a line yet, and may never become one. */
	if (place->is_torn || audit_parse_line(bytes, len, &line) < 0)
		return no_line(reading, place, bytes, len);
	if (place->line == 1)
		check_begin(reading, place, &line);
	is_chained = follows(reading, &line);
	if (reading->torn.line)
		check_torn(reading, &line, is_chained);
	else if (!is_chained && break_at(reading, place, &line))
		return 0;
	if (!reading->any) {
		report->first = line.seq;
		report->first_time = line.time;
	}
	reading->any = true;
	reading->before = *place;
	reading->tip.seq = line.seq;
	audit_hash(bytes, len, reading->tip.hash);
	report->entries++;
	report->last = line.seq;
	report->torn += audit_field_is(&line, "event", "torn");
	if (audit_field_is(&line, "event", "checkpoint"))
		check_checkpoint(reading, place, bytes, len);
	return 0;
}

/* ---- the whole ---- */

/* A line that has no end yet is its writer's, or the next one's to end. */
static void check_end(struct reading *reading)
{
	if (reading->torn.line && !reading->torn.is_torn)
		find(reading, AUDIT_CHANGED, &reading->torn, reading->tip.seq + 1,
		    "this line is none that was written");
}

/* The last checkpoint, which lies at another place as well, must be in the trail. */
static void check_last(struct reading *reading)
{
	const struct audit_report *report = reading->report;
	char when[WHEN_TEXT];

	if (!reading->has_last) {
		if (report->checkpoints)
			find(reading, AUDIT_REMOVED, NULL, report->signed_seq,
			    "the copy of the last checkpoint is gone, and the trail has %" PRIu64
			    " of them",
			    report->checkpoints);
		return;
	}
	/* Nothing had been signed then; whoever did it first was killed before the copy was written. */
	if (!reading->last.file)
		return;
	when_format((time_t)(reading->last.time / 1000), when);
	if (!reading->found_last && report->last < reading->last.seq)
		find(reading, AUDIT_TRUNCATED, &reading->before, report->last + 1,
		    "the trail ends with entry %" PRIu64 ", and %s signed entry %" PRIu64 " at %s",
		    report->last, "this machine", reading->last.seq, when);
	else if (!reading->found_last)
		find(reading, AUDIT_CHANGED, NULL, reading->last.seq,
		    "the checkpoint of %s (entry %" PRIu64 ") is not in the trail: its end was cut "
		    "off, or written anew",
		    when, reading->last.seq);
}

/* Files that no checkpoint said were dropped are missing. */
static void check_first(struct reading *reading)
{
	struct audit_place place = {.name = AUDIT_FILE};

	if (reading->has_last && reading->last.file && reading->first_file > reading->last.first) {
		audit_file_name(reading->last.first, place.name);
		find(reading, AUDIT_REMOVED, &place, 0,
		    "the trail began with this file at the last checkpoint, and begins with number "
		    "%" PRIu64 " now",
		    reading->first_file);
	} else if ((!reading->has_last || !reading->last.file) && reading->report->first > 1) {
		audit_file_name(1, place.name);
		find(reading, AUDIT_REMOVED, &place, 1, "the beginning of the trail is missing");
	}
}

static int load_copy(struct reading *reading, const struct audit_trail *trail, struct reason *why)
{
	int r = checkpoint_copy_read(trail, &reading->copy, why);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = checkpoint_parse(reading->copy.data, reading->copy.len, &reading->last);
	if (r == 0 && memcmp(reading->last.signer, reading->signer, AUDIT_PUBLIC_KEY) != 0)
		find(reading, AUDIT_UNSIGNED, NULL, reading->last.seq,
		    "the copy of the last checkpoint is not signed by this machine's host key");
	else if (r < 0)
		find(reading, AUDIT_CHANGED, NULL, 0,
		    "the copy of the last checkpoint is damaged, or its signature does not hold");
	reading->has_last = r == 0;
	return 0;
}

int audit_verify(const struct audit_trail *trail, const uint8_t *signer,
    struct audit_report *report, struct reason *why)
{
	reading_auto reading = {.report = report,
	    .signer = signer,
	    .tip.hash = AUDIT_NO_HASH,
	    .before.name = AUDIT_FILE};
	const struct audit_walk all = {0};
	int r;

	*report = (struct audit_report){0};
	if (sodium_init() < 0)
		return reason_set(why, -ENOSYS, "libsodium does not start on this machine");
	r = load_copy(&reading, trail, why);
	if (r < 0)
		return r;
	r = audit_walk(trail, &all, read_line, &reading, why);
	if (r == -ENOENT && !reading.has_last && !report->count)
		return r;
	if (r < 0 && r != -ENOENT)
		return r;
	check_end(&reading);
	if (r == 0)
		check_first(&reading);
	check_last(&reading);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * libcore/audit: the trail. What is written can be read again and verifies; every way to tamper with it is
 * found and called by its name; writers that are killed, too many, or without room leave it whole.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/form.h"
#include "audit/query.h"
#include "audit/trail.h"
#include "audit/verify.h"
#include "scratch.h"
#include "util/deadline.h"

#define SEED 7

struct fixture {
	struct scratch scratch;
	char folder[80], copy[80], log[96];
	struct audit_trail trail;
	uint8_t secret[AUDIT_SECRET_KEY], public[AUDIT_PUBLIC_KEY];
	struct audit_key key;
	struct audit_report report;
};

static int setup(void **state)
{
	static struct fixture f;
	uint8_t seed[crypto_sign_SEEDBYTES];

	memset(&f, 0, sizeof(f));
	memset(seed, SEED, sizeof(seed));
	assert_true(sodium_init() >= 0);
	crypto_sign_seed_keypair(f.public, f.secret, seed);
	f.key = (struct audit_key){.secret = f.secret, .public = f.public};
	scratch_make(&f.scratch);
	snprintf(f.folder, sizeof(f.folder), "%s/audit", f.scratch.path);
	snprintf(f.copy, sizeof(f.copy), "%s/copy", f.scratch.path);
	snprintf(f.log, sizeof(f.log), "%s/audit/audit.log", f.scratch.path);
	f.trail = (struct audit_trail){
	    .folder = f.folder, .copy = f.copy, .owner = geteuid(), .rotate_at = 1u << 20};
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[240];

	snprintf(command, sizeof(command), "rm -rf '%s' '%s/aside'", f->folder, f->scratch.path);
	assert_int_equal(system(command), 0);
	scratch_remove(&f->scratch);
	return 0;
}

static void append(struct fixture *f, const char *texts)
{
	struct reason why = {0};

	if (audit_append(&f->trail, texts, &why) < 0)
		fail_msg("%s", why.text);
}

static void append_numbered(struct fixture *f, int from, int to)
{
	for (int i = from; i <= to; i++) {
		char text[64];

		snprintf(text, sizeof(text), "event=set name=N%d result=done", i);
		append(f, text);
	}
}

static void sign(struct fixture *f, unsigned keep)
{
	struct reason why = {0};

	if (audit_checkpoint(&f->trail, &f->key, keep, &why) < 0)
		fail_msg("%s", why.text);
}

static void assert_sound(struct fixture *f, uint64_t entries)
{
	struct reason why = {0};
	int r = audit_verify(&f->trail, f->public, &f->report, &why);

	if (r < 0)
		fail_msg("%d %s", r, why.text);
	for (size_t i = 0; i < f->report.count; i++)
		print_message("%s line %llu: %s: %s\n", f->report.findings[i].file,
		    (unsigned long long)f->report.findings[i].line,
		    audit_kind_word(f->report.findings[i].kind), f->report.findings[i].text);
	assert_int_equal(f->report.count, 0);
	assert_int_equal(f->report.entries, entries);
}

/* The first finding. */
static void assert_found(
    struct fixture *f, enum audit_kind kind, const char *file, uint64_t line, uint64_t seq)
{
	struct reason why = {0};
	const struct audit_finding *found = f->report.findings;

	assert_int_equal(audit_verify(&f->trail, f->public, &f->report, &why), 0);
	assert_true(f->report.count > 0);
	assert_string_equal(audit_kind_word(found->kind), audit_kind_word(kind));
	assert_string_equal(found->file, file);
	assert_int_equal(found->line, line);
	assert_int_equal(found->seq, seq);
}

static void read_all(const char *path, struct buf *out)
{
	fd_auto fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(file_read_fd(fd, 64u << 20, out), 0);
}

static void write_all(const char *path, const void *data, size_t len)
{
	fd_auto fd = open(path, O_WRONLY | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, data, len), 0);
}

/* Line `number` of the text, from 1, with its newline. */
static struct audit_span line_of(const struct buf *text, unsigned number)
{
	const char *at = text->data, *end;

	while (--number)
		at = strchr(at, '\n') + 1;
	end = strchr(at, '\n');
	return (struct audit_span){.at = at, .len = (size_t)(end - at) + 1};
}

static void put_line(struct buf *out, const struct buf *text, unsigned number)
{
	struct audit_span line = line_of(text, number);

	buf_add(out, line.at, line.len);
}

/* Writes audit.log anew from its lines `numbers`, ended by 0. */
static void rewrite(struct fixture *f, const unsigned *numbers)
{
	buf_auto before = {0}, after = {0};

	read_all(f->log, &before);
	for (; *numbers; numbers++)
		put_line(&after, &before, *numbers);
	write_all(f->log, after.data, after.len);
}

#define REWRITE(f, ...) rewrite(f, (const unsigned[]){__VA_ARGS__, 0})

/* ---- what is written ---- */

static void test_lines_are_chained(void **state)
{
	struct fixture *f = *state;
	char hash[AUDIT_HASH_TEXT + 1];
	struct audit_span one, two;
	struct audit_line line;
	uint8_t digest[32];
	buf_auto text = {0}, value = {0};
	struct stat st;

	append(f, "event=load user=first cause=\"a \\\"b\\\" \\x0a\" result=failed");
	append(f, "event=release user=first result=done");
	read_all(f->log, &text);
	one = line_of(&text, 2);
	two = line_of(&text, 3);
	assert_int_equal(audit_parse_line(one.at, one.len - 1, &line), 0);
	assert_int_equal(line.seq, 2);
	assert_int_equal(line.pid, getpid());
	assert_true(audit_field_is(&line, "event", "load"));
	assert_int_equal(audit_field_value(audit_field(&line, "cause"), &value), 0);
	assert_string_equal(buf_text(&value), "a \"b\" \n");
	crypto_generichash(digest, 32, (const uint8_t *)one.at, one.len - 1, NULL, 0);
	sodium_bin2hex(hash, sizeof(hash), digest, 32);
	assert_int_equal(audit_parse_line(two.at, two.len - 1, &line), 0);
	assert_memory_equal(line.previous.at, hash, AUDIT_HASH_TEXT);
	assert_int_equal(stat(f->folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(f->log, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_sound(f, 3);
}

static void test_several_events_are_one_write(void **state)
{
	struct fixture *f = *state;

	append(f, "event=deny result=denied\nevent=release result=done\n");
	assert_sound(f, 3);
}

static void test_no_machine_no_trail(void **state)
{
	struct fixture *f = *state;
	struct audit_trail nowhere = f->trail;
	struct reason why = {0};

	nowhere.folder = "/nonexistent/audit";
	nowhere.copy = "/nonexistent/copy";
	assert_int_equal(audit_append(&nowhere, "event=x result=done", &why), -ENOENT);
	assert_int_equal(audit_checkpoint(&nowhere, &f->key, 0, &why), -ENOENT);
	assert_int_equal(audit_verify(&nowhere, f->public, &f->report, &why), -ENOENT);
}

static void test_what_makes_no_line_is_refused(void **state)
{
	struct fixture *f = *state;
	buf_auto text = {0};

	buf_add_text(&text, "event=x cause=\"");
	for (int i = 0; i < AUDIT_LINE_MAX; i++)
		buf_add_char(&text, 'a');
	buf_add_text(&text, "\" result=done");
	assert_int_equal(audit_append(&f->trail, buf_text(&text), NULL), -EBADMSG);
	assert_int_equal(audit_append(&f->trail, "result=done", NULL), -EBADMSG);
	append(f, "event=x result=done");
	assert_sound(f, 2);
}

static void test_others_files_are_not_written(void **state)
{
	struct fixture *f = *state;
	struct reason why = {0};

	append(f, "event=x result=done");
	assert_int_equal(chmod(f->log, 0644), 0);
	assert_int_equal(audit_append(&f->trail, "event=x result=done", &why), -EACCES);
	assert_int_equal(unlink(f->log), 0);
	assert_int_equal(symlink(f->copy, f->log), 0);
	assert_int_equal(audit_append(&f->trail, "event=x result=done", &why), -ELOOP);
	assert_int_equal(unlink(f->log), 0);
	assert_int_equal(chmod(f->folder, 0777), 0);
	assert_int_equal(audit_append(&f->trail, "event=x result=done", &why), -EACCES);
	assert_int_equal(chmod(f->folder, 0700), 0);
}

/* ---- hostile lines ---- */

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define GOOD "1 2026-11-27T02:18:00.123Z " HASH " ravi[7] event=x"

static int parse(const char *text)
{
	struct audit_line line;

	return audit_parse_line(text, strlen(text), &line);
}

static void test_hostile_lines(void **state)
{
	static const char *const bad[] = {"", " ", "1", "1 ",
	    "0"
	    " 2026-11-27T02:18:00.123Z " HASH " ravi[7] event=x",
	    "01 2026-11-27T02:18:00.123Z " HASH " ravi[7] event=x",
	    "9007199254740992 2026-11-27T02:18:00.123Z " HASH " ravi[7] event=x",
	    "99999999999999999999 2026-11-27T02:18:00.123Z " HASH " ravi[7] event=x",
	    "-1 2026-11-27T02:18:00.123Z " HASH " ravi[7] event=x",
	    "1 2026-02-30T02:18:00.123Z " HASH " ravi[7] event=x",
	    "1 2026-11-27T25:18:00.123Z " HASH " ravi[7] event=x",
	    "1 2026-11-27T02:18:00Z " HASH " ravi[7] event=x",
	    "1 2026-11-27T02:18:00.123Z 0" HASH " ravi[7] event=x",
	    "1 2026-11-27T02:18:00.123Z "
	    "A123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef ravi[7] event=x",
	    "1 2026-11-27T02:18:00.123Z " HASH " [7] event=x",
	    "1 2026-11-27T02:18:00.123Z " HASH " ra/vi[7] event=x",
	    "1 2026-11-27T02:18:00.123Z " HASH " ravi[] event=x",
	    "1 2026-11-27T02:18:00.123Z " HASH " ravi[4294967296] event=x",
	    "1 2026-11-27T02:18:00.123Z " HASH " ravi[7]",
	    "1 2026-11-27T02:18:00.123Z " HASH " ravi[7] ",
	    "1 2026-11-27T02:18:00.123Z " HASH " ravi[7] name=x", GOOD " ", GOOD "  a=b", GOOD " a",
	    GOOD " a=", GOOD " =b", GOOD " A=b", GOOD " a=b=c", GOOD " a=\"", GOOD " a=\"b",
	    GOOD " a=\"b\\", GOOD " a=\"\\x\"", GOOD " a=\"\\x0g\"", GOOD " a=\"\\n\"",
	    GOOD " a=b\"c\"", GOOD " a=\"b\"c", GOOD " a=b\\", GOOD " a=\t", GOOD " a=\x7f",
	    GOOD " a=\xc3\xa9", GOOD "\n", GOOD "\r",
	    GOOD " a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 "
		 "a=1 a=1 a=1 a=1"};
	struct audit_line line;

	(void)state;
	assert_int_equal(parse(GOOD), 0);
	assert_int_equal(parse(GOOD " a=\"\" b=\"\\\\\\\"\\x00\" c-1=!"), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (parse(bad[i]) != -EBADMSG)
			fail_msg("taken for a line: %s", bad[i]);
	/* Every shortening: of exactly so many bytes, that a sanitizer sees a step past them. */
	for (size_t len = 0; len < strlen(GOOD) - 1; len++) {
		free_auto char *exact = malloc(len ? len : 1);

		assert_non_null(exact);
		memcpy(exact, GOOD, len);
		audit_parse_line(exact, len, &line);
	}
	assert_int_equal(audit_parse_line("1\0", 2, &line), -EBADMSG);
	assert_int_equal(audit_parse_line("\0", 1, &line), -EBADMSG);
}

/* Bytes changed at random: a line or none, but nothing else happens; what is a line has all its parts. */
static void test_random_lines(void **state)
{
	static const char from[] = GOOD " user=first cause=\"a \\\"b\\x0a\" result=done";
	struct audit_line line;
	buf_auto value = {0};

	(void)state;
	srandom(SEED);
	for (int i = 0; i < 200000; i++) {
		char text[sizeof(from)];

		memcpy(text, from, sizeof(from));
		for (long n = random() % 4; n >= 0; n--)
			text[(size_t)random() % (sizeof(from) - 1)] = (char)random();
		if (audit_parse_line(text, (size_t)random() % sizeof(from), &line) < 0)
			continue;
		assert_true(line.count >= 1 && line.count <= AUDIT_FIELDS_MAX);
		for (size_t k = 0; k < line.count; k++)
			assert_int_equal(audit_field_value(&line.fields[k], &value), 0);
		buf_reset(&value);
	}
}

/* ---- tampering ---- */

/* Lines 1 to 8: begin, N1 to N6, checkpoint. */
static void make_eight(struct fixture *f)
{
	append_numbered(f, 1, 6);
	sign(f, 0);
	assert_sound(f, 8);
}

static void test_a_checkpoint_is_made_once(void **state)
{
	struct fixture *f = *state;

	make_eight(f);
	assert_true(audit_is_signed(&f->trail));
	sign(f, 0);
	assert_sound(f, 8);
	assert_int_equal(f->report.checkpoints, 1);
	assert_int_equal(f->report.signed_seq, 8);
	append_numbered(f, 7, 7);
	assert_false(audit_is_signed(&f->trail));
	sign(f, 0);
	assert_sound(f, 10);
	assert_int_equal(f->report.checkpoints, 2);
}

/* Every single byte of the file, one after the other, in each of some ways. */
static void test_every_changed_byte_is_found(void **state)
{
	struct fixture *f = *state;
	struct reason why = {0};
	buf_auto text = {0};

	append_numbered(f, 1, 2);
	sign(f, 0);
	read_all(f->log, &text);
	for (size_t i = 0; i < text.len; i++) {
		static const char changes[] = {'0', 'a', ' ', '\n', '\0'};
		char was = text.data[i];

		for (size_t k = 0; k < sizeof(changes); k++) {
			if (changes[k] == was)
				continue;
			text.data[i] = changes[k];
			write_all(f->log, text.data, text.len);
			assert_int_equal(audit_verify(&f->trail, f->public, &f->report, &why), 0);
			if (!f->report.count)
				fail_msg("byte %zu, now '%c', is not found", i, changes[k]);
		}
		text.data[i] = was;
	}
	write_all(f->log, text.data, text.len);
	assert_sound(f, 4);
}

static void test_every_cut_is_found(void **state)
{
	struct fixture *f = *state;
	struct reason why = {0};
	buf_auto text = {0};

	append_numbered(f, 1, 2);
	sign(f, 0);
	read_all(f->log, &text);
	/* Less its last newline it says all that it said. */
	for (size_t len = 0; len < text.len - 1; len++) {
		write_all(f->log, text.data, len);
		assert_int_equal(audit_verify(&f->trail, f->public, &f->report, &why), 0);
		if (!f->report.count)
			fail_msg("a cut to %zu bytes is not found", len);
	}
}

static void test_a_changed_line(void **state)
{
	struct fixture *f = *state;
	buf_auto text = {0};

	make_eight(f);
	read_all(f->log, &text);
	*strstr(text.data, "N3") = 'M';
	write_all(f->log, text.data, text.len);
	assert_found(f, AUDIT_CHANGED, "audit.log", 4, 4);
	assert_int_equal(f->report.count, 1);
}

static void test_a_removed_line(void **state)
{
	struct fixture *f = *state;

	make_eight(f);
	REWRITE(f, 1, 2, 3, 6, 7, 8);
	assert_found(f, AUDIT_REMOVED, "audit.log", 4, 4);
	assert_int_equal(f->report.findings[0].until, 5);
}

static void test_the_first_line_removed(void **state)
{
	struct fixture *f = *state;

	make_eight(f);
	REWRITE(f, 2, 3, 4, 5, 6, 7, 8);
	assert_found(f, AUDIT_CHANGED, "audit.log", 1, 2);
}

static void test_swapped_lines(void **state)
{
	struct fixture *f = *state;

	make_eight(f);
	REWRITE(f, 1, 2, 4, 3, 5, 6, 7, 8);
	assert_found(f, AUDIT_REORDERED, "audit.log", 3, 3);
	/* One finding for one thing done, and one that the checkpoint's own place is still right. */
	assert_int_equal(f->report.count, 1);
}

static void test_a_line_twice(void **state)
{
	struct fixture *f = *state;

	make_eight(f);
	REWRITE(f, 1, 2, 3, 2, 4, 5, 6, 7, 8);
	assert_found(f, AUDIT_REORDERED, "audit.log", 4, 2);
}

static void test_a_cut_end(void **state)
{
	struct fixture *f = *state;

	make_eight(f);
	REWRITE(f, 1, 2, 3, 4, 5);
	assert_found(f, AUDIT_TRUNCATED, "audit.log", 5, 6);
}

/* Whoever cuts and goes on does not get away with it, and nothing signs it. */
static void test_a_cut_that_is_written_over(void **state)
{
	struct fixture *f = *state;
	struct reason why = {0};

	make_eight(f);
	REWRITE(f, 1, 2, 3, 4, 5);
	append_numbered(f, 10, 20);
	assert_found(f, AUDIT_CHANGED, "audit.checkpoint", 0, 8);
	assert_int_equal(audit_checkpoint(&f->trail, &f->key, 0, &why), -EBADMSG);
	assert_non_null(strstr(why.text, "ravi audit verify"));
	assert_found(f, AUDIT_CHANGED, "audit.checkpoint", 0, 8);
}

static void test_all_files_gone(void **state)
{
	struct fixture *f = *state;
	struct reason why = {0};

	make_eight(f);
	assert_int_equal(unlink(f->log), 0);
	assert_found(f, AUDIT_TRUNCATED, "audit.log", 0, 1);
	assert_int_equal(rmdir(f->folder), 0);
	assert_found(f, AUDIT_TRUNCATED, "audit.log", 0, 1);
	append_numbered(f, 1, 6);
	assert_int_equal(audit_checkpoint(&f->trail, &f->key, 0, &why), -EBADMSG);
}

static void test_the_copy_gone_or_damaged(void **state)
{
	struct fixture *f = *state;
	struct reason why = {0};

	make_eight(f);
	write_all(f->copy, "8 damaged", 9);
	assert_found(f, AUDIT_CHANGED, "audit.checkpoint", 0, 0);
	append_numbered(f, 7, 7);
	assert_int_equal(audit_checkpoint(&f->trail, &f->key, 0, &why), -EBADMSG);
	assert_int_equal(unlink(f->copy), 0);
	assert_found(f, AUDIT_REMOVED, "audit.checkpoint", 0, 8);
	assert_int_equal(audit_checkpoint(&f->trail, &f->key, 0, &why), -EBADMSG);
}

/* With a new host key all that there are became a stranger's: that hides nothing that was done further on. */
static void test_checkpoints_of_a_former_key_hide_nothing(void **state)
{
	struct fixture *f = *state;
	uint8_t secret[AUDIT_SECRET_KEY], public[AUDIT_PUBLIC_KEY];
	struct reason why = {0};
	buf_auto text = {0};
	size_t changed = 0;

	for (int i = 1; i <= AUDIT_FINDINGS_MAX + 5; i++) {
		append_numbered(f, i, i);
		sign(f, 0);
	}
	append_numbered(f, 90, 91);
	read_all(f->log, &text);
	*strstr(text.data, "name=N90") = 'm';
	write_all(f->log, text.data, text.len);
	crypto_sign_keypair(public, secret);
	assert_int_equal(audit_verify(&f->trail, public, &f->report, &why), 0);
	assert_int_equal(f->report.unsigned_checkpoints, AUDIT_FINDINGS_MAX + 5);
	for (size_t i = 0; i < f->report.count; i++)
		changed += f->report.findings[i].kind == AUDIT_CHANGED;
	assert_int_equal(changed, 1);
}

/* All lines anew, each chained as it should be, but by somebody without the host key. */
static void test_a_forged_trail(void **state)
{
	struct fixture *f = *state;
	uint8_t secret[AUDIT_SECRET_KEY], public[AUDIT_PUBLIC_KEY];
	const struct audit_key other = {.secret = secret, .public = public};
	struct reason why = {0};

	make_eight(f);
	assert_int_equal(unlink(f->log), 0);
	assert_int_equal(unlink(f->copy), 0);
	append_numbered(f, 11, 16);
	crypto_sign_keypair(public, secret);
	assert_int_equal(audit_checkpoint(&f->trail, &other, 0, &why), 0);
	assert_found(f, AUDIT_UNSIGNED, "audit.checkpoint", 0, 8);
}

static void test_set_aside_and_begun_anew(void **state)
{
	struct fixture *f = *state;
	struct reason why = {0};
	char aside[96];

	make_eight(f);
	REWRITE(f, 1, 2, 3);
	snprintf(aside, sizeof(aside), "%s/aside", f->scratch.path);
	assert_int_equal(audit_set_aside(&f->trail, aside, &why), 0);
	append(f, "event=restart result=done");
	sign(f, 0);
	assert_sound(f, 3);
	strcat(aside, "/checkpoint");
	assert_int_equal(access(aside, F_OK), 0);
}

/* ---- rotation ---- */

/* How many files it has; what else there is to see is in the report. */
static uint64_t look(struct fixture *f)
{
	assert_int_equal(audit_verify(&f->trail, f->public, &f->report, NULL), 0);
	return f->report.files;
}

static void test_rotation_keeps_the_chain(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char path[160];

	f->trail.rotate_at = 1000;
	append_numbered(f, 1, 50);
	sign(f, 0);
	assert_sound(f, 50 + 1 + look(f));
	assert_true(f->report.files > 5);
	assert_int_equal(f->report.first, 1);
	snprintf(path, sizeof(path), "%s/audit.log.1", f->folder);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size >= 1000 && st.st_size < 1400);
}

static void test_old_files_are_dropped_and_that_is_signed(void **state)
{
	struct fixture *f = *state;
	struct reason why = {0};
	char path[160], name[32];
	int gone = -1;

	f->trail.rotate_at = 1000;
	append_numbered(f, 1, 50);
	assert_true(look(f) > 5);
	/* Which may begin another file: the lines are as long as the number of this process. */
	sign(f, 3);
	assert_int_equal(look(f), 4);
	assert_int_equal(f->report.count, 0);
	assert_true(f->report.first > 1);
	/* One more is gone than was dropped. */
	for (unsigned number = 1; gone < 0 && number < 50; number++) {
		snprintf(name, sizeof(name), "audit.log.%u", number);
		snprintf(path, sizeof(path), "%s/%s", f->folder, name);
		gone = unlink(path);
	}
	assert_int_equal(gone, 0);
	assert_int_equal(audit_verify(&f->trail, f->public, &f->report, &why), 0);
	assert_true(f->report.count > 0);
	assert_int_equal(f->report.findings[0].kind, AUDIT_REMOVED);
	assert_string_equal(f->report.findings[0].file, name);
}

/* What a next checkpoint would call dropped: none is made, with few files to keep or with all. */
static void test_a_file_taken_away_is_not_signed_away(void **state)
{
	static const unsigned gone[] = {1, 3};
	struct fixture *f = *state;
	struct reason why = {0};
	char path[160], away[160];

	f->trail.rotate_at = 1000;
	append_numbered(f, 1, 50);
	sign(f, 0);
	append_numbered(f, 51, 51);
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++) {
		snprintf(path, sizeof(path), "%s/audit.log.%u", f->folder, gone[i]);
		snprintf(away, sizeof(away), "%s.away", f->copy);
		assert_int_equal(rename(path, away), 0);
		for (unsigned keep = 0; keep < 4; keep++)
			assert_int_equal(
			    audit_checkpoint(&f->trail, &f->key, keep, &why), -EBADMSG);
		look(f);
		assert_int_equal(f->report.findings[0].kind, AUDIT_REMOVED);
		assert_int_equal(rename(away, path), 0);
	}
	sign(f, 3);
	assert_int_equal(look(f), 4);
	assert_int_equal(f->report.count, 0);
}

/* The same before the first checkpoint. */
static void test_a_trail_without_its_beginning_is_not_signed(void **state)
{
	struct fixture *f = *state;
	struct reason why = {0};
	char path[160];

	f->trail.rotate_at = 1000;
	append_numbered(f, 1, 50);
	snprintf(path, sizeof(path), "%s/audit.log.1", f->folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(audit_checkpoint(&f->trail, &f->key, 0, &why), -EBADMSG);
}

/* A line that was changed stays where it can be seen. */
static void test_a_changed_file_is_not_dropped(void **state)
{
	struct fixture *f = *state;
	struct reason why = {0};
	char path[160];
	fd_auto fd = -1;

	f->trail.rotate_at = 1000;
	append_numbered(f, 1, 50);
	sign(f, 0);
	append_numbered(f, 51, 51);
	snprintf(path, sizeof(path), "%s/audit.log.1", f->folder);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "9", 1, 400), 1);
	assert_int_equal(audit_checkpoint(&f->trail, &f->key, 3, &why), -EBADMSG);
	assert_int_equal(access(path, F_OK), 0);
	look(f);
	assert_string_equal(f->report.findings[0].file, "audit.log.1");
}

static void test_a_file_in_the_middle_gone(void **state)
{
	struct fixture *f = *state;
	char path[160];

	f->trail.rotate_at = 1000;
	append_numbered(f, 1, 50);
	snprintf(path, sizeof(path), "%s/audit.log.3", f->folder);
	assert_int_equal(unlink(path), 0);
	look(f);
	assert_int_equal(f->report.findings[0].kind, AUDIT_REMOVED);
	assert_string_equal(f->report.findings[0].file, "audit.log.4");
	assert_int_equal(f->report.findings[0].line, 1);
}

/* Killed between renaming the full file and beginning the next one. */
static void test_rotation_half_done(void **state)
{
	struct fixture *f = *state;
	char path[160];

	append_numbered(f, 1, 3);
	sign(f, 0);
	snprintf(path, sizeof(path), "%s/audit.log.1", f->folder);
	assert_int_equal(rename(f->log, path), 0);
	assert_sound(f, 5);
	append_numbered(f, 4, 4);
	assert_sound(f, 7);
	assert_int_equal(f->report.files, 2);
	sign(f, 0);
	assert_sound(f, 8);
}

/* ---- writers in trouble ---- */

/* Killed in the middle of a line: at each of its bytes. */
static void test_a_torn_line_is_ended(void **state)
{
	struct fixture *f = *state;
	buf_auto text = {0};
	struct audit_span last;
	size_t whole;

	append_numbered(f, 1, 3);
	read_all(f->log, &text);
	last = line_of(&text, 4);
	whole = (size_t)(last.at - text.data);
	for (size_t len = 1; len < last.len; len++) {
		write_all(f->log, text.data, whole + len);
		audit_verify(&f->trail, f->public, &f->report, NULL);
		assert_int_equal(f->report.count, 0);
		append(f, "event=after result=done");
		audit_verify(&f->trail, f->public, &f->report, NULL);
		if (f->report.count || f->report.torn != 1)
			fail_msg("torn at byte %zu: %s", len, f->report.findings[0].text);
	}
	sign(f, 0);
	assert_int_equal(look(f), 1);
	assert_int_equal(f->report.count, 0);
}

/* A power cut may leave zeros where a line should be. */
static void test_a_tail_of_zeros(void **state)
{
	struct fixture *f = *state;
	fd_auto fd = -1;

	append_numbered(f, 1, 30);
	fd = open(f->log, O_WRONLY | O_APPEND);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(write(fd, "", 1), 1);
	append_numbered(f, 31, 31);
	sign(f, 0);
	assert_sound(f, 34);
	assert_int_equal(f->report.torn, 1);
}

static void test_a_file_that_is_no_trail_is_put_away(void **state)
{
	struct fixture *f = *state;

	append_numbered(f, 1, 3);
	write_all(f->log, "nonsense\nand more", 17);
	append_numbered(f, 4, 4);
	/* Nothing was signed, so nothing can be missed. */
	assert_sound(f, 2);
}

static void test_a_line_put_in_by_hand(void **state)
{
	struct fixture *f = *state;
	fd_auto fd = -1;

	append_numbered(f, 1, 3);
	fd = open(f->log, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "one\ntwo\n", 8), 8);
	append_numbered(f, 4, 4);
	assert_found(f, AUDIT_CHANGED, "audit.log", 5, 5);
}

static void test_a_full_disk_leaves_no_half_line(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, limit;
	struct reason why = {0};
	struct stat st, after;

	append_numbered(f, 1, 3);
	assert_int_equal(stat(f->log, &st), 0);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = (rlim_t)st.st_size + 40;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_true(audit_append(&f->trail, "event=x result=done", &why) < 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(stat(f->log, &after), 0);
	assert_int_equal(after.st_size, st.st_size);
	append_numbered(f, 4, 4);
	assert_sound(f, 5);
}

static void test_a_lock_that_is_held_delays_and_no_more(void **state)
{
	struct fixture *f = *state;
	struct reason why = {0};
	fd_auto fd = -1;
	int64_t from;

	append_numbered(f, 1, 1);
	fd = open(f->folder, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	from = deadline_now();
	assert_int_equal(audit_append(&f->trail, "event=x result=done", &why), -ETIMEDOUT);
	assert_true(deadline_now() - from >= AUDIT_WAIT / 2);
	assert_non_null(strstr(why.text, "locked"));
}

/* A child, to which the trail's lock has come along. */
static pid_t fork_with_lock(struct fixture *f, int *lock)
{
	pid_t pid;

	append_numbered(f, 1, 1);
	*lock = audit_lock(&f->trail, AUDIT_WAIT, NULL);
	assert_true(*lock >= 0);
	pid = fork();
	assert_true(pid >= 0);
	return pid;
}

static void test_who_reads_waits_for_the_child_with_the_lock(void **state)
{
	const struct timespec moment = {.tv_nsec = 200 * 1000 * 1000};
	struct fixture *f = *state;
	int lock, status;
	pid_t pid = fork_with_lock(f, &lock);

	if (pid == 0) {
		nanosleep(&moment, NULL);
		_exit(audit_append_locked(&f->trail, lock, "event=late result=done", NULL) < 0);
	}
	close(lock);
	/* event=begin, the first one, and this. */
	assert_sound(f, 3);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_who_waits_while_the_trail_is_put_aside_writes_to_the_new_one(void **state)
{
	const struct timespec moment = {.tv_nsec = 200 * 1000 * 1000};
	struct fixture *f = *state;
	char aside[96];
	int lock, status;
	pid_t pid = fork_with_lock(f, &lock);

	if (pid == 0) {
		close(lock);
		lock = audit_lock(&f->trail, AUDIT_WAIT, NULL);
		_exit(lock < 0 ||
		      audit_append_locked(&f->trail, lock, "event=late result=done", NULL) < 0);
	}
	nanosleep(&moment, NULL);
	snprintf(aside, sizeof(aside), "%s/aside", f->scratch.path);
	assert_int_equal(rename(f->folder, aside), 0);
	close(lock);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* event=begin and this. */
	assert_sound(f, 2);
}

#define WRITERS 24
#define EACH    50

static void write_many(struct fixture *f, int writer)
{
	for (int i = 0; i < EACH; i++) {
		char text[64];
		int r;

		snprintf(text, sizeof(text), "event=w writer=%d number=%d result=done", writer, i);
		/* On a busy machine one may wait longer than a login would. */
		do
			r = audit_append(&f->trail, text, NULL);
		while (r == -ETIMEDOUT);
		if (r < 0)
			_exit(1);
		if (i % 10 == 0)
			audit_checkpoint(&f->trail, &f->key, 0, NULL);
	}
	_exit(0);
}

static void test_parallel_writers(void **state)
{
	struct fixture *f = *state;
	int status;

	f->trail.rotate_at = 20000;
	for (int i = 0; i < WRITERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			write_many(f, i);
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	sign(f, 0);
	look(f);
	assert_int_equal(f->report.count, 0);
	assert_true(f->report.files > 10);
	assert_int_equal(
	    f->report.entries, WRITERS * EACH + f->report.files + f->report.checkpoints);
}

/* Writers killed at whatever they are doing. */
static void test_killed_writers(void **state)
{
	struct fixture *f = *state;

	f->trail.rotate_at = 20000;
	append_numbered(f, 1, 1);
	for (int round = 0; round < 150; round++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			write_many(f, round);
		usleep((useconds_t)(random() % 3000));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	sign(f, 0);
	look(f);
	for (size_t i = 0; i < f->report.count; i++)
		print_message("%s\n", f->report.findings[i].text);
	assert_int_equal(f->report.count, 0);
	assert_true(f->report.entries > 150);
}

/* ---- questions ---- */

static bool asks(const struct audit_query *query, const char *fields)
{
	struct audit_line line;
	buf_auto text = {0};

	buf_addf(&text, "1 2026-11-27T02:18:00.123Z " HASH " ravi[7] %s", fields);
	assert_int_equal(audit_parse_line(text.data, text.len, &line), 0);
	return audit_matches(query, &line);
}

static void test_questions(void **state)
{
	static const struct agent agent = {
	    .user = "first", .identities = {"first", "further"}, .count = 2};
	const struct audit_query of_identity = {.identity = "further", .carrier = "first"};
	const struct audit_query own = {.own = &agent};
	const struct audit_query later = {.since = INT64_C(1795745880124)};

	(void)state;
	assert_true(asks(&of_identity, "event=set identity=further result=done"));
	assert_true(asks(&of_identity, "event=load user=first identity=first result=done"));
	assert_false(asks(&of_identity, "event=set user=first identity=first result=done"));
	assert_false(asks(&of_identity, "event=load user=second identity=second result=done"));
	assert_true(asks(&own, "event=get identity=further by=0 result=done"));
	assert_true(asks(&own, "event=release user=first result=done"));
	assert_false(asks(&own, "event=set user=second identity=further result=done"));
	assert_false(asks(&own, "event=init by=0 result=done"));
	assert_false(asks(&later, "event=x result=done"));
	assert_true(asks(&(struct audit_query){.event = "x", .user = "u"}, "event=x user=u"));
	assert_false(asks(&(struct audit_query){.event = "x", .user = "u"}, "event=x user=uu"));
	assert_false(asks(&(struct audit_query){.event = "x"}, "event=xx"));
}

struct collected {
	int count;
};

static int count_line(void *context, const struct audit_place *place, const char *bytes, size_t len)
{
	struct collected *collected = context;

	(void)place, (void)bytes, (void)len;
	collected->count++;
	return 0;
}

static int count_made(void *context, const struct audit_place *place, const char *bytes, size_t len)
{
	const struct agent agent = {.user = "ann", .identities = {"ann-agent"}, .count = 1};
	unsigned *count = context;
	struct audit_line line;

	(void)place;
	assert_int_equal(audit_parse_line(bytes, len, &line), 0);
	*count += audit_made_agent(&agent, &line);
	return 0;
}

/* By whatever command: what was before is another agent's of that name. */
static void test_what_makes_an_agent(void **state)
{
	struct fixture *f = *state;
	const struct audit_walk all = {0};
	struct reason why = {0};
	unsigned count = 0;

	append(f, "event=identity-create user=ann identity=ann-agent result=done\n"
		  "event=identity-adopt user=ann identity=ann-agent entry=new result=done\n"
		  "event=vault-import user=ann identity=ann-agent entry=new result=done");
	append(f, "event=identity-create user=ann identity=ann-agent result=failed\n"
		  "event=identity-create user=bob identity=ann-agent result=done\n"
		  "event=identity-create user=ann identity=other result=done\n"
		  "event=identity-adopt user=ann identity=ann-agent result=done\n"
		  "event=vault-import user=ann identity=ann-agent result=done");
	assert_int_equal(audit_walk(&f->trail, &all, count_made, &count, &why), 0);
	assert_int_equal(count, 3);
}

static void test_a_walk_leaves_out_what_is_older(void **state)
{
	struct fixture *f = *state;
	const struct audit_walk newest = {.newest = 2}, later = {.since = INT64_MAX};
	struct collected all = {0}, two = {0}, one = {0};

	f->trail.rotate_at = 1000;
	append_numbered(f, 1, 50);
	assert_int_equal(audit_walk(&f->trail, &(struct audit_walk){0}, count_line, &all, NULL), 0);
	assert_int_equal(audit_walk(&f->trail, &newest, count_line, &two, NULL), 0);
	assert_int_equal(audit_walk(&f->trail, &later, count_line, &one, NULL), 0);
	assert_true(all.count > two.count && two.count > one.count && one.count > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_lines_are_chained),
	    TEST(test_several_events_are_one_write),
	    TEST(test_no_machine_no_trail),
	    TEST(test_what_makes_no_line_is_refused),
	    TEST(test_others_files_are_not_written),
	    cmocka_unit_test(test_hostile_lines),
	    cmocka_unit_test(test_random_lines),
	    TEST(test_a_checkpoint_is_made_once),
	    TEST(test_every_changed_byte_is_found),
	    TEST(test_every_cut_is_found),
	    TEST(test_a_changed_line),
	    TEST(test_a_removed_line),
	    TEST(test_the_first_line_removed),
	    TEST(test_swapped_lines),
	    TEST(test_a_line_twice),
	    TEST(test_a_cut_end),
	    TEST(test_a_cut_that_is_written_over),
	    TEST(test_all_files_gone),
	    TEST(test_the_copy_gone_or_damaged),
	    TEST(test_checkpoints_of_a_former_key_hide_nothing),
	    TEST(test_a_forged_trail),
	    TEST(test_set_aside_and_begun_anew),
	    TEST(test_rotation_keeps_the_chain),
	    TEST(test_old_files_are_dropped_and_that_is_signed),
	    TEST(test_a_file_in_the_middle_gone),
	    TEST(test_a_file_taken_away_is_not_signed_away),
	    TEST(test_a_trail_without_its_beginning_is_not_signed),
	    TEST(test_a_changed_file_is_not_dropped),
	    TEST(test_rotation_half_done),
	    TEST(test_a_torn_line_is_ended),
	    TEST(test_a_tail_of_zeros),
	    TEST(test_a_file_that_is_no_trail_is_put_away),
	    TEST(test_a_line_put_in_by_hand),
	    TEST(test_a_full_disk_leaves_no_half_line),
	    TEST(test_a_lock_that_is_held_delays_and_no_more),
	    TEST(test_who_reads_waits_for_the_child_with_the_lock),
	    TEST(test_who_waits_while_the_trail_is_put_aside_writes_to_the_new_one),
	    TEST(test_parallel_writers),
	    TEST(test_killed_writers),
	    cmocka_unit_test(test_questions),
	    TEST(test_what_makes_an_agent),
	    TEST(test_a_walk_leaves_out_what_is_older),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * ravi audit: what happened, from the audit trail (audit/trail.h); an agent is given its own by the broker.
 * ravi audit verify: whether the trail is as it was written; ravi audit restart: a new one in its place.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/query.h"
#include "broker/client.h"
#include "commands.h"
#include "config/paths.h"
#include "context.h"
#include "identity.h"
#include "machine/trail.h"
#include "own.h"
#include "trail.h"
#include "util/jsonout.h"
#include "util/report.h"
#include "util/when.h"

#define FOLLOW_PAUSE 300 /* milliseconds between two looks at the file */

struct audit_values {
	const char *identity, *user, *since, *event;
	long lines;
	bool json, follow;
};

#define ROW(member) .name = #member, .offset = offsetof(struct audit_values, member)

const struct option_row audit_options[] = {
    {ROW(identity), .kind = OPTION_TEXT, .letter = 'i', .argument = "ID",
	.help = "what was done to this identity, and to the ring it is in"},
    {ROW(user), .kind = OPTION_TEXT, .letter = 'u', .argument = "USER",
	.help = "what concerned this OS user"},
    {ROW(since), .kind = OPTION_TEXT, .argument = "WHEN",
	.help = "not what is older than that: 90s, 15m, 2h, 3d, 2w or 2027-01-31T00:00:00Z"},
    {ROW(event), .kind = OPTION_TEXT, .letter = 'e', .argument = "EVENT",
	.help = "these events alone: load, deny, set, rotate, ..."},
    {ROW(lines), .kind = OPTION_NUMBER, .letter = 'n', .argument = "COUNT", .min = 1,
	.max = 1000000000, .help = "the newest so many (default: all)"},
    {ROW(follow), .kind = OPTION_FLAG, .letter = 'f',
	.help = "go on with what happens from now on"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print JSON; with --follow one object a line"},
    {0},
};

#undef ROW

struct verify_values {
	bool json;
};

const struct option_row verify_options[] = {
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct verify_values, json),
	.help = "print JSON"},
    {0},
};

/* ---- asking ---- */

struct asking {
	const struct audit_values *values;
	struct audit_query query;
	char carrier[USER_NAME_MAX + 1];
	struct trail_lines lines;
	uint64_t last; /* sequence number of the newest line that was looked at */
	ino_t folder;  /* that it is in */
};

#define asking_auto __attribute__((cleanup(asking_free))) struct asking

static void asking_free(struct asking *asking)
{
	trail_free(&asking->lines);
}

/* What the chain is held together with is nobody's event; who wants it asks for it. */
static bool is_wanted(const struct asking *asking, const struct audit_line *line)
{
	if (!asking->query.event &&
	    (audit_field_is(line, "event", "begin") || audit_field_is(line, "event", "checkpoint")))
		return false;
	return audit_matches(&asking->query, line);
}

static int take_line(void *context, const struct audit_place *place, const char *bytes, size_t len)
{
	struct asking *asking = context;
	struct audit_line line;

	(void)place;
	if (audit_parse_line(bytes, len, &line) < 0 || line.seq <= asking->last)
		return 0;
	asking->last = line.seq;
	return is_wanted(asking, &line) ? trail_add(&asking->lines, bytes, len) : 0;
}

/* "2h", or a point in time. */
static int parse_since(const char *text, int64_t *since)
{
	struct reason why = {0};
	time_t when;

	if (when_past(text, time(NULL), &when, &why) < 0)
		return cli_usage("%s", why.text);
	*since = when > 0 ? (int64_t)when * 1000 : 1;
	return EXIT_DONE;
}

static int parse(struct asking *asking, const struct audit_values *values)
{
	struct audit_query *query = &asking->query;
	struct reason why;

	asking->values = values;
	asking->lines.most = (size_t)values->lines;
	*query = (struct audit_query){
	    .identity = values->identity, .user = values->user, .event = values->event};
	if (values->identity && identity_name_check(values->identity, &why) < 0)
		return cli_usage("--identity: %s", why.text);
	return values->since ? parse_since(values->since, &query->since) : EXIT_DONE;
}

/* The same as an agent: the broker knows what is its own, and the rest is chosen here. */
static int ask_broker(struct asking *asking, struct reason *why)
{
	buf_auto events = {0};
	bool cut = false;
	int r = broker_events(asking->values->identity, (time_t)(asking->query.since / 1000),
	    deadline_in(BROKER_MILLISECONDS), &events, &cut, why);

	/* What belongs to the identity was the broker's to say. */
	asking->query.identity = NULL;
	for (const char *at = buf_text(&events); r == 0 && *at;) {
		size_t len = strcspn(at, "\n");

		r = take_line(asking, NULL, at, len);
		at += len + (at[len] == '\n');
	}
	if (r == 0 && cut)
		cli_note("there are older events; an administrator sees them with: ravi audit");
	return r;
}

/* A trail that was put aside has gone with its folder, and the new one counts from 1 again. */
static void look_for_restart(struct asking *asking)
{
	struct stat st;

	if (stat(PATH_AUDIT, &st) < 0 || st.st_ino == asking->folder)
		return;
	asking->folder = st.st_ino;
	asking->last = 0;
}

static int read_trail(struct asking *asking, struct reason *why)
{
	const struct audit_walk walk = {.since = asking->query.since};
	int r;

	look_for_restart(asking);
	if (asking->query.identity &&
	    agent_of_identity(asking->query.identity, asking->carrier, NULL) == 0)
		asking->query.carrier = asking->carrier;
	r = audit_walk(&audit_machine_trail, &walk, take_line, asking, why);
	/* Nothing has happened here yet. */
	return r == -ENOENT ? 0 : r;
}

/* Until it is interrupted. */
static int follow(struct asking *asking, struct reason *why)
{
	const struct audit_walk newest = {.newest = 2};
	struct stat before = {0}, now;
	int r = 0;

	while (r == 0) {
		nanosleep(&(struct timespec){.tv_nsec = FOLLOW_PAUSE * 1000000L}, NULL);
		if (stat(PATH_AUDIT "/" AUDIT_FILE, &now) < 0 ||
		    (now.st_ino == before.st_ino && now.st_size == before.st_size))
			continue;
		before = now;
		look_for_restart(asking);
		r = audit_walk(&audit_machine_trail, &newest, take_line, asking, why);
		r = r == -ENOENT ? 0 : r;
		if (r == 0)
			r = trail_print_more(&asking->lines, asking->values->json);
	}
	return r;
}

static int ask(struct asking *asking)
{
	const struct audit_values *values = asking->values;
	struct reason why = {0};
	bool is_root = geteuid() == 0;
	int r = is_root || own_is_agent() ? 0 : context_need_root("read the audit trail", &why);

	if (r == 0 && !is_root && values->follow)
		r = context_need_root("follow the audit trail", &why);
	if (r == 0)
		r = is_root ? read_trail(asking, &why) : ask_broker(asking, &why);
	if (r == 0 && values->follow)
		r = trail_print_more(&asking->lines, values->json);
	if (r == 0 && values->follow)
		r = follow(asking, &why);
	else if (r == 0)
		r = trail_print(&asking->lines, values->json);
	return r < 0 ? context_fail(r, &why) : EXIT_DONE;
}

int run_audit(void *opaque, int argc, char **argv)
{
	const struct audit_values *values = opaque;
	asking_auto asking = {0};
	int code = parse(&asking, values);

	(void)argc, (void)argv;
	return code == EXIT_DONE ? ask(&asking) : code;
}

/* ---- verify ---- */

static void report_json(const struct audit_report *report)
{
	jsonout_auto j = {0};

	jsonout_open(&j, NULL, '{');
	jsonout_bool(&j, "sound", !report->count);
	jsonout_number(&j, "files", (int64_t)report->files);
	jsonout_number(&j, "entries", (int64_t)report->entries);
	jsonout_number(&j, "first", (int64_t)report->first);
	jsonout_number(&j, "last", (int64_t)report->last);
	jsonout_number(&j, "checkpoints", (int64_t)report->checkpoints);
	jsonout_number(&j, "signed", (int64_t)report->signed_seq);
	jsonout_when(&j, "signed_at", (time_t)(report->signed_time / 1000));
	jsonout_number(&j, "torn", (int64_t)report->torn);
	jsonout_open(&j, "findings", '[');
	for (size_t i = 0; i < report->count; i++) {
		const struct audit_finding *finding = &report->findings[i];

		jsonout_open(&j, NULL, '{');
		jsonout_text(&j, "kind", audit_kind_word(finding->kind));
		jsonout_text(&j, "file", finding->file);
		jsonout_number(&j, "line", (int64_t)finding->line);
		jsonout_number(&j, "entry", (int64_t)finding->seq);
		jsonout_text(&j, "text", finding->text);
		jsonout_close(&j, '}');
	}
	jsonout_close(&j, ']');
	jsonout_close(&j, '}');
	jsonout_print(&j);
}

static void tell_text(const struct audit_report *report)
{
	char when[TRAIL_TIME];

	if (!report->count) {
		trail_time(report->signed_time, when);
		printf("sound: %" PRIu64 " entries in %" PRIu64 " file%s, %" PRIu64 " to %" PRIu64,
		    report->entries, report->files, report->files == 1 ? "" : "s", report->first,
		    report->last);
		if (report->signed_seq)
			printf("; signed up to entry %" PRIu64 " at %s", report->signed_seq, when);
		putchar('\n');
		return;
	}
	for (size_t i = 0; i < report->count; i++) {
		const struct audit_finding *finding = &report->findings[i];

		printf("%s: ", finding->file);
		if (finding->line)
			printf("line %" PRIu64 ": ", finding->line);
		printf("%s: %s\n", audit_kind_word(finding->kind), finding->text);
	}
	if (report->count == AUDIT_FINDINGS_MAX)
		puts("...");
}

/* What is sound now is signed, so that whatever is done to it later shows. */
static int sign_and_look_again(struct audit_report *report, struct reason *why)
{
	int r = report->count || report->signed_seq == report->last ? 0 : machine_checkpoint(why);

	return r < 0 || report->count ? r : machine_verify(report, why);
}

int run_audit_verify(void *opaque, int argc, char **argv)
{
	const struct verify_values *values = opaque;
	struct audit_report report = {0};
	struct reason why = {0};
	int r = context_need_root("verify the audit trail", &why);

	(void)argc, (void)argv;
	if (r == 0)
		r = machine_verify(&report, &why);
	if (r == 0)
		r = sign_and_look_again(&report, &why);
	if (r == -ENOENT)
		return cli_fail(-EIO,
		    &(struct reason){
			.text = "there is no audit trail yet (" PATH_AUDIT "); run: ravi init"});
	if (r < 0)
		return context_fail(r, &why);
	if (values->json)
		report_json(&report);
	else
		tell_text(&report);
	if (!report.count)
		return EXIT_DONE;
	cli_note(
	    "the audit trail in %s is not as it was written. Compare it with a copy, or with "
	    "syslog, and ask who was root. Nothing more is signed until it is put back, or put "
	    "aside: ravi audit restart",
	    PATH_AUDIT);
	return EXIT_FAILED;
}

/* ---- restart ---- */

/* Beside the trail, with the time in its name. */
static void name_aside(char aside[128])
{
	char when[WHEN_TEXT];

	when_format(time(NULL), when);
	for (char *c = when; *c; c++)
		if (*c == ':')
			*c = '-';
	snprintf(aside, 128, "%s-%s", PATH_AUDIT, when);
}

int run_audit_restart(void *opaque, int argc, char **argv)
{
	const struct identity_values *values = opaque;
	report_auto out = report_begin(values->json, 0);
	struct reason why = {0};
	char aside[128];
	int r = context_need_root("put the audit trail aside", &why);

	(void)argc, (void)argv;
	name_aside(aside);
	if (r == 0)
		r = audit_set_aside(&audit_machine_trail, aside, &why);
	if (r == -ENOENT)
		r = reason_set(&why, -EIO, "%s is missing; run: ravi init", RAVI_STATEDIR);
	audit("audit-restart", context_result(r), "aside", r == 0 ? aside : NULL, "by",
	    context_uid().text, NULL);
	if (r < 0)
		return context_fail(r, &why);
	report_say(&out, "The audit trail as it was is in %s; a new one has begun.", aside);
	jsonout_text(&out.j, "status", "restarted");
	jsonout_text(&out.j, "aside", aside);
	return report_print(&out) < 0 ? EXIT_FAILED : EXIT_DONE;
}

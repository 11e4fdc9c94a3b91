/* SPDX-License-Identifier: MIT */
/*
 * ravi inbox wait: returns as soon as a message is there that fits, and prints it, the one-time code in it, or
 * the verification link. What was there before is told by its number and not by a clock: this machine's and
 * the service's may differ.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "commands.h"
#include "mailbox.h"
#include "util/cli.h"
#include "util/text.h"
#include "util/when.h"

#define TIMEOUT  120
#define INTERVAL 2
#define LOOK_INTO_LEAST 1000 /* ms for one message */
#define LOOK_INTO_MOST  10000
#define LOOK_BACK (26 * 3600) /* s: so far may the clocks differ */
#define RECENT    20          /* mails by whose times the next question is asked */
#define OVERLAP   (2 * 3600)  /* s before the oldest of those */

struct wait_values {
	const char *identity;
	const char *from;
	const char *subject;
	const char *since;
	long timeout, interval;
	bool sms, email;
	bool code, link;
	bool json;
};

#define ROW(member) .name = #member, .offset = offsetof(struct wait_values, member)

const struct option_row wait_options[] = {
    {ROW(identity), .kind = OPTION_TEXT, .letter = 'i', .argument = "ID",
	.help = "whose (default: RAVI_IDENTITY, or the only one there is)"},
    {ROW(from), .kind = OPTION_TEXT, .argument = "PATTERN",
	.help = "the sender: address, domain, a part of it, or a pattern with * and ?"},
    {ROW(subject), .kind = OPTION_TEXT, .argument = "PATTERN",
	.help = "the subject: a part of it, or a pattern; an SMS has none"},
    {ROW(sms), .kind = OPTION_FLAG, .help = "SMS alone"},
    {ROW(email), .kind = OPTION_FLAG, .help = "mail alone"},
    {ROW(since), .kind = OPTION_TEXT, .argument = "TIME",
	.help = "also what came since then: RFC 3339, or how long ago (5m)"},
    {ROW(timeout), .kind = OPTION_NUMBER, .argument = "SECONDS", .min = 1, .max = 86400,
	.help = "wait so long (default 120)"},
    {ROW(interval), .kind = OPTION_NUMBER, .argument = "SECONDS", .min = 1, .max = 3600,
	.help = "look so often (default 2)"},
    {ROW(code), .kind = OPTION_FLAG, .help = "print the one-time code in it"},
    {ROW(link), .kind = OPTION_FLAG,
	.help = "print the verification link in it; on HOST, where one is named"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print JSON"},
    {0},
};

#undef ROW

struct recent {
	json_int_t id;
	time_t when;
};

struct waiting {
	const struct wait_values *values;
	const char *host;
	struct mailbox mailbox;
	struct deadline until;
	time_t since;   /* 0: nothing from before counts */
	time_t begin;   /* mails that are older are never asked for */
	struct recent recent[RECENT]; /* those with the highest numbers, highest first */
	size_t recent_count;
	json_t *known;  /* ids that were looked at: "mail/17" */
	bool has_begun[2]; /* what was there before is known: of mail, of SMS */
	bool is_late;      /* the first look failed */
	bool has_said_late;
	json_t *found;  /* the message */
	struct buf value; /* the code or the link */
};

#define waiting_auto __attribute__((cleanup(waiting_free))) struct waiting

static void waiting_free(struct waiting *w)
{
	json_decref(w->known);
	json_decref(w->found);
	buf_free(&w->value);
	mailbox_close(&w->mailbox);
}

/* ---- does it fit ---- */

/* A pattern without * ? [ is a part of the text. Cases do not count. */
static bool fits(const char *pattern, const char *text)
{
	if (!pattern)
		return true;
	if (!text)
		return false;
	if (strpbrk(pattern, "*?["))
		return fnmatch(pattern, text, FNM_CASEFOLD) == 0;
	return strcasestr(text, pattern) != NULL;
}

/* The address in "Example <noreply@example.com>"; "" for one that is too long to be one: half of it is another's. */
static void bare_address(const char *sender, char address[EMAIL_MAX + 1])
{
	const char *open = strrchr(sender, '<'), *from = open ? open + 1 : sender;
	size_t len = strcspn(from, ">");

	snprintf(address, EMAIL_MAX + 1, "%.*s", len > EMAIL_MAX ? 0 : (int)len, from);
}

/* "example.com" and what lies below it; "noreply@example.com.evil.test" only contains that. */
static bool is_on_domain(const char *domain, const char *address)
{
	const char *at = strrchr(address, '@');
	size_t len = strlen(domain), its = at ? strlen(at + 1) : 0;

	return at && its >= len && !strcasecmp(at + 1 + its - len, domain) &&
	       (its == len || at[its - len] == '.');
}

/*
 * A whole address, a domain, or a part of the sender; as a pattern all of it or of its address. What looks
 * like an address or a domain is taken as one: a part would fit look-alikes.
 */
static bool fits_sender(const char *pattern, const char *sender)
{
	char address[EMAIL_MAX + 1];

	if (!pattern || !sender)
		return !pattern;
	bare_address(sender, address);
	if (strpbrk(pattern, "*?["))
		return fits(pattern, sender) || fits(pattern, address);
	if (*pattern == '@')
		return is_on_domain(pattern + 1, address);
	if (strchr(pattern, '@'))
		return !strcasecmp(pattern, address);
	return strchr(pattern, '.') ? is_on_domain(pattern, address) : fits(pattern, sender);
}

static bool is_outgoing(const json_t *message)
{
	const char *direction = fetch_text(message, "direction");

	return direction && (!strcasecmp(direction, "outgoing") || !strcasecmp(direction, "outbound"));
}

static bool is_wanted(const struct waiting *w, const json_t *message, bool sms)
{
	const struct wait_values *v = w->values;

	if (is_outgoing(message))
		return false;
	if (sms)
		return !v->subject && fits_sender(v->from, fetch_text(message, "from_number"));
	return fits_sender(v->from, fetch_text(message, "from_email")) &&
	       fits(v->subject, fetch_text(message, "subject"));
}

/* ---- what is in it ---- */

static bool ends_in_host(const char *name, size_t len, const char *host, size_t host_len)
{
	return len >= host_len && !strncasecmp(name + len - host_len, host, host_len) &&
	       (len == host_len || name[len - host_len - 1] == '.');
}

/*
 * ravi-fetch has looked for it, and ravi-fetch reads what strangers write: what it says is looked at again.
 * A code is letters, digits and dashes; a link https on the host that was named.
 */
static bool is_plausible(const struct waiting *w, const char *value)
{
	const char *host = value + 8;
	size_t len = strlen(value);

	if (w->values->code) {
		for (const char *c = value; *c; c++)
			if (!isalnum((unsigned char)*c) && *c != '-')
				return false;
		return len >= 4 && len <= 32;
	}
	if (strncmp(value, "https://", 8) || len > 8192)
		return false;
	for (const char *c = value; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '\\')
			return false;
	if (!w->host)
		return true;
	len = strcspn(host, "/?#");
	if (memchr(host, '@', len))
		return false;
	if (!strchr(w->host, ':'))
		len = strcspn(host, ":/?#");
	return ends_in_host(host, len, w->host, strlen(w->host));
}

/*
 * ravi-fetch did not get through it. It is noted as looked at, so that one message of a stranger's keeps nobody
 * from the others.
 */
static int leave_out(struct waiting *w, const struct reason *failed, struct reason *why)
{
	cli_note("a message fits, and could not be looked into: %.200s", failed->text);
	return mailbox_again(&w->mailbox, why) < 0 ? -EPROTO : 1;
}

static void note_left_out(const char *because)
{
	struct reason said;

	reason_set(&said, 0, "%.200s", because);
	text_tame(said.text);
	cli_note("a message fits, and is left out: %s", said.text);
}

/* What is in a message is found on this machine, in time of its own, whatever the service took to answer. */
static int ask_what_is_in_it(
    struct waiting *w, json_t *arguments, json_t **result, struct reason *why)
{
	const struct deadline whole = w->mailbox.deadline;
	int left = deadline_left(w->until), r;

	w->mailbox.deadline = deadline_in(left < LOOK_INTO_LEAST  ? LOOK_INTO_LEAST
					  : left > LOOK_INTO_MOST ? LOOK_INTO_MOST
								  : left);
	r = mailbox_ask(
	    &w->mailbox, w->values->code ? "message.code" : "message.link", arguments, result, why);
	w->mailbox.deadline = whole;
	return r;
}

/* 0 with the value, 1: there is none in it, or an error. */
static int look_into(struct waiting *w, const json_t *message, bool sms, struct reason *why)
{
	fetch_json_auto result = NULL;
	struct reason failed = {0};
	const char *value;
	json_t *arguments;
	int r;

	arguments = json_pack("{s:s?, s:s?, s:s?}", "subject", fetch_text(message, "subject"), "text",
	    fetch_text(message, sms ? "body" : "text_content"), "html",
	    fetch_text(message, "html_content"));
	if (w->values->link && w->host)
		json_object_set_new(arguments, "host", json_string(w->host));
	r = ask_what_is_in_it(w, arguments, &result, &failed);
	if (r == -EPROTO || r == -ETIMEDOUT)
		return leave_out(w, &failed, why);
	if (r < 0)
		return reason_set(why, r, "%s", failed.text);
	value = fetch_text(result, "value");
	if (!value && fetch_text(result, "why"))
		note_left_out(fetch_text(result, "why"));
	if (!value || !is_plausible(w, value))
		return 1;
	return buf_add_text(&w->value, value);
}

/* ---- looking ---- */

/* Whether this one has been looked at; from now on it has. */
static bool note_message(struct waiting *w, const json_t *message, bool sms)
{
	char key[40];

	snprintf(key, sizeof(key), "%s/%lld", sms ? "sms" : "mail",
	    (long long)json_integer_value(json_object_get(message, "id")));
	if (json_object_get(w->known, key))
		return true;
	json_object_set_new(w->known, key, json_true());
	return false;
}

static time_t when_of(const json_t *message)
{
	const char *text = fetch_text(message, "created_dt");
	time_t when = 0;

	return text && when_parse(text, &when) == 0 ? when : 0;
}

static void note_recent(struct waiting *w, json_int_t id, time_t when)
{
	size_t at = w->recent_count;

	while (at && w->recent[at - 1].id < id)
		at--;
	if (at == RECENT)
		return;
	if (w->recent_count < RECENT)
		w->recent_count++;
	memmove(w->recent + at + 1, w->recent + at,
	    (w->recent_count - at - 1) * sizeof(*w->recent));
	w->recent[at] = (struct recent){id, when};
}

/*
 * From when on mails are asked for. One mail with a time of its own, or a clock that is set back, does not
 * move it past what is to come.
 */
static time_t cursor(const struct waiting *w)
{
	time_t oldest = w->recent[0].when;

	if (w->recent_count < RECENT)
		return w->begin;
	for (size_t i = 1; i < RECENT; i++)
		if (w->recent[i].when < oldest)
			oldest = w->recent[i].when;
	return oldest - OVERLAP > w->begin ? oldest - OVERLAP : w->begin;
}

/* 1: it is the one; 0: go on. */
static int take_one(struct waiting *w, json_t *message, bool sms, struct reason *why)
{
	time_t when = when_of(message);
	int r;

	if (note_message(w, message, sms))
		return 0;
	if (!sms)
		note_recent(w, json_integer_value(json_object_get(message, "id")), when);
	if (!w->has_begun[sms] && !(w->since && when >= w->since))
		return 0;
	if (!is_wanted(w, message, sms))
		return 0;
	r = w->values->code || w->values->link ? look_into(w, message, sms, why) : 0;
	if (r)
		return r < 0 ? r : 0;
	w->found = json_incref(message);
	return 1;
}

static int take_all(struct waiting *w, const json_t *messages, bool sms, struct reason *why)
{
	for (size_t i = 0; i < json_array_size(messages); i++) {
		int r = take_one(w, json_array_get(messages, i), sms, why);

		if (r)
			return r;
	}
	return 0;
}

/* Now it is known what is there. What came since the command began is not told from what came before it. */
static void note_begun(struct waiting *w, const json_t *messages, bool sms)
{
	if (!w->has_begun[sms] && w->is_late && !w->since && json_array_size(messages) &&
	    !w->has_said_late) {
		w->has_said_late = true;
		cli_note(
		    "the service was not reached until now, and what is there already does not "
		    "count; where it came meanwhile, say --since");
	}
	w->has_begun[sms] = true;
}

static int look_at_mail(struct waiting *w, struct reason *why)
{
	fetch_json_auto mails = NULL;
	char after[WHEN_TEXT];
	int r;

	when_format(cursor(w), after);
	r = mailbox_ask(
	    &w->mailbox, "mail.list", json_pack("{s:s}", "created_after", after), &mails, why);
	if (r == 0)
		r = take_all(w, mails, false, why);
	if (r == 0)
		note_begun(w, mails, false);
	return r;
}

static int look_at_sms(struct waiting *w, struct reason *why)
{
	fetch_json_auto texts = NULL;
	int r = mailbox_ask(&w->mailbox, "text.list", NULL, &texts, why);

	if (r == 0)
		r = take_all(w, texts, true, why);
	if (r == 0)
		note_begun(w, texts, true);
	return r;
}

static int look(struct waiting *w, struct reason *why)
{
	const struct wait_values *v = w->values;
	bool mail = v->email || !v->sms, sms = v->sms || !v->email;
	bool has_begun = (!mail || w->has_begun[false]) && (!sms || w->has_begun[true]);
	int left = deadline_left(w->until), whole = (int)w->mailbox.conf.service_timeout * 1000,
	    r = 0, s = 0;

	/* Before it begins it has time to see what is there, however short the wait is. */
	w->mailbox.deadline = deadline_in(!has_begun || left > whole ? whole : left);
	if (mail)
		r = look_at_mail(w, why);
	/* The one being out of order does not hide the other. */
	if (r <= 0 && sms)
		s = look_at_sms(w, why);
	return s ? s : r;
}

static void rest(const struct waiting *w, long seconds)
{
	int left = deadline_left(w->until);
	long milliseconds = seconds * 1000 < left ? seconds * 1000 : left;

	nanosleep(&(struct timespec){.tv_sec = milliseconds / 1000,
		      .tv_nsec = milliseconds % 1000 * 1000000},
	    NULL);
}

/*
 * A page that is gone (404), mails that are too many bytes in this moment: the next look may find another list. What
 * the service refuses stays so.
 */
static bool is_passing(int error)
{
	return fetch_is_down(error) || error == -EPROTO || error == -EOVERFLOW || error == -ENOKEY;
}

/* 0: it is there. Failures on the way do not end it, what the service refuses does. */
static int wait_for_it(struct waiting *w, struct reason *why)
{
	struct reason last = {0};
	int error = 0;

	for (;;) {
		long pause = w->values->interval;
		int r = look(w, why);

		if (r > 0)
			return 0;
		error = r;
		if (r < 0) {
			last = *why;
			if (!is_passing(r))
				return r;
			w->is_late = true;
			if (fetch_wait(w->mailbox.fetch) > pause)
				pause = fetch_wait(w->mailbox.fetch);
		}
		if (!deadline_left(w->until))
			break;
		rest(w, pause);
		if (r == -EPROTO && mailbox_again(&w->mailbox, why) < 0)
			return reason_set(why, r, "%s", last.text);
	}
	/* Whether it is there nobody knows. */
	if (error < 0 && error != -ETIMEDOUT)
		return reason_set(why, error == -ENOKEY ? -EBADE : error, "%s", last.text);
	return reason_set(why, -ENOSECRET, "no message that fits came within %ld s", w->values->timeout);
}

static int begin(struct waiting *w, struct reason *why)
{
	const char *since = w->values->since;
	time_t now = time(NULL);
	int64_t ago;

	w->known = json_object();
	if (!w->known)
		return -ENOMEM;
	if (since && when_duration(since, &ago) == 0)
		w->since = now - ago;
	else if (since && when_parse(since, &w->since) < 0)
		return reason_set(why, -EINVAL,
		    "--since takes a time (2026-11-27T02:18:00Z) or how long ago (5m), not \"%s\"", since);
	w->begin = (w->since && w->since < now ? w->since : now) - LOOK_BACK;
	return mailbox_open(w->values->identity, &w->mailbox, why);
}

static int print_found(const struct waiting *w)
{
	const struct wait_values *v = w->values;
	fetch_json_auto json = NULL;

	if (!v->json && (v->code || v->link)) {
		puts(w->value.data);
		return EXIT_DONE;
	}
	if (!v->code && !v->link)
		return mailbox_print(w->found);
	json = json_pack("{s:s, s:O}", v->code ? "code" : "link", w->value.data, "message", w->found);
	return json ? mailbox_print(json) : cli_fail(-ENOMEM, NULL);
}

int run_inbox_wait(void *opaque, int argc, char **argv)
{
	struct wait_values *values = opaque;
	waiting_auto w = {.values = values, .host = argc ? argv[0] : NULL};
	struct reason why = {0};
	int r;

	if (values->code && values->link)
		return cli_usage("--code or --link, not both");
	if (w.host && !values->link)
		return cli_usage("a host goes with --link");
	if (values->sms && values->email)
		values->sms = values->email = false;
	values->timeout = values->timeout ? values->timeout : TIMEOUT;
	values->interval = values->interval ? values->interval : INTERVAL;
	r = begin(&w, &why);
	w.until = deadline_in(values->timeout * 1000);
	if (r == 0)
		r = wait_for_it(&w, &why);
	return r < 0 ? cli_fail(r, &why) : print_found(&w);
}

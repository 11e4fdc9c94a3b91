/* SPDX-License-Identifier: MIT */
/*
 * ravi get, inbox, message: what an identity has and gets at the Ravi service, by the names and with the JSON
 * of the service's official client.
 */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "commands.h"
#include "mailbox.h"
#include "util/cli.h"
#include "util/table.h"

struct inbox_values {
	const char *identity;
	bool unread;
	bool human;
	bool json;
};

#define ROW(member) .name = #member, .offset = offsetof(struct inbox_values, member)

const struct option_row service_get_options[] = {
    {ROW(identity), .kind = OPTION_TEXT, .letter = 'i', .argument = "ID",
	.help = "whose (default: RAVI_IDENTITY, or the only one there is)"},
    {ROW(human), .kind = OPTION_FLAG, .help = "print text instead of JSON"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print JSON, which is what it does anyway"},
    {0},
};

const struct option_row inbox_options[] = {
    {ROW(identity), .kind = OPTION_TEXT, .letter = 'i', .argument = "ID",
	.help = "whose (default: RAVI_IDENTITY, or the only one there is)"},
    {ROW(unread), .kind = OPTION_FLAG, .help = "only what has not been read"},
    {ROW(human), .kind = OPTION_FLAG, .help = "print text instead of JSON"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print JSON, which is what it does anyway"},
    {0},
};

#undef ROW

/* ---- for people ---- */

/* A text of several lines stays below its heading. */
static void add_text(struct buf *out, const char *text)
{
	buf_add_char(out, '\n');
	table_prose(out, text);
	buf_add_char(out, '\n');
}

/* A mail without a text has its words in the HTML, which is read where strangers' text is: in ravi-fetch. */
static int add_words(struct mailbox *m, struct buf *out, const json_t *json, struct reason *why)
{
	const char *text = fetch_text(json, "text_content"), *html = fetch_text(json, "html_content");
	fetch_json_auto read = NULL;
	int r;

	if ((text && *text) || !html || !*html)
		return 0;
	r = mailbox_ask(m, "message.text", json_pack("{s:s}", "html", html), &read, why);
	if (r == 0 && fetch_text(read, "value"))
		add_text(out, fetch_text(read, "value"));
	return r;
}

static void add_member(struct buf *out, const char *name, const json_t *value)
{
	char number[32];

	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		table_line(out, 18, name, number);
	} else if (json_is_boolean(value)) {
		table_line(out, 18, name, json_is_true(value) ? "yes" : "no");
	} else if (json_is_string(value) || json_is_null(value)) {
		if (json_is_string(value) && strchr(json_string_value(value), '\n'))
			add_text(out, json_string_value(value));
		else
			table_line(out, 18, name, json_string_value(value));
	}
}

static int add_human(struct mailbox *m, struct buf *out, const json_t *json, struct reason *why)
{
	const char *name;
	json_t *value;
	size_t i;
	int r = 0;

	json_array_foreach((json_t *)(uintptr_t)json, i, value)
	{
		r = add_human(m, out, value, why);
		if (r < 0)
			return r;
		buf_add_char(out, '\n');
	}
	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		if (json_is_array(value) || json_is_object(value))
			r = add_human(m, out, value, why);
		else if (strcmp(name, "html_content"))
			add_member(out, name, value);
		if (r < 0)
			return r;
	}
	return add_words(m, out, json, why);
}

static int print(
    struct mailbox *m, const struct inbox_values *values, const json_t *json, struct reason *why)
{
	buf_auto out = {0};
	int r;

	if (!values->human)
		return mailbox_print(json);
	r = add_human(m, &out, json, why);
	if (r < 0)
		return cli_fail(r, why);
	fputs(buf_text(&out), stdout);
	return EXIT_DONE;
}

/* ---- get ---- */

/* The row of the identity's own address or number: a list may have others' as well. */
static int pick(
    const json_t *rows, const char *member, const char *own, json_t **row, struct reason *why)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *its = fetch_text(json_array_get(rows, i), member);

		if (own && its && !strcasecmp(its, own)) {
			*row = json_incref(json_array_get(rows, i));
			return 0;
		}
	}
	return reason_set(why, -ENOKEY, "the identity has no %s at the service",
	    strcmp(member, "email") ? "phone number" : "mail address");
}

static int get_own(struct mailbox *m, const char *operation, const char *member, const char *of,
    json_t **row, struct reason *why)
{
	fetch_json_auto identity = NULL;
	fetch_json_auto rows = NULL;
	int r = mailbox_ask(m, "identity.get", json_pack("{s:s}", "uuid", m->uuid), &identity, why);

	if (r == 0)
		r = mailbox_ask(m, operation, NULL, &rows, why);
	return r < 0 ? r : pick(rows, member, fetch_text(identity, of), row, why);
}

static int get(struct mailbox *m, const char *what, json_t **json, struct reason *why)
{
	if (!strcmp(what, "email"))
		return get_own(m, "email.list", "email", "inbox", json, why);
	if (!strcmp(what, "phone"))
		return get_own(m, "phone.list", "phone_number", "phone", json, why);
	return mailbox_ask(m, "owner.get", NULL, json, why);
}

int run_get(void *opaque, int argc, char **argv)
{
	const struct inbox_values *values = opaque;
	fetch_json_auto json = NULL;
	mailbox_auto m = {0};
	struct reason why = {0};
	int r;

	(void)argc;
	if (strcmp(argv[0], "email") && strcmp(argv[0], "phone") && strcmp(argv[0], "owner"))
		return cli_usage("ravi get email, phone or owner, not \"%s\"", argv[0]);
	r = mailbox_open(values->identity, &m, &why);
	if (r == 0)
		r = get(&m, argv[0], &json, &why);
	return r < 0 ? cli_fail(r, &why) : print(&m, values, json, &why);
}

/* ---- inbox, message ---- */

struct listing {
	const char *list, *get; /* operations */
	const char *filter;     /* the argument that leaves out what was read */
	bool filter_value;
};

static int show(const struct inbox_values *values, const struct listing *listing, const char *id)
{
	fetch_json_auto json = NULL;
	mailbox_auto m = {0};
	struct reason why = {0};
	int r = mailbox_open(values->identity, &m, &why);

	if (r < 0)
		return cli_fail(r, &why);
	if (id)
		r = mailbox_ask(&m, listing->get, json_pack("{s:s}", "id", id), &json, &why);
	else
		r = mailbox_ask(&m, listing->list,
		    values->unread ? json_pack("{s:b}", listing->filter, listing->filter_value) : NULL,
		    &json, &why);
	return r < 0 ? cli_fail(r, &why) : print(&m, values, json, &why);
}

int run_inbox_email(void *values, int argc, char **argv)
{
	static const struct listing threads = {"thread.list", "thread.get", "has_unread", true};

	return show(values, &threads, argc ? argv[0] : NULL);
}

int run_inbox_sms(void *values, int argc, char **argv)
{
	static const struct listing conversations = {
	    "conversation.list", "conversation.get", "has_unread", true};

	return show(values, &conversations, argc ? argv[0] : NULL);
}

int run_message_email(void *values, int argc, char **argv)
{
	static const struct listing mails = {"mail.list", "mail.get", "is_read", false};

	return show(values, &mails, argc ? argv[0] : NULL);
}

int run_message_sms(void *values, int argc, char **argv)
{
	static const struct listing texts = {"text.list", "text.get", "is_read", false};

	return show(values, &texts, argc ? argv[0] : NULL);
}

/* SPDX-License-Identifier: MIT */
/* A secret as the commands show it: see secret.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "secret.h"
#include "util/cli.h"
#include "util/file.h"
#include "util/process.h"
#include "util/report.h"
#include "util/when.h"

#define VARIANT sodium_base64_VARIANT_ORIGINAL

/* Bytes that are no text go out as base64, for JSON has nothing for them. */
static void add_value(struct jsonout *j, const struct buf *value)
{
	size_t room = sodium_base64_ENCODED_LEN(value->len, VARIANT); /* with its 0 */
	buf_auto text = {0};
	char *to;

	if (jsonout_is_text(value->data, value->len)) {
		jsonout_bytes(j, "value", value->data, value->len);
		return;
	}
	to = buf_reserve(&text, room);
	if (!to) {
		j->text.error = text.error;
		return;
	}
	sodium_bin2base64(to, room, (const unsigned char *)value->data, value->len, VARIANT);
	jsonout_text(j, "value", NULL);
	jsonout_text(j, "value_base64", to);
}

void secret_json(
    struct jsonout *j, const char *identity, const struct vault_secret *secret, bool with_value)
{
	secret_json_member(j, NULL, identity, secret, with_value);
}

void secret_json_member(struct jsonout *j, const char *member, const char *identity,
    const struct vault_secret *secret, bool with_value)
{
	jsonout_open(j, member, '{');
	jsonout_text(j, "identity", identity);
	/* The Ravi service calls the name key, and the note notes. */
	jsonout_text(j, "name", secret->name);
	jsonout_text(j, "key", secret->name);
	if (with_value)
		add_value(j, &secret->value);
	jsonout_text(j, "note", secret->note);
	jsonout_text(j, "notes", secret->note);
	if (secret->version)
		jsonout_number(j, "version", (int64_t)secret->version);
	else
		jsonout_text(j, "version", NULL);
	jsonout_when(j, "created_dt", secret->created);
	jsonout_when(j, "updated_dt", secret->updated);
	jsonout_when(j, "expires_dt", secret->expires);
	if (secret->plain)
		jsonout_bool(j, "plain", true);
	jsonout_close(j, '}');
}

int secret_print(const char *identity, const struct vault_secret *secret, bool json)
{
	struct reason why = {0};
	jsonout_auto j = {0};
	int r;

	if (json) {
		secret_json(&j, identity, secret, true);
		r = jsonout_print(&j);
	} else {
		r = file_write_fd(STDOUT_FILENO, secret->value.data, secret->value.len);
		if (r == 0 && isatty(STDOUT_FILENO))
			r = file_write_fd(STDOUT_FILENO, "\n", 1);
	}
	if (r < 0)
		return cli_fail(
		    reason_errno(&why, r == -EINVAL ? -EIO : r, "writing the value"), &why);
	return EXIT_DONE;
}

void secret_add_expiry(struct table *table, time_t expires)
{
	char text[WHEN_TEXT];

	when_format(expires, text);
	if (expires)
		table_addf(table, "%s%s", text, expires <= time(NULL) ? " (expired)" : "");
	else
		table_add(table, NULL);
}

/* The change is made: who closed stdout wants no words about it. JSON somebody asked for. */
static int tell(struct report *out)
{
	if (!out->json && !process_has_stdout())
		return EXIT_DONE;
	return report_print(out) < 0 ? EXIT_FAILED : EXIT_DONE;
}

int secret_print_stored(const char *identity, const struct vault_secret *secret, bool json)
{
	report_auto out = report_begin(json, 0);

	report_say(&out, "stored %s for %s", secret->name, identity);
	jsonout_text(&out.j, "status", "stored");
	jsonout_text(&out.j, "name", secret->name);
	jsonout_text(&out.j, "identity", identity);
	jsonout_number(&out.j, "version", (int64_t)secret->version);
	jsonout_when(&out.j, "expires_dt", secret->expires);
	return tell(&out);
}

int secret_print_deleted(const char *identity, const char *name, bool json)
{
	report_auto out = report_begin(json, 0);

	report_say(&out, "deleted %s of %s", name, identity);
	jsonout_text(&out.j, "status", "deleted");
	jsonout_text(&out.j, "name", name);
	jsonout_text(&out.j, "identity", identity);
	return tell(&out);
}

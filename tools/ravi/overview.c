/* SPDX-License-Identifier: MIT */
/* What ravi status shows: see overview.h. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "overview.h"
#include "util/when.h"

static const char *const ring_words[] = {"none", "whole", "partial", "behind"};

void overview_begin(struct overview *overview)
{
	overview->now = time(NULL);
	overview->table = table_make(
	    "IDENTITY", "USER", "STATE", "SECRETS", "SESSIONS", "RING", "LAST LOGIN", NULL);
	jsonout_open(&overview->identities, NULL, '[');
	jsonout_open(&overview->expiring, NULL, '[');
	jsonout_open(&overview->next, NULL, '[');
}

void overview_free(struct overview *overview)
{
	jsonout_free(&overview->identities);
	jsonout_free(&overview->expiring);
	jsonout_free(&overview->next);
	table_free(&overview->table);
	buf_free(&overview->expiring_text);
	buf_free(&overview->next_text);
}

static void add_json(struct jsonout *j, const struct overview_row *row)
{
	jsonout_open(j, NULL, '{');
	jsonout_text(j, "name", row->identity);
	jsonout_text(j, "user", row->user);
	jsonout_text(j, "state", row->state);
	jsonout_bool(j, "linger", row->linger);
	jsonout_number(j, "secrets", (int64_t)row->secrets);
	jsonout_number(j, "revision", (int64_t)row->revision);
	if (row->sessions < 0)
		jsonout_text(j, "sessions", NULL);
	else
		jsonout_number(j, "sessions", row->sessions);
	jsonout_text(j, "ring", ring_words[row->ring]);
	jsonout_when(j, "last_login_dt", row->last_login);
	jsonout_close(j, '}');
}

static void add_ring(struct table *table, const struct overview_row *row)
{
	static const enum shade shades[] = {SHADE_PLAIN, SHADE_GOOD, SHADE_BAD, SHADE_AMISS};
	char cell[32];

	snprintf(cell, sizeof(cell), "%s%s", ring_words[row->ring],
	    row->linger && row->ring ? ", lingers" : "");
	table_add_shaded(table, shades[row->ring], cell);
}

void overview_add(struct overview *overview, const struct overview_row *row)
{
	struct table *table = &overview->table;
	char when[WHEN_TEXT];

	overview->rows++;
	add_json(&overview->identities, row);
	when_format(row->last_login, when);
	table_add(table, row->identity);
	table_add(table, row->user);
	table_add_shaded(table, row->is_active ? SHADE_GOOD : SHADE_AMISS, row->state);
	table_addf(table, "%zu", row->secrets);
	if (row->sessions < 0)
		table_add(table, NULL);
	else
		table_addf(table, "%d", row->sessions);
	add_ring(table, row);
	table_add(table, row->last_login ? when : NULL);
}

void overview_expiry(
    struct overview *overview, const char *identity, const char *secret, time_t expires)
{
	bool expired = expires <= overview->now;
	char away[40], when[WHEN_TEXT];

	if (!expires || (!expired && expires - overview->now > overview->within))
		return;
	when_format(expires, when);
	when_describe(
	    expired ? overview->now - expires : expires - overview->now, away, sizeof(away));
	buf_addf(&overview->expiring_text, "  %s of %s %s %s%s (%s)\n", secret, identity,
	    expired ? "expired" : "expires in", away, expired ? " ago" : "", when);
	jsonout_open(&overview->expiring, NULL, '{');
	jsonout_text(&overview->expiring, "identity", identity);
	jsonout_text(&overview->expiring, "name", secret);
	jsonout_when(&overview->expiring, "expires_dt", expires);
	jsonout_bool(&overview->expiring, "expired", expired);
	jsonout_close(&overview->expiring, '}');
}

void overview_next(struct overview *overview, const char *command, const char *format, ...)
{
	char why[256];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	if (command)
		buf_addf(&overview->next_text, "  %s   # %s\n", command, why);
	else
		buf_addf(&overview->next_text, "  %s\n", why);
	jsonout_open(&overview->next, NULL, '{');
	jsonout_text(&overview->next, "command", command);
	jsonout_text(&overview->next, "why", why);
	jsonout_close(&overview->next, '}');
}

static int print_json(struct overview *overview)
{
	jsonout_auto j = {0};

	jsonout_open(&j, NULL, '{');
	jsonout_take(&j, "identities", &overview->identities);
	jsonout_take(&j, "expiring", &overview->expiring);
	jsonout_take(&j, "next", &overview->next);
	jsonout_close(&j, '}');
	return jsonout_print(&j);
}

/* A heading and its lines, nothing when there are none. */
static void print_part(const char *heading, enum shade shade, const struct buf *lines)
{
	bool coloured = terminal_has_colour(STDOUT_FILENO);

	if (lines->len)
		printf("\n%s%s%s\n%s", coloured ? terminal_begin(shade) : "", heading,
		    coloured ? terminal_end(shade) : "", buf_text(lines));
}

int overview_print(struct overview *overview)
{
	int r;

	jsonout_close(&overview->identities, ']');
	jsonout_close(&overview->expiring, ']');
	jsonout_close(&overview->next, ']');
	if (overview->json)
		return print_json(overview);
	r = overview->rows ? table_print(&overview->table) : puts("no identity") < 0 ? -EIO : 0;
	if (r < 0)
		return r;
	print_part("Expiring:", SHADE_AMISS, &overview->expiring_text);
	print_part("Next:", SHADE_PLAIN, &overview->next_text);
	return overview->expiring_text.error ? overview->expiring_text.error
					     : overview->next_text.error;
}

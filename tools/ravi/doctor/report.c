/* SPDX-License-Identifier: MIT */
/* What ravi doctor found, for people and as JSON. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "util/cli.h"
#include "util/jsonout.h"

static const char *const words[] = {"ok", "fixed", "warn", "bad"};

/* no-color.org: set and not empty. */
static bool wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && term &&
	       strcmp(term, "dumb") != 0;
}

/* Names in it may be anybody's: nothing that a terminal would obey. */
static void add_plain(struct buf *out, const char *text)
{
	for (const char *c = text; *c; c++)
		buf_add_char(out, (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c);
}

static void add_finding(struct buf *out, const struct doctor_finding *finding, bool colour)
{
	static const char *const colours[] = {"\033[32m", "\033[32m", "\033[33m", "\033[31m"};

	buf_addf(out, "  %s%-5s%s  ", colour ? colours[finding->level] : "", words[finding->level],
	    colour ? "\033[0m" : "");
	if (*finding->about) {
		add_plain(out, finding->about);
		buf_add_text(out, ": ");
	}
	add_plain(out, finding->what);
	buf_add_char(out, '\n');
	if (!*finding->remedy)
		return;
	buf_add_text(out, "         remedy: ");
	add_plain(out, finding->remedy);
	buf_add_char(out, '\n');
}

/* How many checks ran: each says something. */
static size_t count_checks(const struct doctor *d)
{
	size_t count = 0;

	for (size_t i = 0; i < d->count; i++)
		count += !i || d->findings[i].check != d->findings[i - 1].check;
	return count;
}

static void add_summary(struct buf *out, const struct doctor *d)
{
	size_t bad = doctor_count(d, DOCTOR_BAD), warn = doctor_count(d, DOCTOR_WARN);
	size_t fixed = doctor_count(d, DOCTOR_FIXED), fixable = 0;

	for (size_t i = 0; i < d->count; i++)
		fixable += !strcmp(d->findings[i].remedy, DOCTOR_FIX);
	if (bad + warn == 0)
		buf_addf(out, "all is well: %zu checks", count_checks(d));
	else
		buf_addf(
		    out, "%zu bad, %zu to be warned of, in %zu checks", bad, warn, count_checks(d));
	if (fixed)
		buf_addf(out, "; %zu fixed", fixed);
	buf_add_char(out, '\n');
	if (fixable)
		buf_addf(out, "%zu of them can be mended by: " DOCTOR_FIX "\n", fixable);
}

int doctor_print(const struct doctor *d, bool verbose)
{
	const struct doctor_family *family = NULL;
	bool colour = wants_colour();
	buf_auto out = {0};

	for (size_t i = 0; i < d->count; i++) {
		const struct doctor_finding *finding = &d->findings[i];

		if (finding->level == DOCTOR_OK && !verbose)
			continue;
		if (finding->family != family)
			buf_addf(&out, "%s\n", finding->family->name);
		family = finding->family;
		add_finding(&out, finding, colour);
	}
	add_summary(&out, d);
	if (out.error)
		return out.error;
	fputs(buf_text(&out), stdout);
	return 0;
}

int doctor_print_json(const struct doctor *d)
{
	jsonout_auto j = {0};
	size_t unwell = doctor_count(d, DOCTOR_WARN) + doctor_count(d, DOCTOR_BAD);

	jsonout_open(&j, NULL, '{');
	jsonout_bool(&j, "well", unwell == 0);
	jsonout_number(&j, "checks", (int64_t)count_checks(d));
	for (size_t level = DOCTOR_OK; level <= DOCTOR_BAD; level++)
		jsonout_number(
		    &j, words[level], (int64_t)doctor_count(d, (enum doctor_level)level));
	jsonout_open(&j, "findings", '[');
	for (size_t i = 0; i < d->count; i++) {
		const struct doctor_finding *finding = &d->findings[i];

		jsonout_open(&j, NULL, '{');
		jsonout_text(&j, "id", finding->check->id);
		jsonout_text(&j, "group", finding->family->name);
		jsonout_text(&j, "level", words[finding->level]);
		jsonout_text(&j, "about", *finding->about ? finding->about : NULL);
		jsonout_text(&j, "what", finding->what);
		jsonout_text(&j, "remedy", *finding->remedy ? finding->remedy : NULL);
		jsonout_close(&j, '}');
	}
	jsonout_close(&j, ']');
	jsonout_close(&j, '}');
	return jsonout_print(&j);
}

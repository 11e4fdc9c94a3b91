/* SPDX-License-Identifier: MIT */
/* ravi doctor: the table of families, and how a check says what it found. See doctor.h. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../commands.h"
#include "audit/audit.h"
#include "doctor.h"
#include "util/spawn.h"

#define PROGRAM_MILLISECONDS 20000

struct doctor_values {
	bool json, fix, verbose;
};

#define ROW(member) .name = #member, .offset = offsetof(struct doctor_values, member)

const struct option_row doctor_options[] = {
    {ROW(fix), .kind = OPTION_FLAG, .help = "mend what is safe to mend, and say so"},
    {ROW(json), .kind = OPTION_FLAG, .help = "print JSON"},
    {ROW(verbose), .kind = OPTION_FLAG, .letter = 'v', .help = "show what is well, too"},
    {0},
};

#undef ROW

static const struct doctor_family families[] = {
    {"pam", doctor_pam},
    {"files", doctor_files},
    {"kernel", doctor_kernel},
    {"vaults", doctor_vaults},
    {"store", doctor_store},
    {"agents", doctor_agents},
    {"sessions", doctor_sessions},
    {"system", doctor_system},
};

/* ---- what a check says ---- */

static __attribute__((format(printf, 4, 0))) void say(
    struct doctor *d, enum doctor_level level, const char *about, const char *format, va_list args)
{
	struct doctor_finding *finding;

	if (d->count == d->room) {
		d->room = d->room ? 2 * d->room : 64;
		finding = reallocarray(d->findings, d->room, sizeof(*finding));
		/* Half a report would look like a good one. */
		if (!finding) {
			cli_note("out of memory");
			exit(EXIT_FAILED);
		}
		d->findings = finding;
	}
	finding = &d->findings[d->count++];
	*finding = (struct doctor_finding){.family = d->family, .check = d->check, .level = level};
	snprintf(finding->about, sizeof(finding->about), "%s", about ? about : "");
	vsnprintf(finding->what, sizeof(finding->what), format, args);
}

#define SAY(level)                                                                                 \
	do {                                                                                       \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, format);                                                            \
		say(d, level, about, format, args);                                                \
		va_end(args);                                                                      \
	} while (0)

void doctor_ok(struct doctor *d, const char *about, const char *format, ...)
{
	SAY(DOCTOR_OK);
}

void doctor_warn(struct doctor *d, const char *about, const char *format, ...)
{
	SAY(DOCTOR_WARN);
}

void doctor_bad(struct doctor *d, const char *about, const char *format, ...)
{
	SAY(DOCTOR_BAD);
}

#undef SAY

void doctor_remedy(struct doctor *d, const char *format, ...)
{
	struct doctor_finding *finding = &d->findings[d->count - 1];
	va_list args;

	va_start(args, format);
	vsnprintf(finding->remedy, sizeof(finding->remedy), format, args);
	va_end(args);
}

void doctor_fixed(struct doctor *d, int error, const struct reason *why)
{
	struct doctor_finding *finding = &d->findings[d->count - 1];
	size_t used = strlen(finding->what);

	audit("doctor-fix", error ? "failed" : "done", "check", finding->check->id, "about",
	    *finding->about ? finding->about : NULL, "cause", error ? why->text : NULL, "by",
	    context_uid().text, NULL);
	if (error) {
		snprintf(finding->what + used, sizeof(finding->what) - used,
		    "; it could not be mended: %s", why->text);
		*finding->remedy = '\0';
		return;
	}
	finding->level = DOCTOR_FIXED;
	*finding->remedy = '\0';
}

size_t doctor_count(const struct doctor *d, enum doctor_level level)
{
	size_t count = 0;

	for (size_t i = 0; i < d->count; i++)
		count += d->findings[i].level == level;
	return count;
}

/* ---- helpers ---- */

int doctor_run(const char *const *argv, char *said, size_t cap)
{
	static const char *const environment[] = {
	    "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
	const struct spawn what = {
	    .path = argv[0], .argv = argv, .envp = environment, .input = -1, .with_errors = true};
	size_t len = 0;
	int status = 0;
	int r =
	    spawn_collect(&what, deadline_in(PROGRAM_MILLISECONDS), said, cap - 1, &len, &status);

	said[len] = '\0';
	return r < 0 ? r : status;
}

bool doctor_has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/* ---- the command ---- */

static void run_family(struct doctor *d, const struct doctor_family *family)
{
	d->family = family;
	for (d->check = family->checks; d->check->id; d->check++) {
		size_t before = d->count;

		d->check->run(d);
		if (d->count == before)
			doctor_ok(d, NULL, "%s", d->check->title);
	}
}

/* What cannot be opened is said by the check that is about it. */
static void doctor_open(struct doctor *d)
{
	struct reason ignored;

	if (conf_load(&d->conf, 0, NULL, NULL, NULL, &ignored) < 0) {
		conf_free(&d->conf);
		d->conf = (struct conf){.timeout = 3, .reach = REACH_USER};
	}
	d->opened = machine_open(&d->machine, &ignored) == 0;
}

static void doctor_free(struct doctor *d)
{
	machine_close(&d->machine);
	conf_free(&d->conf);
	free(d->findings);
}

int run_doctor(void *opaque, int argc, char **argv)
{
	__attribute__((cleanup(doctor_free))) struct doctor d = {0};
	const struct doctor_values *values = opaque;
	struct reason why = {0};
	int r = context_need_root("look at all that doctor looks at", &why);

	(void)argc;
	(void)argv;
	if (r < 0)
		return cli_fail(r, &why);
	d.fix = values->fix;
	doctor_open(&d);
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		run_family(&d, &families[i]);
	r = values->json ? doctor_print_json(&d) : doctor_print(&d, values->verbose);
	if (r < 0)
		return EXIT_FAILED;
	return doctor_count(&d, DOCTOR_WARN) + doctor_count(&d, DOCTOR_BAD) ? EXIT_FAILED
									    : EXIT_DONE;
}

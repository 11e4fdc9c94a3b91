/* SPDX-License-Identifier: MIT */
/* ravi-pam status: through which file each service reaches pam_ravi. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "pam/reach.h"
#include "ravi-pam.h"
#include "util/report.h"

struct cell {
	char text[80];
};

/* The file in which pam_ravi stands; "no"; "-" where the service has no such stack. */
static struct cell describe(const struct reach *reach)
{
	struct cell cell = {.text = "-"};

	if (reach->kind == REACH_NO || (reach->kind == REACH_YES && reach->skipped))
		strcpy(cell.text, "no");
	else if (reach->kind == REACH_YES)
		snprintf(cell.text, sizeof(cell.text), "%.70s%s",
		    reach_file(&reach->stack.rules[reach->rule]), reach->late ? "*" : "");
	return cell;
}

static void tell_json(struct jsonout *j, const char *service, const struct reach *session,
    const struct reach *account)
{
	jsonout_open(j, NULL, '{');
	jsonout_text(j, "service", service);
	jsonout_bool(j, "installed", session->kind != REACH_NO_SERVICE);
	jsonout_bool(j, "reached", session->kind == REACH_YES && !session->skipped);
	jsonout_bool(j, "keyinit_comes_later", session->late);
	jsonout_text(j, "session",
	    session->kind == REACH_YES ? reach_file(&session->stack.rules[session->rule]) : NULL);
	jsonout_text(j, "account",
	    account->kind == REACH_YES ? reach_file(&account->stack.rules[account->rule]) : NULL);
	jsonout_close(j, '}');
}

/* One line. Returns whether something is missing; `*late` is set when the line has a star. */
static bool tell(const char *root, const char *service, struct report *out, bool *late)
{
	reach_auto session = {0};
	reach_auto account = {0};
	struct reason why = {0};
	int r = reach_find(root, service, STACK_SESSION, &session, &why);

	if (r == 0)
		r = reach_find(root, service, STACK_ACCOUNT, &account, &why);
	if (r < 0) {
		report_say(out, "%-14s %s", service, why.text);
		return true;
	}
	tell_json(&out->j, service, &session, &account);
	if (session.kind == REACH_NO_SERVICE) {
		report_say(out, "%-14s not installed", service);
		return false;
	}
	/* Session rings come and go; an account stack takes nothing away. */
	account.late = false;
	report_say(
	    out, "%-14s %-32s %s", service, describe(&session).text, describe(&account).text);
	if (session.kind == REACH_YES && !session.skipped) {
		*late = *late || session.late;
		return false;
	}
	return !reach_is_apart(service);
}

int run_status(void *opaque, int argc, char **argv)
{
	struct ravi_pam_values *values = opaque;
	report_auto out = report_begin(values->json, 0);
	bool missing = false, late = false;
	char root[512];

	(void)argc;
	(void)argv;
	ravi_pam_root(values, root);
	jsonout_open(&out.j, "services", '[');
	report_say(&out, "%-14s %-32s %s", "service", "session", "account");
	for (size_t i = 0; reach_services[i]; i++)
		missing = tell(root, reach_services[i], &out, &late) || missing;
	if (late)
		report_say(&out,
		    "* pam_keyinit comes after it: the ring is in the user keyring there (reach = "
		    "user), and\n"
		    "  not in the session keyring.");
	jsonout_close(&out.j, ']');
	if (report_print(&out) < 0)
		return EXIT_FAILED;
	return missing ? EXIT_FAILED : EXIT_DONE;
}

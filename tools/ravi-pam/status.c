/* SPDX-License-Identifier: MIT */
/* ravi-pam status: through which file each service reaches pam_ravi. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "pam/reach.h"
#include "ravi-pam.h"

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

/* One line. Returns whether something is missing; `*late` is set when the line has a star. */
static bool tell(const char *root, const char *service, bool *late)
{
	reach_auto session = {0};
	reach_auto account = {0};
	struct reason why = {0};
	int r = reach_find(root, service, STACK_SESSION, &session, &why);

	if (r == 0)
		r = reach_find(root, service, STACK_ACCOUNT, &account, &why);
	if (r < 0) {
		printf("%-14s %s\n", service, why.text);
		return true;
	}
	if (session.kind == REACH_NO_SERVICE) {
		printf("%-14s not installed\n", service);
		return false;
	}
	/* Session rings come and go; an account stack takes nothing away. */
	account.late = false;
	printf("%-14s %-32s %s\n", service, describe(&session).text, describe(&account).text);
	if (session.kind == REACH_YES && !session.skipped) {
		*late = *late || session.late;
		return false;
	}
	return !reach_is_apart(service);
}

int run_status(void *opaque, int argc, char **argv)
{
	bool missing = false, late = false;
	char root[512];

	(void)argc;
	(void)argv;
	ravi_pam_root(opaque, root);
	printf("%-14s %-32s %s\n", "service", "session", "account");
	for (size_t i = 0; reach_services[i]; i++)
		missing = tell(root, reach_services[i], &late) || missing;
	if (late)
		puts("* pam_keyinit comes after it: the ring is in the user keyring there (reach = "
		     "user), and\n"
		     "  not in the session keyring.");
	return missing ? EXIT_FAILED : EXIT_DONE;
}

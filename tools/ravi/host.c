/* SPDX-License-Identifier: MIT */
/* ravi host show: what others need to know of this machine to let it in. */
#include <config.h>

#include <stdio.h>

#include "commands.h"
#include "context.h"
#include "util/jsonout.h"
#include "vault/enrol.h"

struct host_values {
	bool json;
};

const struct option_row host_options[] = {
    {.name = "json",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct host_values, json),
	.help = "print JSON"},
    {0},
};

static int print_json(const struct enrolment *enrolment, const char *line)
{
	char recipient[AGE_RECIPIENT_TEXT], signer[SIGNER_TEXT], print[ENROLMENT_PRINT_TEXT];
	jsonout_auto j = {0};

	age_recipient_format(&enrolment->recipient, recipient);
	signer_format(&enrolment->signer, signer);
	enrolment_print(enrolment, print);
	jsonout_open(&j, NULL, '{');
	jsonout_text(&j, "recipient", recipient);
	jsonout_text(&j, "signer", signer);
	jsonout_text(&j, "fingerprint", print);
	jsonout_text(&j, "line", line);
	jsonout_close(&j, '}');
	return jsonout_print(&j) < 0 ? EXIT_FAILED : EXIT_DONE;
}

int run_host_show(void *opaque, int argc, char **argv)
{
	const struct host_values *values = opaque;
	char line[ENROLMENT_TEXT];
	struct enrolment enrolment;
	struct reason why = {0};
	host_auto host = {0};
	int r = context_need_root("read the host key", &why);

	(void)argc;
	(void)argv;
	if (r == 0)
		r = host_load(&host, &why);
	if (r < 0)
		return context_fail(r, &why);
	enrolment_of(&host, &enrolment);
	enrolment_format(&enrolment, line);
	if (values->json)
		return print_json(&enrolment, line);
	puts(line);
	return EXIT_DONE;
}

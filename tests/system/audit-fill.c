/* SPDX-License-Identifier: MIT */
/* audit-fill COUNT: so many events into this machine's audit trail, for audit.sh. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "audit/trail.h"

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;

	for (long i = 0; i < count; i++) {
		struct reason why = {0};
		char text[128];

		snprintf(text, sizeof(text),
		    "event=fill user=first identity=first number=%ld result=done", i);
		if (audit_append(&audit_machine_trail, text, &why) < 0) {
			fprintf(stderr, "audit-fill: %s\n", why.text);
			return 1;
		}
	}
	return 0;
}

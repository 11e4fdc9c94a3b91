/* SPDX-License-Identifier: MIT */
/* ravi doctor on the audit trail: is it written, and is it as it was written? */
#include <config.h>

#include <errno.h>

#include "config/paths.h"
#include "doctor.h"
#include "machine/trail.h"

static void check_trail(struct doctor *d)
{
	struct audit_report report;
	struct reason why = {0};
	int r;

	/* Without the host key nothing of it can be believed; that it is missing is said already. */
	if (!d->opened)
		return;
	r = machine_verify(&report, &why);
	/* It begins with the next event. */
	if (r == -ENOENT)
		return;
	if (r < 0) {
		doctor_bad(d, PATH_AUDIT, "%s", why.text);
		doctor_remedy(
		    d, "look at what it is, and make it root's own: chown root:root, chmod 600");
		return;
	}
	for (size_t i = 0; i < report.count; i++) {
		const struct audit_finding *finding = &report.findings[i];

		doctor_bad(
		    d, finding->file, "%s: %s", audit_kind_word(finding->kind), finding->text);
		doctor_remedy(d, "put it back from a copy, or aside: ravi audit restart");
	}
}

const struct doctor_check doctor_audit[] = {
    {"audit-trail", "the audit trail is as it was written", check_trail},
    {0},
};

/* SPDX-License-Identifier: MIT */
/* The machine's audit trail: see trail.h. */
#include <config.h>

#include <errno.h>

#include "config/conf.h"
#include "machine/trail.h"
#include "vault/host.h"

_Static_assert(AUDIT_SECRET_KEY == sizeof(((struct host *)0)->secret), "the host's");
_Static_assert(AUDIT_PUBLIC_KEY == SIGNER_SIZE, "the host's");

/*
 * How many full files are kept beside the one that is written, 0 all of them. What is wrong with the settings is said
 * where they matter; here they are not known then, and what was dropped does not come back.
 */
static unsigned files_kept(void)
{
	conf_auto conf = {0};

	return conf_load(&conf, 0, NULL, NULL, NULL, NULL) < 0 ? 0 : (unsigned)conf.audit_keep;
}

int machine_checkpoint(struct reason *why)
{
	host_auto host = {0};
	const struct audit_key key = {.secret = host.secret, .public = host.signer.key};
	int r;

	if (audit_is_signed(&audit_machine_trail))
		return 0;
	r = host_load(&host, why);
	if (r == 0)
		r = audit_checkpoint(&audit_machine_trail, &key, files_kept(), why);
	/* Somebody else is signing, and what is new here is theirs or the next one's to sign. */
	return r == -ENOENT || r == -ETIMEDOUT ? 0 : r;
}

int machine_verify(struct audit_report *report, struct reason *why)
{
	host_auto host = {0};
	int r = host_load(&host, why);

	if (r < 0)
		return r == -ENOENT ? -EIO : r;
	return audit_verify(&audit_machine_trail, host.signer.key, report, why);
}

/* SPDX-License-Identifier: MIT */
/* libpam, as much of it as the module asks, with a handle that can be looked into. */
#ifndef RAVI_FUZZ_PAM_SIDE_H
#define RAVI_FUZZ_PAM_SIDE_H

#include <security/pam_modules.h>

struct pam_handle {
	const char *user;
	char *data_name;
	void *data;
	void (*cleanup)(pam_handle_t *pamh, void *data, int error_status);
	unsigned errors, about_conf; /* lines in the log, LOG_ERR; those about ravi.conf apart */
	char last[512];
};

/* What pam_end(3) does about the module. */
void pam_side_end(struct pam_handle *handle);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * pam_ravi: logging in as an agent's OS user puts that agent's tokens into its kernel ring.
 *
 * This file holds the entry points alone, the work is in login.c. The module links libc and libpam:
 * what decrypts and parses is ravi-load, a program of its own, started by an agent's first
 * session only.
 */
#include <config.h>

#include <security/pam_modules.h>

#include "login.h"

#define ENTRY_POINT __attribute__((visibility("default"))) int

/* The auth stack is ours only for setcred. */
ENTRY_POINT pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_IGNORE;
}

/* Called at very different moments by different hosts: only a session that we counted is refreshed. */
ENTRY_POINT pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	login_auto login = {0};

	if (!((unsigned)flags & (PAM_REINITIALIZE_CRED | PAM_REFRESH_CRED)))
		return PAM_IGNORE;
	return login_begin(&login, pamh, flags, argc, argv) ? login_refresh(&login) : PAM_CRED_ERR;
}

ENTRY_POINT pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	login_auto login = {0};

	return login_begin(&login, pamh, flags, argc, argv) ? login_account(&login)
							    : PAM_SYSTEM_ERR;
}

ENTRY_POINT pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	login_auto login = {0};

	return login_begin(&login, pamh, flags, argc, argv) ? login_open(&login) : PAM_SESSION_ERR;
}

ENTRY_POINT pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	login_auto login = {0};

	return login_begin(&login, pamh, flags, argc, argv) ? login_close(&login) : PAM_SESSION_ERR;
}

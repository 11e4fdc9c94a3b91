/* SPDX-License-Identifier: MIT */
/* See pam-side.h. */
#include <config.h>

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>
#include <security/pam_modutil.h>

#include "chance.h"
#include "config/paths.h"
#include "fuzz.h"
#include "pam-side.h"

int pam_get_user(pam_handle_t *pamh, const char **user, const char *prompt)
{
	(void)prompt;
	*user = pamh->user;
	return chance_fails() ? PAM_CONV_ERR : PAM_SUCCESS;
}

void pam_side_end(struct pam_handle *handle)
{
	if (handle->data)
		handle->cleanup(handle, handle->data, 0);
	handle->data = NULL;
}

int pam_set_data(
    pam_handle_t *pamh, const char *name, void *data, void (*cleanup)(pam_handle_t *, void *, int))
{
	MUST(!strcmp(name, "pam_ravi_session"));
	/* It has room for it already where it takes it away. */
	if (data && chance_fails())
		return PAM_BUF_ERR;
	pam_side_end(pamh);
	pamh->data = data;
	pamh->cleanup = cleanup;
	return PAM_SUCCESS;
}

int pam_get_data(const pam_handle_t *pamh, const char *name, const void **data)
{
	MUST(!strcmp(name, "pam_ravi_session"));
	*data = pamh->data;
	return pamh->data ? PAM_SUCCESS : PAM_NO_MODULE_DATA;
}

void pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
	struct pam_handle *handle = (struct pam_handle *)(uintptr_t)pamh;
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	MUST(*text);
	if (priority != LOG_ERR)
		return;
	if (strstr(text, PATH_CONF))
		handle->about_conf++;
	else
		handle->errors++;
	snprintf(handle->last, sizeof(handle->last), "%.500s", text);
}

int pam_prompt(pam_handle_t *pamh, int style, char **response, const char *format, ...)
{
	(void)pamh, (void)style, (void)response, (void)format;
	return chance_fails() ? PAM_CONV_ERR : PAM_SUCCESS;
}

struct passwd *pam_modutil_getpwnam(pam_handle_t *pamh, const char *user)
{
	(void)pamh;
	return getpwnam(user);
}

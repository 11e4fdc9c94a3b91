/* SPDX-License-Identifier: MIT */
/* One call from libpam into the module: what it was given, and the work behind the entry points. */
#ifndef RAVI_LOGIN_H
#define RAVI_LOGIN_H

#include <stdbool.h>

#include <security/pam_modules.h>

#include "config/conf.h"
#include "util/deadline.h"

struct login {
	pam_handle_t *pamh;
	int argc;
	const char **argv;
	bool has_settings; /* conf and deadline: once they are wanted */
	struct conf conf;
	bool conf_is_bad; /* a value in it was refused; the rest has defaults */
	const char *user;
	int flags;
	struct deadline deadline;
};

#define login_auto __attribute__((cleanup(login_end))) struct login

/* Keeps what libpam gave us and asks for the user: false, with a log line, when there is none. */
bool login_begin(struct login *login, pam_handle_t *pamh, int flags, int argc, const char **argv);
void login_end(struct login *login);

/* Each returns what its entry point returns: pam_ravi(8) says what that means. */
int login_account(struct login *login);
int login_open(struct login *login);
int login_close(struct login *login);
int login_refresh(struct login *login);

#endif

/* SPDX-License-Identifier: MIT */
/* The commands of ravi-git-config, for the table in main.c; they return an exit code. */
#ifndef RAVI_GIT_CONFIG_COMMANDS_H
#define RAVI_GIT_CONFIG_COMMANDS_H

#include <stdbool.h>

#include "util/cli.h"

/* What can be asked for; a command's option table says which of it. */
struct request {
	const char *identity;
	const char *email;
	bool sign;
	bool user;
	bool json;
};

int run_bind(void *request, int argc, char **argv);
int run_unbind(void *request, int argc, char **argv);
int run_show(void *request, int argc, char **argv);
int run_which(void *request, int argc, char **argv);

#define HELPER_NAME "git-credential-ravi"

/* Whether a credential.helper is ours: by its path, or as git's short "ravi". */
bool is_our_helper(const char *command);

/* What the settings that others can overrule them with are called, and the GIT_ variable of the same. */
struct overrule {
	const char *key;      /* "author.email" */
	const char *variable; /* "GIT_AUTHOR_EMAIL" */
	bool is_name;
};

#define OVERRULES 4
extern const struct overrule overrules[OVERRULES];

#endif

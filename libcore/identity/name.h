/* SPDX-License-Identifier: MIT */
/*
 * What names may look like. Every name is checked here before a path, a key description or a command
 * line is built from it.
 */
#ifndef RAVI_NAME_H
#define RAVI_NAME_H

#include "util/reason.h"

#define USER_NAME_MAX     32 /* bytes; [a-z_][a-z0-9_-]{0,31} */
#define IDENTITY_NAME_MIN 3  /* the service's rule for the local part of an address */
#define IDENTITY_NAME_MAX 30
#define SECRET_NAME_MAX   128 /* [A-Z][A-Z0-9_]{0,127} */
#define EMAIL_MAX         254 /* RFC 5321 */
#define PHONE_MAX         16  /* E.164: '+' and at most 15 digits */

/* Each: 0, or -EINVAL with the reason naming the rule. */
int user_name_check(const char *name, struct reason *why);
int identity_name_check(const char *name, struct reason *why);
int email_check(const char *address, struct reason *why);
int domain_check(const char *domain, struct reason *why);
int phone_check(const char *number, struct reason *why);

/* Folds a secret's name to capitals, as the service does, and checks it: 0 or -EINVAL. */
int secret_name_fold(const char *name, char folded[SECRET_NAME_MAX + 1], struct reason *why);

#endif

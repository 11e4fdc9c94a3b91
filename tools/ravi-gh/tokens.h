/* SPDX-License-Identifier: MIT */
/*
 * gh's token variables: GH_TOKEN for github.com, GH_ENTERPRISE_TOKEN for every other host, and a tenant
 * below ghe.com takes one or the other, as gh's version has it. For a host without a variable gh uses
 * hosts.yml, which is whoever logged in there: so the variable that does not get the token gets a value that
 * is no token, and such a host says no.
 */
#ifndef RAVI_GH_TOKENS_H
#define RAVI_GH_TOKENS_H

/*
 * Sets both variables of this process for the host (GH_HOST; NULL or "": github.com). `token` NULL: neither
 * gets one. 0 or -ENOMEM.
 */
int tokens_set(const char *host, const char *token);

/* Which variables get the token. */
const char *tokens_word(const char *host);

#endif

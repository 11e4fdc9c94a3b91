/* SPDX-License-Identifier: MIT */
/*
 * Which hosts a token is for: those that ravi.conf names (git_host), else GitHub's two. A name is that
 * host or it is not: nothing is matched by its end, its beginning or a pattern.
 */
#ifndef RAVI_CREDENTIAL_HOSTS_H
#define RAVI_CREDENTIAL_HOSTS_H

#include <stdint.h>

#include "config/conf.h"
#include "util/buf.h"
#include "util/reason.h"
#include "util/report.h"

#define HOST_NAME_MAX_LEN 253              /* RFC 1035 */
#define HOST_PORT         443              /* https, where no other is said */
#define HOST_USER         "x-access-token" /* what GitHub wants with a token */
#define HOST_USER_MAX     64

struct host {
	char name[HOST_NAME_MAX_LEN + 1]; /* small letters; or [IPv6] */
	uint16_t port;
	char user[HOST_USER_MAX + 1];
};

/* "HOST" or "HOST:PORT", as git has it in a request: 0 or -EINVAL. */
int host_parse(const char *text, struct host *host, struct reason *why);

/*
 * The mapped host that a request's protocol and host mean. 1 with `host`; 0: no host of ours; -EPERM: the
 * name is one of ours, and the protocol is not https or the port another one or none, or the host has
 * something in it that stands in none; -EINVAL: a git_host in ravi.conf is wrong.
 */
int host_find(const struct conf *conf, const char *protocol, const char *name, struct host *host,
    struct reason *why);

/* All of them, "HOST[:PORT] (as USER)" each, for --which. 0 or -EINVAL. */
int host_list(const struct conf *conf, struct report *out, struct reason *why);

#endif

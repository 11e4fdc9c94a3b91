/* SPDX-License-Identifier: MIT */
/*
 * The settings: ravi.conf (`key = value`, '#' comments) and the arguments of the PAM line (`key=value`,
 * `key`) through one parser and one table; arguments win. The file must belong to root and be writable
 * for nobody else; only the default file may be missing.
 */
#ifndef RAVI_CONF_H
#define RAVI_CONF_H

#include <stdbool.h>

#include "util/buf.h"
#include "util/options.h"
#include "util/reason.h"

#define CONF_FILE_MAX (64 << 10) /* bytes of ravi.conf */

enum conf_reach {
	REACH_USER,    /* the ring is linked into the login's session ring and into @u */
	REACH_SESSION, /* into the session ring alone */
};

enum conf_seal {
	SEAL_ON,
	SEAL_OFF,
};

struct conf {
	bool debug;
	bool quiet;
	long timeout; /* seconds, for everything one PAM call does */
	int reach;    /* enum conf_reach */
	const char *domain;
	const char *conf; /* the file; only as an argument */
	long keep;        /* previous versions kept of a secret */
	long audit_keep;  /* full files of the audit trail that are kept; 0: all */
	const char *gh, *codex,
	    *daemon;                  /* absolute paths of the real programs; NULL: found in PATH */
	struct option_list git_hosts; /* HOST[:PORT] [username=USER]; none: GitHub's two */
	/* Patterns of secret names that agents may store themselves. */
	struct option_list agent_write;
	const char *service_url;   /* the Ravi service: https://HOST[:PORT]; NULL: none */
	const char *service_ca;    /* certificates that may vouch for it; NULL: the system's */
	const char *service_proxy; /* the way to it; NULL: straight */
	long service_timeout;      /* seconds that one command waits for it */
	const char *store;         /* the store of record; NULL: the directory store */
	int seal;                  /* enum conf_seal */
	long max_age;              /* seconds after which a copy is looked at again */
	bool required_fresh;       /* before a login, not behind it */
	long offline_max;          /* seconds for which a copy serves unseen by its store */

	struct buf text; /* what the texts above point into */
};

#define conf_auto __attribute__((cleanup(conf_free))) struct conf

extern const struct option_row conf_table[];

/* Called for a key that no row knows: reported by name, then ignored. NULL: nobody asks. */
typedef void conf_unknown(void *context, const char *where, const char *key);

/*
 * Defaults, then the file, then the arguments (argc may be 0). Returns 0, or a negative errno with the
 * reason naming the file and line, or the argument. Free `conf` in either case.
 */
int conf_load(struct conf *conf, int argc, const char *const *argv, conf_unknown *unknown,
    void *context, struct reason *why);

void conf_free(struct conf *conf);

/* Whether the vaults are at home in another store than this machine's folder, which then holds copies. */
bool conf_has_remote_store(const struct conf *conf);

/* Whether vaults go about whole, so that they can say which machine uses what one alone may use. */
bool conf_has_leases(const struct conf *conf);

/* What a PAM argument, KEY or KEY=VALUE, sets; NULL: nothing. */
const struct option_row *conf_row_of(const char *argument);

/* Whether two values of service_url are one service: a slash at the end says nothing. */
bool conf_same_service(const char *a, const char *b);

/* The word for a reach, as the option takes it. */
const char *conf_reach_word(int reach);

#endif

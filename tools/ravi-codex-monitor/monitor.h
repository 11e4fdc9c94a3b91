/* SPDX-License-Identifier: MIT */
/*
 * ravi-codex-monitor: what its commands share. CodexMonitor's daemon takes its token from --token or from
 * CODEX_MONITOR_DAEMON_TOKEN; an argument is readable by everybody (/proc/PID/cmdline), so it is the
 * variable, in the environment of that one exec.
 */
#ifndef RAVI_MONITOR_H
#define RAVI_MONITOR_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "choice/choice.h"
#include "ring/ring.h"
#include "util/buf.h"
#include "util/reason.h"

#define DAEMON_TOKEN   "CODEX_MONITOR_DAEMON_TOKEN" /* the secret, and the daemon's variable */
#define DEFAULT_LISTEN "127.0.0.1:4732"             /* the daemon's own default */
#define SHIMS          RAVI_LIBEXECDIR "/shims"     /* holds gh, which is ravi-gh */

/* Option values; every command has the ones it names. */
struct monitor {
	const char *identity, *listen, *data_dir, *codex_home;
	bool adopt, print, which, bind, json;
};

/* The identity that the daemon's token is read of, and the ring. */
struct monitor_identity {
	struct ring ring;
	struct choice choice;
};

int monitor_identity(const struct monitor *m, struct monitor_identity *id, struct reason *why);

/* The daemon's token, trimmed as the daemon trims it: 0, -ENOSECRET, -EINVAL (it cannot be one). */
int monitor_token(const struct monitor_identity *id, struct buf *token, struct reason *why);

/* --data-dir, or where the daemon itself looks without it. */
int monitor_data_dir(const struct monitor *m, char path[PATH_MAX], struct reason *why);

/* A JSON file of the daemon's, NULL with 0 when there is none. */
int monitor_read_json(const char *folder, const char *name, json_t **root, struct reason *why);

/* ---- settings.c: the plaintext tokens in the daemon's settings.json ---- */

struct plaintext {
	bool own; /* the daemon's: --adopt moves it into the vault */
	/* How many the list of back ends has of other daemons: no business of the vault's. */
	size_t others;
};

#define OTHERS_REMEDY "take out those that nobody needs, and chmod 600 the file"

/* What settings.json (NULL: there is none) holds in clear. `held` is the vault's token, or NULL. */
struct plaintext settings_look(const json_t *settings, const char *held);

/*
 * Moves the daemon's own into the vault of `id`, then takes it out of settings.json. Refused while a daemon
 * answers at --listen (it would write the file again) and when the vault has another token.
 */
int settings_adopt(const struct monitor *m, const struct monitor_identity *id, const char *data_dir,
    struct reason *why);

/* ---- wire.c: a running daemon ---- */

struct wire_daemon {
	bool reachable;     /* something listens there */
	bool authenticated; /* and took the token */
	char name[64], version[64], mode[32];
	int64_t pid;
};

/*
 * Asks the daemon at `listen` who it is; with `token` NULL only whether one is there. The token is sent to
 * a listener of this user alone: anybody else could wait at that port for it. 0 with what was found, or
 * -EACCES (another user listens there), -EPROTO.
 */
int wire_ask(const char *listen, const char *token, struct wire_daemon *found, struct reason *why);

/* HOST:PORT: -EINVAL with the reason. `loopback` says whether only this machine reaches it. */
int wire_check_address(const char *listen, bool *loopback, struct reason *why);

/* ---- the commands; each returns an exit code ---- */

int monitor_start(void *values, int argc, char **argv);
int monitor_status(void *values, int argc, char **argv);
int monitor_worktrees(void *values, int argc, char **argv);

#endif

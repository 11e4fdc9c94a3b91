/* SPDX-License-Identifier: MIT */
/* Whether the daemon runs, and with this identity's token. */
#include <config.h>

#include <errno.h>
#include <stdio.h>

#include "monitor.h"
#include "util/cli.h"
#include "util/jsonout.h"
#include "util/nodump.h"

static int print_json(
    const char *listen, const struct wire_daemon *found, const struct plaintext *clear)
{
	jsonout_auto j = {0};

	jsonout_open(&j, NULL, '{');
	jsonout_text(&j, "listen", listen);
	jsonout_bool(&j, "reachable", found->reachable);
	jsonout_bool(&j, "authenticated", found->authenticated);
	jsonout_text(&j, "name", *found->name ? found->name : NULL);
	jsonout_text(&j, "version", *found->version ? found->version : NULL);
	jsonout_text(&j, "mode", *found->mode ? found->mode : NULL);
	if (found->pid)
		jsonout_number(&j, "pid", found->pid);
	else
		jsonout_text(&j, "pid", NULL);
	jsonout_bool(&j, "plaintext_token", clear->own || clear->others);
	jsonout_number(&j, "plaintext_others", (int64_t)clear->others);
	jsonout_close(&j, '}');
	return jsonout_print(&j);
}

static void print_text(const char *listen, const struct wire_daemon *found, const char *data_dir,
    const struct plaintext *clear)
{
	printf("listens   %s\n", listen);
	if (found->authenticated)
		printf("daemon    %s %s, %s, pid %lld\ntoken     accepted\n", found->name,
		    found->version, found->mode, (long long)found->pid);
	if (clear->own || !clear->others)
		printf("settings  %s/settings.json holds %s\n", data_dir,
		    clear->own ? "a token in clear: ravi-codex-monitor --adopt" : "no token");
	if (clear->others)
		printf("settings  %s/settings.json holds tokens of other daemons in clear (%zu in "
		       "remoteBackends): " OTHERS_REMEDY "\n",
		    data_dir, clear->others);
}

/* Everything that can be found out; the daemon's own state comes last, it decides the exit code. */
static int ask(const struct monitor *m, const char *listen, char data_dir[PATH_MAX],
    struct wire_daemon *found, struct plaintext *clear, struct reason *why)
{
	json_auto_t *settings = NULL;
	struct monitor_identity id;
	buf_auto token = {0};
	int r = monitor_identity(m, &id, why);

	if (r == 0)
		r = monitor_data_dir(m, data_dir, why);
	if (r == 0)
		r = monitor_read_json(data_dir, "settings.json", &settings, why);
	if (r == 0)
		r = monitor_token(&id, &token, why);
	if (r < 0)
		return r;
	*clear = settings_look(settings, token.data);
	return wire_ask(listen, token.data, found, why);
}

int monitor_status(void *values, int argc, char **argv)
{
	const struct monitor *m = values;
	const char *listen = m->listen ? m->listen : DEFAULT_LISTEN;
	struct wire_daemon found = {0};
	char data_dir[PATH_MAX];
	struct plaintext clear = {0};
	struct reason why = {0};
	struct rlimit core;
	int r = nodump_begin(&core);

	(void)argc, (void)argv;
	if (r == 0)
		r = ask(m, listen, data_dir, &found, &clear, &why);
	if (r < 0)
		return cli_fail(r, &why);
	if (m->json)
		r = print_json(listen, &found, &clear);
	else
		print_text(listen, &found, data_dir, &clear);
	if (r < 0 || fflush(stdout))
		return EXIT_FAILED;
	if (!found.reachable)
		return cli_fail(
		    reason_set(&why, -ECONNREFUSED,
			"no daemon listens at %s; start one: ravi-codex-monitor", listen),
		    &why);
	if (!found.authenticated)
		return cli_fail(reason_set(&why, -EACCES,
				    "the daemon at %s has another token than the vault: it takes "
				    "one at its start only; "
				    "restart it",
				    listen),
		    &why);
	return EXIT_DONE;
}

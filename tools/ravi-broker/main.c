/* SPDX-License-Identifier: MIT */
/*
 * ravi-broker: stores secrets that agents ask it to store, one process a request. It serves the connection
 * that its descriptor 0 is; where that is a listening socket, as a socket unit of systemd gives it, or with
 * --listen, it starts itself again for each connection.
 */
#include <config.h>

#include <stdbool.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "confine.h"
#include "listen.h"
#include "serve.h"
#include "util/cli.h"
#include "util/takeover.h"
#include "vault/vault.h"

struct values {
	bool listen;
};

static const struct option_row options[] = {
    {.name = "listen",
	.kind = OPTION_FLAG,
	.offset = offsetof(struct values, listen),
	.help = "make the socket and start one process a connection, instead of systemd"},
    {0},
};

/* What descriptor 0 is. */
enum inherited {
	INHERITED_OTHER,
	INHERITED_CONNECTION,
	INHERITED_LISTENER,
};

static enum inherited look(int fd)
{
	int domain = 0, type = 0, listens = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 || domain != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0)
		return INHERITED_OTHER;
	return listens ? INHERITED_LISTENER : INHERITED_CONNECTION;
}

static int run(void *opaque, int argc, char **argv)
{
	const struct values *values = opaque;
	enum inherited inherited = values->listen ? INHERITED_OTHER : look(STDIN_FILENO);
	struct reason why = {0};
	int r;

	(void)argc, (void)argv;
	if (values->listen || inherited == INHERITED_LISTENER) {
		r = listen_for_agents(values->listen ? -1 : STDIN_FILENO, &why);
		return r < 0 ? cli_fail(r, &why) : EXIT_DONE;
	}
	if (inherited == INHERITED_OTHER)
		return cli_usage("descriptor 0 is no socket: ravi-broker.socket of systemd "
				 "starts this program, or ravi-broker --listen");
	r = process_guard(&why);
	if (r == 0)
		r = confine(&why);
	return r < 0 ? cli_fail(r, &why) : serve(STDIN_FILENO);
}

static const struct cli_command commands[] = {
    {.name = "",
	.summary = "Stores secrets for agents who ask for it.",
	.options = options,
	.run = run},
    {0},
};

static const struct cli_program program = {
    .name = "ravi-broker",
    .summary = "Stores secrets for agents who ask for it.",
    .commands = commands,
    .see = "ravi-broker(8), ravi.conf(5), ravi(7)",
};

int main(int argc, char **argv)
{
	struct reason why;
	int r = process_take_over(&why);

	if (r < 0)
		return cli_fail(r, &why);
	vault_memory_init();
	openlog("ravi-broker", LOG_PID, LOG_AUTHPRIV);
	return cli_main(&program, argc, argv);
}

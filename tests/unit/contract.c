/* SPDX-License-Identifier: MIT */
/* A contract server for a test program: see contract.h. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract.h"
#include "unit.h"
#include "util/buf.h"
#include "util/file.h"

#define LINES 16
#define READY "ready\n"

struct contract {
	pid_t pid;
	int alive; /* its stdin: it ends when this does */
	unsigned short control;
	char text[4096]; /* what it printed, NAME=VALUE lines */
	char *names[LINES], *values[LINES];
	size_t count;
};

static bool has_program(const char *name)
{
	char command[64];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", name);
	return system(command) == 0;
}

static void read_lines(struct contract *c, int from)
{
	size_t len = 0;
	char *cursor, *line;

	while (!strstr(c->text, READY)) {
		ssize_t got = read(from, c->text + len, sizeof(c->text) - 1 - len);

		if (got <= 0) {
			fprintf(stderr, "the contract server did not start: %s\n", c->text);
			exit(1);
		}
		len += (size_t)got;
	}
	cursor = c->text;
	while ((line = strsep(&cursor, "\n")) && c->count < LINES) {
		char *equals = strchr(line, '=');

		if (!equals)
			continue;
		*equals = '\0';
		c->names[c->count] = line;
		c->values[c->count++] = equals + 1;
	}
}

struct contract *contract_start(void)
{
	char *argv[] = {(char *)(uintptr_t) "node", (char *)(uintptr_t)CONTRACT_SERVER, NULL};
	struct contract *c = calloc(1, sizeof(*c));
	posix_spawn_file_actions_t files;
	int in[2], out[2];

	if (!c || !has_program("node") || !has_program("openssl")) {
		free(c);
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		exit(1);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in[0], 0);
	posix_spawn_file_actions_adddup2(&files, out[1], 1);
	if (posix_spawnp(&c->pid, "node", &files, NULL, argv, environ))
		exit(1);
	posix_spawn_file_actions_destroy(&files);
	close(in[0]);
	close(out[1]);
	c->alive = in[1];
	read_lines(c, out[0]);
	close(out[0]);
	c->control = (unsigned short)atoi(strrchr(contract_value(c, "control"), ':') + 1);
	return c;
}

void contract_stop(struct contract *c)
{
	if (!c)
		return;
	close(c->alive);
	waitpid(c->pid, NULL, 0);
	free(c);
}

const char *contract_value(const struct contract *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->names[i], name))
			return c->values[i];
	fail_msg("the contract server printed no %s", name);
	return NULL;
}

json_t *contract_tell(const struct contract *c, const char *command, const char *json)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(c->control),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	buf_auto said = {0};
	char head[256];
	const char *body;
	json_t *answer;
	int len;

	json = json ? json : "{}";
	len = snprintf(head, sizeof(head),
	    "POST /%s HTTP/1.0\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", command,
	    strlen(json));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(file_write_fd(fd, head, (size_t)len), 0);
	assert_int_equal(file_write_fd(fd, json, strlen(json)), 0);
	assert_int_equal(file_read_fd(fd, 32 << 20, &said), 0);
	close(fd);
	body = strstr(buf_text(&said), "\r\n\r\n");
	if (!body || strncmp(said.data + 9, "200", 3))
		fail_msg("%s %s: %s", command, json, buf_text(&said));
	answer = json_loads(body + 4, 0, NULL);
	assert_non_null(answer);
	return answer;
}

size_t contract_count(const struct contract *c, const char *path)
{
	json_t *log = contract_tell(c, "log", NULL), *entry;
	size_t i, count = 0;

	json_array_foreach(log, i, entry)
		if (!path || !strncmp(json_string_value(json_object_get(entry, "path")), path, strlen(path)))
			count++;
	json_decref(log);
	return count;
}

void contract_check(const struct contract *c)
{
	json_t *bad = contract_tell(c, "violations", NULL);

	if (json_array_size(bad))
		fail_msg("the contract was broken: %s", json_dumps(bad, JSON_INDENT(1)));
	json_decref(bad);
}

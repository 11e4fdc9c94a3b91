/* SPDX-License-Identifier: MIT */
/*
 * interleave ROUNDS <SPECIFICATION: runs commands in turn, again and again, and says how long each takes.
 *
 * In turn (A B C A B C), so that whatever else the machine does meets all of them alike: what is compared
 * was measured in the same minute. Each line of the specification is four fields with tabs between them:
 *
 *	LABEL	whole|inside	INPUT	COMMAND ARGUMENT...
 *
 * whole   from before the process is started until it has ended
 * inside  the command measures itself, and prints the nanoseconds as the first word of its output
 * INPUT   the file that is its standard input
 * {}      in an argument stands for the number of the round, 0 the one that is not counted
 *
 * Prints "LABEL MEDIAN P10 P90 MIN", in nanoseconds, tabs between them; "LABEL failed STATUS" for a command
 * that ends with another status than 0 the first time, which is not counted: it fills the caches.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"

#define COMMANDS_MAX  24
#define ARGUMENTS_MAX 32
#define ROUNDS_MAX    100000

struct command {
	char *label, *input;
	char *argv[ARGUMENTS_MAX + 1];
	bool inside;
	int status; /* of the first run */
	int64_t *took;
};

struct arguments {
	char *argv[ARGUMENTS_MAX + 1];
	char text[ARGUMENTS_MAX + 1][128];
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Takes a line apart, in place. */
static int parse(char *line, struct command *command)
{
	char *kind, *word;
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	command->label = strsep(&line, "\t");
	kind = strsep(&line, "\t");
	command->input = strsep(&line, "\t");
	if (!line)
		return -EINVAL;
	command->inside = !strcmp(kind, "inside");
	while ((word = strsep(&line, " ")))
		if (*word && n < ARGUMENTS_MAX)
			command->argv[n++] = word;
	return n ? 0 : -EINVAL;
}

/* The arguments with the round's number in the place of {}. */
static void number(const struct command *command, size_t round, struct arguments *arguments)
{
	for (size_t i = 0; i <= ARGUMENTS_MAX; i++) {
		const char *mark = command->argv[i] ? strstr(command->argv[i], "{}") : NULL;

		arguments->argv[i] = command->argv[i];
		if (!mark)
			continue;
		snprintf(arguments->text[i], sizeof(arguments->text[i]), "%.*s%zu%s",
		    (int)(mark - command->argv[i]), command->argv[i], round, mark + 2);
		arguments->argv[i] = arguments->text[i];
	}
}

static int start(const struct command *command, size_t round, int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	static struct arguments arguments;
	int r = posix_spawn_file_actions_init(&files);

	number(command, round, &arguments);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&files, 0, command->input, O_RDONLY, 0);
	if (r == 0 && out >= 0)
		r = posix_spawn_file_actions_adddup2(&files, out, 1);
	else if (r == 0)
		r = posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = posix_spawnp(pid, command->argv[0], &files, NULL, arguments.argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return -r;
}

/* What the command says about itself; the pipe holds it until it has ended. */
static int64_t read_number(int fd)
{
	char text[64] = "";

	return read(fd, text, sizeof(text) - 1) > 0 ? strtoll(text, NULL, 10) : -1;
}

/* One run: its time, and its status (as waitpid(2) has it, or a negative errno) in `*status`. */
static int64_t run(const struct command *command, size_t round, int *status)
{
	int64_t before = now(), after;
	fd_auto reader = -1;
	fd_auto writer = -1;
	int ends[2];
	pid_t pid;

	if (command->inside) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			return *status = -errno;
		reader = ends[0];
		writer = ends[1];
	}
	*status = start(command, round, writer, &pid);
	if (*status < 0)
		return *status;
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	after = now();
	return command->inside ? read_number(reader) : after - before;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void report(struct command *command, size_t rounds)
{
	const int64_t *took = command->took;

	if (command->status) {
		printf("%s\tfailed\t%d\n", command->label,
		    command->status < 0 ? 127 : WEXITSTATUS(command->status));
		return;
	}
	qsort(command->took, rounds, sizeof(*took), compare);
	printf("%s\t%lld\t%lld\t%lld\t%lld\n", command->label, (long long)took[rounds / 2],
	    (long long)took[rounds / 10], (long long)took[rounds - 1 - rounds / 10],
	    (long long)took[0]);
}

static int measure(struct command *commands, size_t count, size_t rounds)
{
	int status;

	for (size_t i = 0; i < count; i++) {
		commands[i].took = calloc(rounds, sizeof(*commands[i].took));
		if (!commands[i].took)
			return -ENOMEM;
		run(&commands[i], 0, &commands[i].status);
	}
	for (size_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < count; i++)
			if (!commands[i].status)
				commands[i].took[round] = run(&commands[i], round + 1, &status);
	for (size_t i = 0; i < count; i++) {
		report(&commands[i], rounds);
		free(commands[i].took);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct command commands[COMMANDS_MAX] = {0};
	long rounds = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	char *line = NULL;
	size_t count = 0, room = 0;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fputs("Usage: interleave ROUNDS <SPECIFICATION\n", stderr);
		return 2;
	}
	while (count < COMMANDS_MAX && getline(&line, &room, stdin) > 0) {
		if (parse(line, &commands[count]) < 0) {
			fprintf(stderr, "interleave: line %zu makes no sense\n", count + 1);
			return 2;
		}
		count++;
		line = NULL; /* the command keeps it */
		room = 0;
	}
	return measure(commands, count, (size_t)rounds) < 0 ? 1 : 0;
}

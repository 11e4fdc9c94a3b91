/* SPDX-License-Identifier: MIT */
/*
 * The command line of every tool: a program is a const table of commands, a command a table of options
 * and a function. --help, --version, usage errors and exit codes are the same everywhere.
 */
#ifndef RAVI_CLI_H
#define RAVI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"
#include "util/options.h"
#include "util/reason.h"

/* What every tool exits with. Scripts rely on it. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,   /* no such secret or identity */
	EXIT_NO_RING = 4,     /* no ring in reach: not logged in as an agent */
	EXIT_REFUSED = 5,     /* permission or policy */
	EXIT_UNREACHABLE = 6, /* the store or the service */
};

/* The errnos that stand for them in functions (the others: see cli_exit_code). */
#define ENOSECRET      ENOKEY /* no such secret, no such identity */
#define ENORING        ENXIO  /* no ring in reach */

#define CLI_VALUES_MAX 2048 /* bytes; the largest struct of option values */

struct cli_command {
	const char *name;      /* "secrets set"; "" for the only command of a program */
	const char *arguments; /* "NAME [VALUE]" */
	const char *summary;   /* one line */
	const struct option_row *options;
	int least, most;    /* arguments; most -1: any number */
	bool stop_at_first; /* options end at the first argument: the rest is a command line */
	const char *more;   /* further paragraphs for --help, or NULL */
	/* `values` is zeroed, then filled by `options`. Returns an exit code. */
	int (*run)(void *values, int argc, char **argv);
};

struct cli_program;

/* One word of a command line that is being typed; see cli_program.complete. */
struct cli_word {
	const struct cli_command *command;
	/* As an option's or the command's arguments call it: "ID", "NAME", "USER". */
	const char *what;
	const char *identity; /* of --identity before it, or NULL */
};

struct cli_program {
	const char *name;
	const char *summary;
	const struct cli_command *commands; /* ended by a NULL name */
	const char *see;                    /* "ravi(1), ravi(7)" */
	/* Appends what the word may be, a line each, for --complete; NULL: it cannot be told. */
	void (*complete)(const struct cli_word *word, struct buf *out);
};

/*
 * Runs the command that the arguments name and returns its exit code; EXIT_FAILED when what it printed
 * could not be written. Commands need not look after stdout themselves.
 */
int cli_main(const struct cli_program *program, int argc, char **argv);

/*
 * What the last of the words (behind the program's name; it may be "") may become, a line each, with a tab and
 * what it means where that is known: `PROGRAM --complete WORD...`, which the shells' completions call. A
 * line ":files", ":folders" or ":command" means that the shell knows. Always EXIT_DONE.
 */
int cli_complete(const struct cli_program *program, int count, char **words);

/*
 * Help to stdout: on one command, on a group ("secrets": the commands whose names begin with that word), or
 * with NULL on the program. EXIT_USAGE when there is no such command.
 */
int cli_help(const struct cli_program *program, const char *command);

/*
 * Takes the command's words off the arguments (argv[0] is the program): the longest name that they begin with.
 * With none given, the command "" where the program has one. NULL: there is none.
 */
const struct cli_command *cli_match(const struct cli_program *program, int *argc, char ***argv);

/* The exit code for a negative errno (0 for 0): ENOSECRET 3, ENORING 4, EACCES, EPERM 5, ... */
int cli_exit_code(int error);

/* "PROGRAM: text" to stderr; returns cli_exit_code(error). The text falls back to the errno's. */
int cli_fail(int error, const struct reason *why);

/* The same for a usage error: adds where help is, returns EXIT_USAGE. */
int cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "PROGRAM: text" to stderr, for what is worth knowing and no error. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

/* SPDX-License-Identifier: MIT */
/* The command line of every tool: see cli.h. getopt_long does the parsing, the tables drive it. */
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/cli.h"

#define CLI_OPTIONS_MAX 32
#define LONG_BASE       256 /* getopt's value of the first row; above every letter */

static __attribute__((format(printf, 1, 0))) void say(const char *format, va_list args)
{
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void cli_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
}

int cli_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fprintf(stderr, "Try: %s --help\n", program_invocation_short_name);
	return EXIT_USAGE;
}

int cli_exit_code(int error)
{
	switch (error < 0 ? -error : error) {
	case 0:
		return EXIT_DONE;
	case EINVAL:
		return EXIT_USAGE;
	case ENOSECRET:
	case EKEYEXPIRED:
		return EXIT_NOT_FOUND;
	case ENORING:
		return EXIT_NO_RING;
	case EACCES:
	case EPERM:
	case EKEYREJECTED:
		return EXIT_REFUSED;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ECONNREFUSED:
	case ETIMEDOUT:
	case EHOSTDOWN:
	case EUSERS:
	case EBADE:
	case EOVERFLOW:
	case EINPROGRESS:
	case EDESTADDRREQ:
		return EXIT_UNREACHABLE;
	default:
		return EXIT_FAILED;
	}
}

int cli_fail(int error, const struct reason *why)
{
	if (why && *why->text)
		cli_note("%s", why->text);
	else
		cli_note("%s", strerror(error < 0 ? -error : error));
	return cli_exit_code(error);
}

static void help_command(
    const struct cli_program *program, const struct cli_command *command, struct buf *out)
{
	buf_addf(out, "Usage: %s%s%s%s%s%s\n\n%s\n", program->name, *command->name ? " " : "",
	    command->name, command->options ? " [OPTION]..." : "", command->arguments ? " " : "",
	    command->arguments ? command->arguments : "", command->summary);
	if (command->options) {
		buf_add_text(out, "\nOptions:\n");
		options_help(command->options, "--", out);
	}
	if (command->more)
		buf_addf(out, "\n%s\n", command->more);
}

/* Whether the command is in the group: "secrets set" is in "secrets"; every one is in "". */
static bool in_group(const struct cli_command *command, const char *group)
{
	size_t len = strlen(group);

	return !len || (!strncmp(command->name, group, len) && command->name[len] == ' ');
}

static bool is_group(const struct cli_program *program, const char *name)
{
	for (const struct cli_command *c = program->commands; c->name; c++)
		if (*name && in_group(c, name))
			return true;
	return false;
}

/* The program's commands, or with a group those of the group. */
static void help_program(const struct cli_program *program, const char *group, struct buf *out)
{
	int width = 0;

	buf_addf(out, "Usage: %s %s%sCOMMAND [OPTION]... [ARGUMENT]...\n", program->name, group,
	    *group ? " " : "");
	if (!*group)
		buf_addf(out, "\n%s\n", program->summary);
	buf_add_text(out, "\nCommands:\n");
	for (const struct cli_command *c = program->commands; c->name; c++)
		if (in_group(c, group) && (int)strlen(c->name) > width)
			width = (int)strlen(c->name);
	for (const struct cli_command *c = program->commands; c->name; c++)
		if (in_group(c, group))
			buf_addf(out, "  %-*s %s\n", width, c->name, c->summary);
	buf_addf(out, "\n%s COMMAND --help tells more about one.\n", program->name);
}

static const struct cli_command *find_command(const struct cli_program *program, const char *name)
{
	for (const struct cli_command *c = program->commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

int cli_help(const struct cli_program *program, const char *name)
{
	const struct cli_command *command = find_command(program, name ? name : "");
	buf_auto out = {0};

	if (command)
		help_command(program, command, &out);
	else if (!name || is_group(program, name))
		help_program(program, name ? name : "", &out);
	else
		return cli_usage("unknown command \"%s\"", name);
	buf_addf(&out, "\nSee %s.\n", program->see);
	fputs(buf_text(&out), stdout);
	return EXIT_DONE;
}

/* The first words are a group ("vault recipients"), and no command of it follows. */
static int run_group(const struct cli_program *program, int argc, char **argv)
{
	buf_auto group = {0}, longer = {0}, out = {0};
	int words = 1;

	buf_add_text(&group, argv[1]);
	for (; words + 1 < argc; words++) {
		buf_reset(&longer);
		buf_addf(&longer, "%s %s", buf_text(&group), argv[words + 1]);
		if (!is_group(program, buf_text(&longer)))
			break;
		buf_move(&group, &longer);
	}
	argv += words + 1;
	if (words + 1 < argc && (!strcmp(*argv, "--help") || !strcmp(*argv, "-h")))
		return cli_help(program, buf_text(&group));
	if (words + 1 < argc)
		return cli_usage("unknown command \"%s %s\"", buf_text(&group), *argv);
	help_program(program, buf_text(&group), &out);
	fputs(buf_text(&out), stderr);
	return EXIT_USAGE;
}

const struct cli_command *cli_match(const struct cli_program *program, int *argc, char ***argv)
{
	const struct cli_command *best = find_command(program, "");
	int best_words = 0;

	for (const struct cli_command *c = program->commands; c->name; c++) {
		const char *rest = c->name;
		int words = 0;

		while (*rest && words + 1 < *argc) {
			size_t len = strcspn(rest, " ");

			if (strlen((*argv)[words + 1]) != len ||
			    strncmp(rest, (*argv)[words + 1], len))
				break;
			rest += len + (rest[len] == ' ');
			words++;
		}
		if (!*rest && words > best_words) {
			best = c;
			best_words = words;
		}
	}
	*argc -= best_words;
	*argv += best_words;
	return best;
}

static void build_getopt(const struct cli_command *command, struct option longs[], char shorts[])
{
	size_t n = 0, s = 0;

	if (command->stop_at_first)
		shorts[s++] = '+';
	shorts[s++] = ':';
	shorts[s++] = 'h';
	for (const struct option_row *row = command->options; row && row->name; row++, n++) {
		longs[n] = (struct option){
		    .name = row->name,
		    .has_arg = row->kind == OPTION_FLAG ? no_argument : required_argument,
		    .val = LONG_BASE + (int)n,
		};
		if (row->letter) {
			shorts[s++] = row->letter;
			if (row->kind != OPTION_FLAG)
				shorts[s++] = ':';
		}
	}
	longs[n++] = (struct option){.name = "help", .val = 'h'};
	longs[n] = (struct option){0};
	shorts[s] = '\0';
}

static const struct option_row *row_of(const struct cli_command *command, int value)
{
	if (value >= LONG_BASE)
		return &command->options[value - LONG_BASE];
	for (const struct option_row *row = command->options; row && row->name; row++)
		if (row->letter == value)
			return row;
	return NULL;
}

/* getopt's word for what it does not know; of "-xn" it says x, and its place is no help. */
static int say_unknown(const struct cli_command *command, char **argv)
{
	const struct option_row *row = optopt ? row_of(command, optopt) : NULL;

	if (row && optopt >= LONG_BASE)
		return cli_usage("--%s takes no value", row->name);
	if (optopt > ' ' && optopt < 0x7f && strncmp(argv[optind - 1], "--", 2) != 0)
		return cli_usage("unknown option -%c", optopt);
	return cli_usage("unknown option %s", argv[optind - 1]);
}

static int run_command(
    const struct cli_program *program, const struct cli_command *command, int argc, char **argv)
{
	alignas(max_align_t) char values[CLI_VALUES_MAX] = {0};
	struct option longs[CLI_OPTIONS_MAX + 2];
	char shorts[2 * CLI_OPTIONS_MAX + 4];
	struct reason why;
	int value;

	build_getopt(command, longs, shorts);
	opterr = 0;
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row;

		if (value == 'h')
			return cli_help(program, command->name);
		if (value == ':')
			return cli_usage("%s needs a value", argv[optind - 1]);
		row = value == '?' ? NULL : row_of(command, value);
		if (!row)
			return say_unknown(command, argv);
		if (options_set(row, values, optarg, &why) < 0)
			return cli_usage("--%s", why.text);
	}
	argc -= optind;
	argv += optind;
	if (argc < command->least || (command->most >= 0 && argc > command->most))
		return cli_usage("usage: %s%s%s %s", program->name, *command->name ? " " : "",
		    command->name, command->arguments ? command->arguments : "");
	return command->run(values, argc, argv);
}

static int dispatch(const struct cli_program *program, int argc, char **argv)
{
	const struct cli_command *command;

	if (argc > 1 && !strcmp(argv[1], "--version")) {
		printf("%s %s\n", program->name, PACKAGE_VERSION);
		return EXIT_DONE;
	}
	if (argc > 1 && !strcmp(argv[1], "--complete"))
		return cli_complete(program, argc - 2, argv + 2);
	command = cli_match(program, &argc, &argv);
	if (command)
		return run_command(program, command, argc, argv);
	if (argc < 2)
		return cli_usage("no command");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cli_help(program, NULL);
	if (is_group(program, argv[1]))
		return run_group(program, argc, argv);
	return cli_usage("unknown command \"%s\"", argv[1]);
}

int cli_main(const struct cli_program *program, int argc, char **argv)
{
	int code = dispatch(program, argc, argv);
	bool is_lost = fflush(stdout) != 0 || ferror(stdout);

	/* A full disk or a closed pipe: nobody got what was printed, in whatever piece it failed. */
	if (is_lost)
		cli_note("the output could not be written");
	return is_lost && code == EXIT_DONE ? EXIT_FAILED : code;
}

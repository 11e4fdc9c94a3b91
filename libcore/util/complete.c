/* SPDX-License-Identifier: MIT */
/*
 * Completion from the very tables that parse a command line: see cli_complete in cli.h. What is offered is
 * filtered here, so that the shells' parts stay small.
 */
#include <config.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "util/cli.h"

#define WHAT_MAX 64 /* bytes; what an argument is called */

struct typing {
	const struct cli_program *program;
	const struct cli_command *command;
	const char *word;               /* that is being typed */
	const struct option_row *value; /* the option whose value it is; NULL: none */
	const char *identity;
	int arguments;       /* before the word */
	bool only_arguments; /* behind "--" */
	struct buf out;
};

static void offer(struct typing *t, const char *word, size_t len, const char *meaning)
{
	size_t typed = strlen(t->word);

	if (typed > len || strncmp(word, t->word, typed) != 0)
		return;
	buf_add(&t->out, word, len);
	if (meaning)
		buf_addf(&t->out, "\t%s", meaning);
	buf_add_char(&t->out, '\n');
}

/* Whether one more command word may come behind `given`; offers it. */
static void offer_command(
    struct typing *t, const struct cli_command *c, const char *given, const char *last)
{
	size_t start = strlen(given), next;

	if (strncmp(c->name, given, start) != 0 || (start && c->name[start] != ' '))
		return;
	start += start > 0;
	next = strcspn(c->name + start, " ");
	/* "audit verify" behind "audit" or "audit restart" has been offered. */
	if (!next || (last && !strncmp(c->name, last, start + next) &&
			 (last[start + next] == ' ' || !last[start + next])))
		return;
	offer(t, c->name + start, next, c->name[start + next] ? NULL : c->summary);
}

static void offer_commands(struct typing *t, int count, char **words)
{
	const char *last = NULL;
	buf_auto given = {0};

	for (int i = 0; i + 1 < count; i++)
		buf_addf(&given, "%s%s", i ? " " : "", words[i]);
	/* Commands of a group stand together in the table. */
	for (const struct cli_command *c = t->program->commands; c->name; c++) {
		offer_command(t, c, buf_text(&given), last);
		last = c->name;
	}
}

static void offer_options(struct typing *t)
{
	char name[WHAT_MAX + 2];

	for (const struct option_row *row = t->command->options; row && row->name; row++) {
		snprintf(name, sizeof(name), "--%s", row->name);
		offer(t, name, strlen(name), row->help);
	}
	offer(t, "--help", 6, "explain the command");
}

/* What is called FILE, DIR or NAME; and "on|off", "FILE|-": what is in small letters is the word itself. */
static void offer_what(struct typing *t, const char *what)
{
	struct cli_word word = {.command = t->command, .identity = t->identity};
	char one[WHAT_MAX];
	buf_auto known = {0};

	while (*what) {
		size_t len = strcspn(what, "|");

		snprintf(one, sizeof(one), "%.*s", (int)len, what);
		what += len + (what[len] == '|');
		if (!strcmp(one, "FILE") || !strcmp(one, "PATH") || !strcmp(one, "DAEMON"))
			buf_add_text(&t->out, ":files\n");
		else if (!strcmp(one, "DIR") || !strcmp(one, "WORKTREE"))
			buf_add_text(&t->out, ":folders\n");
		else if (islower((unsigned char)*one))
			offer(t, one, strlen(one), NULL);
		word.what = one;
		if (isupper((unsigned char)*one) && t->program->complete)
			t->program->complete(&word, &known);
	}
	for (const char *line = buf_text(&known), *end; (end = strchr(line, '\n')); line = end + 1)
		offer(t, line, (size_t)(end - line), NULL);
}

static void offer_value(struct typing *t)
{
	const struct option_row *row = t->value;

	if (row->kind == OPTION_CHOICE)
		for (int i = 0; row->choices[i]; i++)
			offer(t, row->choices[i], strlen(row->choices[i]), NULL);
	else
		offer_what(t, row->argument);
}

/* The argument that is due: "NAME on|off" for the second is "on|off"; "NAME..." goes on. */
static void offer_argument(struct typing *t)
{
	const char *spec = t->command->arguments ? t->command->arguments : "";
	char what[WHAT_MAX];
	int due = t->arguments;

	if (t->command->stop_at_first && (t->arguments || t->only_arguments)) {
		buf_add_text(&t->out, ":command\n");
		return;
	}
	for (; *spec; due--) {
		size_t len;
		bool goes_on;

		spec += strspn(spec, " [");
		len = strcspn(spec, " []");
		goes_on = len > 3 && !strncmp(spec + len - 3, "...", 3);
		if (due <= 0 || goes_on || !strncmp(spec + len, "...", 3)) {
			snprintf(what, sizeof(what), "%.*s", (int)(goes_on ? len - 3 : len), spec);
			offer_what(t, what);
			return;
		}
		spec += len;
		spec += strspn(spec, "].");
	}
}

static const struct option_row *find_row(const struct cli_command *command, const char *word)
{
	if (word[0] == '-' && word[1] == '-')
		return options_find(command->options, word + 2);
	for (const struct option_row *row = command->options; row && row->name; row++)
		if (word[0] == '-' && word[1] && !word[2] && row->letter == word[1])
			return row;
	return NULL;
}

/* What stands before the word that is typed. */
static void take_words(struct typing *t, int count, char **words)
{
	for (int i = 0; i < count; i++) {
		const struct option_row *row = find_row(t->command, words[i]);

		if (t->only_arguments || *words[i] != '-' || !words[i][1]) {
			t->arguments++;
			t->only_arguments = t->only_arguments || t->command->stop_at_first;
		} else if (!strcmp(words[i], "--")) {
			t->only_arguments = true;
		} else if (row && row->kind != OPTION_FLAG) {
			if (i + 1 == count)
				t->value = row;
			else if (!strcmp(row->name, "identity"))
				t->identity = words[i + 1];
			i++;
		}
	}
}

int cli_complete(const struct cli_program *program, int count, char **words)
{
	static char nothing[] = "";
	char *none[] = {nothing}, **before;
	struct typing t = {.program = program};
	int left;

	if (count < 1) {
		count = 1;
		words = none;
	}
	t.word = words[count - 1];
	/* cli_match skips what stands for the program's name; the word that is typed is no command yet. */
	before = words - 1;
	left = count;
	t.command = count > 1 ? cli_match(program, &left, &before) : NULL;
	if (!t.command)
		t.command = count == 1 ? cli_match(program, &(int){1}, &(char **){none}) : NULL;
	if (t.command)
		take_words(&t, left - 1, before + 1);
	if (!t.value && *t.word != '-' && !t.only_arguments)
		offer_commands(&t, count, words);
	if (t.value)
		offer_value(&t);
	else if (t.command && *t.word == '-' && !t.only_arguments)
		offer_options(&t);
	else if (t.command)
		offer_argument(&t);
	fputs(buf_text(&t.out), stdout);
	buf_free(&t.out);
	return EXIT_DONE;
}

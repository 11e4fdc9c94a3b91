/* SPDX-License-Identifier: MIT */
/* The login stacks as libpam reads them: see stack.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "pam/stack.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"

#define BLANKS   " \t"
#define PATH_LEN 512

struct reader {
	const char *root;
	enum stack_type type;
	bool follow; /* includes */
	struct stack *stack;
	struct reason *why;
};

/* The line that is being read. */
struct place {
	const char *path;
	unsigned line, level, depth;
};

static int read_place(struct reader *reader, struct place *place);

void stack_free(struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		free(stack->rules[i].file);
		free(stack->rules[i].text);
	}
	free(stack->rules);
	*stack = (struct stack){0};
}

/* ---- lines ---- */

/*
 * The next rule's text: continued lines joined, what follows a '#' left out. `*line` is where it starts.
 * Returns 1, or 0 at the end.
 */
static int next_line(char **cursor, unsigned *next, unsigned *line, struct buf *out)
{
	buf_reset(out);
	*line = *next;
	while (*cursor) {
		char *text = strsep(cursor, "\n"), *comment = strchr(text, '#');
		size_t len;

		(*next)++;
		if (comment)
			*comment = '\0';
		for (len = strlen(text); len && strchr(BLANKS "\r", text[len - 1]); len--)
			;
		text[len] = '\0';
		/* A comment ends the line, whatever stands before it. */
		if (!comment && len && text[len - 1] == '\\') {
			text[len - 1] = ' ';
			buf_add_text(out, text);
			continue;
		}
		buf_add_text(out, text);
		if (buf_text(out)[strspn(buf_text(out), BLANKS)])
			return out->error ? out->error : 1;
		buf_reset(out);
		*line = *next;
	}
	return out->len && buf_text(out)[strspn(buf_text(out), BLANKS)] ? 1 : out->error;
}

/* The next field, in place: a word, or what is in brackets, these included. */
static char *next_field(char **cursor)
{
	char *field = *cursor + strspn(*cursor, BLANKS);
	char *close = *field == '[' ? strchr(field, ']') : NULL;
	char *end = close ? close + 1 : field + strcspn(field, BLANKS);

	if (end == field)
		return NULL;
	*cursor = *end ? end + 1 : end;
	*end = '\0';
	return field;
}

int stack_arguments(struct stack_rule *rule, const char **argv, int max)
{
	char *cursor = rule->text, *field;
	int argc = 0;

	next_field(&cursor);
	while (argc < max && (field = next_field(&cursor))) {
		size_t len = strlen(field);

		if (*field == '[' && field[len - 1] == ']') {
			field[len - 1] = '\0';
			field++;
		}
		argv[argc++] = field;
	}
	return argc;
}

/* ---- rules ---- */

static struct stack_rule *add_rule(struct reader *reader, const struct place *place)
{
	struct stack *stack = reader->stack;
	struct stack_rule *grown;
	char *file = strdup(place->path);

	if (stack->count == STACK_RULES_MAX)
		reason_set(reader->why, -E2BIG, "%s line %u: the stack has more than %d rules",
		    place->path, place->line, STACK_RULES_MAX);
	grown = file && stack->count < STACK_RULES_MAX
		    ? reallocarray(stack->rules, stack->count + 1, sizeof(*grown))
		    : NULL;
	if (!grown) {
		free(file);
		return NULL;
	}
	stack->rules = grown;
	grown += stack->count++;
	*grown = (struct stack_rule){.file = file, .line = place->line, .level = place->level};
	return grown;
}

/* A file that a rule names, or a service: the administrator's before the vendor's. -ENOENT: neither. */
static int read_named(struct reader *reader, const char *name, unsigned level, unsigned depth)
{
	static const char *const folders[] = {"/etc/pam.d/", "/usr/lib/pam.d/"};
	char path[PATH_LEN];

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		struct place place = {.path = path, .level = level, .depth = depth};
		struct stat st;
		int n = snprintf(path, sizeof(path), "%s%s%s", reader->root,
		    *name == '/' ? "" : folders[i], name);

		if (n < 0 || (size_t)n >= sizeof(path))
			return reason_set(
			    reader->why, -ENAMETOOLONG, "PAM names a file \"%.80s...\"", name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			return read_place(reader, &place);
	}
	return -ENOENT;
}

static int follow(struct reader *reader, const char *name, const struct place *from, unsigned level)
{
	int r;

	if (!reader->follow)
		return 0;
	if (from->depth == STACK_DEPTH_MAX)
		return reason_set(reader->why, -ELOOP,
		    "%s line %u: files include each other, %d deep", from->path, from->line,
		    STACK_DEPTH_MAX);
	r = read_named(reader, name, level, from->depth + 1);
	if (r == -ENOENT)
		return reason_set(reader->why, -EBADMSG, "%s line %u: there is no %s to include",
		    from->path, from->line, name);
	return r;
}

/* "include" and "substack": 1 when the rule is one and was followed, 0 when it is none. */
static int follow_control(
    struct reader *reader, const char *control, const char *name, const struct place *place)
{
	bool is_substack = strcasecmp(control, "substack") == 0;
	struct stack_rule *entry;
	int r;

	if (!is_substack && strcasecmp(control, "include") != 0)
		return 0;
	if (is_substack) {
		entry = add_rule(reader, place);
		if (!entry)
			return -E2BIG;
		entry->is_entry = true;
	}
	r = follow(reader, name, place, place->level + is_substack);
	return r < 0 ? r : 1;
}

static int read_module(
    struct reader *reader, const char *control, char *rest, const struct place *place)
{
	struct stack_rule *rule = add_rule(reader, place);
	const char *name;

	if (!rule)
		return -E2BIG;
	rule->text = strdup(rest);
	name = next_field(&rest);
	snprintf(rule->module, sizeof(rule->module), "%s",
	    strrchr(name, '/') ? strrchr(name, '/') + 1 : name);
	if (!rule->text)
		return -ENOMEM;
	if (stack_control_parse(control, rule->actions) < 0)
		return reason_set(reader->why, -EBADMSG,
		    "%s line %u: \"%.80s\" is no control of a PAM rule", place->path, place->line,
		    control);
	return 0;
}

/* A rule of the wanted type: `cursor` is behind the type. */
static int read_rule(struct reader *reader, char *cursor, const struct place *place)
{
	char *control = next_field(&cursor), *name;
	free_auto char *copy = NULL;
	int r;

	cursor += strspn(cursor, BLANKS);
	if (!control || !*cursor)
		return reason_set(reader->why, -EBADMSG,
		    "%s line %u is no PAM rule: it names no module", place->path, place->line);
	name = copy = strdup(cursor);
	if (!copy)
		return -ENOMEM;
	r = follow_control(reader, control, next_field(&name) ? copy : "", place);
	if (r)
		return r < 0 ? r : 0;
	return read_module(reader, control, cursor, place);
}

static int read_line(struct reader *reader, char *text, const struct place *place)
{
	static const char *const types[] = {"auth", "account", "password", "session"};
	char *cursor = text, *type = next_field(&cursor), *name;

	if (!strcmp(type, "@include")) {
		name = next_field(&cursor);
		return name ? follow(reader, name, place, place->level) : 0;
	}
	if (*type == '-')
		type++;
	return strcasecmp(type, types[reader->type]) ? 0 : read_rule(reader, cursor, place);
}

static int read_place(struct reader *reader, struct place *place)
{
	fd_auto fd = open(place->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	buf_auto text = {0};
	buf_auto rule = {0};
	unsigned next = 1;
	char *cursor;
	int r = fd < 0 ? -errno : file_read_fd(fd, STACK_FILE_MAX, &text);

	if (r < 0)
		return reason_errno(reader->why, r, "%s", place->path);
	if (text.len && memchr(text.data, '\0', text.len))
		return reason_set(
		    reader->why, -EBADMSG, "%s holds a NUL byte; it must be text", place->path);
	cursor = text.data;
	while ((r = next_line(&cursor, &next, &place->line, &rule)) > 0) {
		r = read_line(reader, rule.data, place);
		if (r < 0)
			break;
	}
	return r == -ENOMEM ? reason_errno(reader->why, r, "%s", place->path) : r;
}

int stack_read(const char *root, const char *service, enum stack_type type, struct stack *stack,
    struct reason *why)
{
	struct reader reader = {
	    .root = root, .type = type, .follow = true, .stack = stack, .why = why};

	*stack = (struct stack){0};
	return read_named(&reader, service, 0, 1);
}

int stack_read_file(const char *path, enum stack_type type, struct stack *stack, struct reason *why)
{
	struct reader reader = {.root = "", .type = type, .stack = stack, .why = why};

	struct place place = {.path = path, .depth = 1};

	*stack = (struct stack){0};
	return read_place(&reader, &place);
}

/* ---- what a login does ---- */

size_t stack_find(const struct stack *stack, const char *module, size_t from)
{
	while (from < stack->count && strcmp(stack->rules[from].module, module) != 0)
		from++;
	return from;
}

/* The rule behind a jump over `jump` rules of this level: a substack counts as one. */
static size_t jump_over(const struct stack *stack, size_t at, int jump)
{
	unsigned level = stack->rules[at].level;

	for (at++; at < stack->count && stack->rules[at].level >= level; at++)
		if (stack->rules[at].level == level && !jump--)
			break;
	return at;
}

/* The rule behind the end of the substack that `at` is in; the end of the whole stack at level 0. */
static size_t leave(const struct stack *stack, size_t at)
{
	unsigned level = stack->rules[at].level;

	if (!level)
		return stack->count;
	while (at < stack->count && stack->rules[at].level >= level)
		at++;
	return at;
}

bool stack_calls(const struct stack *stack, size_t rule, size_t *by)
{
	size_t at = 0;

	while (at < rule && at < stack->count) {
		int action =
		    stack->rules[at].is_entry ? STACK_OK : stack->rules[at].actions[STACK_SUCCESS];

		*by = at;
		if (action > 0)
			at = jump_over(stack, at, action);
		else if (action == STACK_DONE || action == STACK_DIE)
			at = leave(stack, at);
		else
			at++;
	}
	return at == rule;
}

/* SPDX-License-Identifier: MIT */
/*
 * The login stacks of this system as libpam reads them: /etc/pam.d/SERVICE, or /usr/lib/pam.d/SERVICE where
 * that is missing; continued lines joined, @include, include and substack followed. For programs that tell
 * which services reach pam_ravi, and how; nothing of this runs in a login.
 */
#ifndef RAVI_PAM_STACK_H
#define RAVI_PAM_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "util/reason.h"

#define STACK_MODULE    "pam_ravi.so"
#define STACK_DEPTH_MAX 16         /* files within files, as libpam's substacks */
#define STACK_RULES_MAX 512        /* of one stack; Debian's longest has some 20 */
#define STACK_FILE_MAX  (64 << 10) /* bytes */

enum stack_type {
	STACK_AUTH,
	STACK_ACCOUNT,
	STACK_PASSWORD,
	STACK_SESSION,
};

/* What a module can return, as far as anybody here has to know. */
enum stack_outcome {
	STACK_SUCCESS,
	STACK_IGNORE,
	STACK_SESSION_ERR,
	STACK_PERM_DENIED,
	STACK_ACCT_EXPIRED,
	STACK_MODULE_UNKNOWN, /* its file is not there */
	STACK_OUTCOMES,
};

/* What libpam does then; a positive number is a jump over so many rules. */
enum stack_action {
	STACK_GO_ON = 0, /* "ignore" */
	STACK_OK = -1,
	STACK_DONE = -2,
	STACK_BAD = -3,
	STACK_DIE = -4,
	STACK_RESET = -5,
};

struct stack_rule {
	int actions[STACK_OUTCOMES];
	unsigned level;  /* 0, and one more in each substack */
	bool is_entry;   /* the line of a substack: no module, its rules follow */
	char *text;      /* the rest of the line: module and arguments, as they stand */
	char module[64]; /* "pam_unix.so", whatever folder the line names */
	char *file;      /* where it stands */
	unsigned line;
};

struct stack {
	struct stack_rule *rules;
	size_t count;
};

#define stack_auto __attribute__((cleanup(stack_free))) struct stack

/*
 * The rules of one type that a login by `service` calls, in that order, below `root` ("": this system).
 * -ENOENT (no reason set): there is no such service. Other errors: libpam would refuse the login as well.
 */
int stack_read(const char *root, const char *service, enum stack_type type, struct stack *stack,
    struct reason *why);

/* One file alone: the rules of that type that stand in it, includes not followed. */
int stack_read_file(
    const char *path, enum stack_type type, struct stack *stack, struct reason *why);

void stack_free(struct stack *stack);

/* The index of the first rule at or behind `from` that calls the module; `count` when there is none. */
size_t stack_find(const struct stack *stack, const char *module, size_t from);

/*
 * Whether a login in which every module succeeds calls the rule. When not, `*by` is the rule that ends the
 * stack before it or jumps over it.
 */
bool stack_calls(const struct stack *stack, size_t rule, size_t *by);

/*
 * Splits the arguments of a rule in place, as libpam does ("[a b]" is one): at most `max`, more are left out.
 * Returns how many.
 */
int stack_arguments(struct stack_rule *rule, const char **argv, int max);

/* "required", "[success=1 default=ignore]": every outcome's action. -EINVAL: libpam knows no such word. */
int stack_control_parse(const char *text, int actions[STACK_OUTCOMES]);

#endif

/* SPDX-License-Identifier: MIT */
/* Which services reach pam_ravi: see reach.h. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "pam/reach.h"

const char *const reach_services[] = {"sshd", "login", "su", "su-l", "sudo", "sudo-i", "cron",
    "systemd-user", "runuser", "runuser-l", NULL};

bool reach_is_apart(const char *service)
{
	return strncmp(service, "runuser", strlen("runuser")) == 0;
}

int reach_find(const char *root, const char *service, enum stack_type type, struct reach *reach,
    struct reason *why)
{
	struct stack *stack = &reach->stack;
	int r;

	*reach = (struct reach){.kind = REACH_NO_SERVICE};
	r = stack_read(root, service, type, stack, why);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	reach->rule = stack_find(stack, STACK_MODULE, 0);
	reach->kind = !stack->count                 ? REACH_NO_STACK
		      : reach->rule == stack->count ? REACH_NO
						    : REACH_YES;
	if (reach->kind != REACH_YES)
		return 0;
	reach->skipped = !stack_calls(stack, reach->rule, &reach->by);
	reach->again = stack_find(stack, STACK_MODULE, reach->rule + 1);
	reach->late = stack_find(stack, "pam_keyinit.so", reach->rule) < stack->count;
	return 0;
}

void reach_free(struct reach *reach)
{
	stack_free(&reach->stack);
}

const char *reach_file(const struct stack_rule *rule)
{
	const char *slash = strrchr(rule->file, '/');

	return slash ? slash + 1 : rule->file;
}

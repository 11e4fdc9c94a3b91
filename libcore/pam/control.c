/* SPDX-License-Identifier: MIT */
/* The control field of a PAM rule, as pam.conf(5) has it: what libpam does for each outcome of a module. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "pam/stack.h"
#include "util/text.h"

#define WORD_MAX 48

/* Names as pam.conf(5) spells them, in the order of enum stack_outcome. */
static const char *const outcomes[STACK_OUTCOMES] = {
    "success", "ignore", "session_err", "perm_denied", "acct_expired", "module_unknown"};

/* The four words, each as the brackets it stands for: success, ignore, everything else. */
static const struct {
	const char *word;
	int success, ignore, other;
} words[] = {
    {"required", STACK_OK, STACK_GO_ON, STACK_BAD},
    {"requisite", STACK_OK, STACK_GO_ON, STACK_DIE},
    {"sufficient", STACK_DONE, STACK_GO_ON, STACK_GO_ON},
    {"optional", STACK_OK, STACK_GO_ON, STACK_GO_ON},
};

static int action_parse(const char *text, int *action)
{
	static const char *const names[] = {"ignore", "ok", "done", "bad", "die", "reset"};
	uint64_t jump;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcasecmp(text, names[i]) != 0)
			continue;
		*action = -(int)i;
		return 0;
	}
	if (text_number(text, 10, 1, STACK_RULES_MAX, &jump) < 0)
		return -EINVAL;
	*action = (int)jump;
	return 0;
}

/* One "value=action". Values that nobody here asks about are checked for their action alone. */
static int pair_parse(char *pair, int actions[STACK_OUTCOMES], bool given[STACK_OUTCOMES])
{
	char *equals = strchr(pair, '=');
	int action, r;

	if (!equals)
		return -EINVAL;
	*equals = '\0';
	r = action_parse(equals + 1, &action);
	if (r < 0)
		return r;
	for (size_t i = 0; i < STACK_OUTCOMES; i++) {
		if (strcasecmp(pair, "default") == 0 && !given[i])
			actions[i] = action;
		if (strcasecmp(pair, outcomes[i]) != 0)
			continue;
		actions[i] = action;
		given[i] = true;
	}
	return 0;
}

/* What no pair and no default= names is bad, as in libpam. */
static int brackets_parse(const char *text, size_t len, int actions[STACK_OUTCOMES])
{
	bool given[STACK_OUTCOMES] = {false};
	char word[WORD_MAX];

	for (size_t i = 0; i < STACK_OUTCOMES; i++)
		actions[i] = STACK_BAD;
	for (size_t at = 0; at < len;) {
		size_t blanks = strspn(text + at, " \t"), size;

		at += blanks;
		size = strcspn(text + at, " \t]");
		if (!size)
			break;
		if (size >= sizeof(word))
			return -EINVAL;
		memcpy(word, text + at, size);
		word[size] = '\0';
		at += size;
		if (pair_parse(word, actions, given) < 0)
			return -EINVAL;
	}
	return 0;
}

int stack_control_parse(const char *text, int actions[STACK_OUTCOMES])
{
	if (*text == '[') {
		const char *end = strchr(text, ']');

		return end ? brackets_parse(text + 1, (size_t)(end - text - 1), actions) : -EINVAL;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcasecmp(text, words[i].word) != 0)
			continue;
		for (size_t o = 0; o < STACK_OUTCOMES; o++)
			actions[o] = words[i].other;
		actions[STACK_SUCCESS] = words[i].success;
		actions[STACK_IGNORE] = words[i].ignore;
		return 0;
	}
	return -EINVAL;
}

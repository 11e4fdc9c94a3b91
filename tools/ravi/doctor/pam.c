/* SPDX-License-Identifier: MIT */
/* ravi doctor on login stacks: does every service come by pam_ravi, in an order that works, and will it stay? */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config/paths.h"
#include "doctor.h"
#include "pam/reach.h"
#include "pam/update.h"
#include "util/cleanup.h"

#define MODULE        RAVI_PAMDIR "/" STACK_MODULE
#define SSHD          "/usr/sbin/sshd"
#define ENABLE        PATH_RAVI_PAM " enable"
#define PROFILE       "ravi" /* pam-auth-update's name for it */
#define ARGUMENTS_MAX 16
#define LINES_MAX     32

/* Our own service, for units with PAMName=; it is installed and no profile's matter. */
#define OWN_SERVICE "ravi-agent"

static void check_module(struct doctor *d)
{
	if (access(MODULE, F_OK) == 0)
		return;
	doctor_bad(d, MODULE, "the module is not there; agents get no tokens");
	doctor_remedy(
	    d, "install pam-ravi again, or take its lines out: " PATH_RAVI_PAM " disable");
}

/* Calls `look` for both stacks of every service, and of our own. */
static void each_stack(struct doctor *d,
    void (*look)(struct doctor *d, void *context, const char *service, enum stack_type type,
	struct reach *reach),
    void *context)
{
	for (size_t i = 0;; i++) {
		const char *service = reach_services[i] ? reach_services[i] : OWN_SERVICE;

		for (int type = STACK_ACCOUNT; type <= STACK_SESSION; type += 2) {
			reach_auto reach = {0};

			if (reach_find("", service, (enum stack_type)type, &reach, NULL) == 0)
				look(d, context, service, (enum stack_type)type, &reach);
		}
		if (!reach_services[i])
			break;
	}
}

/* ---- reach ---- */

static void look_at_reach(struct doctor *d, const char *service)
{
	reach_auto session = {0};
	reach_auto account = {0};
	struct reason why = {0};
	int r = reach_find("", service, STACK_SESSION, &session, &why);

	if (r == 0)
		r = reach_find("", service, STACK_ACCOUNT, &account, &why);
	if (r < 0) {
		doctor_bad(d, service, "PAM cannot read its stack: %s", why.text);
		doctor_remedy(d, "mend that line");
	} else if (session.kind == REACH_NO_SERVICE) {
		doctor_ok(d, service, "not installed");
	} else if (session.kind != REACH_YES && reach_is_apart(service)) {
		doctor_warn(d, service,
		    "its session stack does not reach pam_ravi: agents that it starts have no "
		    "tokens");
		doctor_remedy(d, ENABLE " --runuser");
	} else if (session.kind != REACH_YES) {
		doctor_bad(d, service,
		    "its session stack does not reach pam_ravi: agents that log in by it have no "
		    "tokens");
		doctor_remedy(d, ENABLE);
	} else if (account.kind == REACH_NO) {
		doctor_warn(d, service,
		    "its account stack does not reach pam_ravi: disabled agents are let in there");
		doctor_remedy(d, ENABLE);
	} else {
		doctor_ok(d, service, "reaches pam_ravi through %s",
		    reach_file(&session.stack.rules[session.rule]));
	}
}

static void check_reach(struct doctor *d)
{
	for (size_t i = 0; reach_services[i]; i++)
		look_at_reach(d, reach_services[i]);
}

/* ---- order ---- */

/* The settings that hold for this line: ravi.conf and its arguments. */
static int line_conf(const struct stack_rule *rule, struct conf *conf, conf_unknown *unknown,
    void *context, struct reason *why)
{
	struct stack_rule copy = *rule;
	free_auto char *text = strdup(rule->text);
	const char *argv[ARGUMENTS_MAX];
	int argc;

	if (!text)
		return -ENOMEM;
	copy.text = text;
	argc = stack_arguments(&copy, argv, ARGUMENTS_MAX);
	return conf_load(conf, argc, argv, unknown, context, why);
}

static bool reaches_session_alone(const struct stack_rule *rule)
{
	conf_auto conf = {0};

	return line_conf(rule, &conf, NULL, NULL, NULL) == 0 && conf.reach == REACH_SESSION;
}

static void look_at_order(
    struct doctor *d, void *context, const char *service, enum stack_type type, struct reach *reach)
{
	const char *stack = type == STACK_SESSION ? "session" : "account";
	const struct stack_rule *rule, *other;

	(void)context;
	if (reach->kind != REACH_YES)
		return;
	rule = &reach->stack.rules[reach->rule];
	if (reach->skipped) {
		other = &reach->stack.rules[reach->by];
		doctor_bad(d, service,
		    "%s line %u (%s) keeps its %s stack from coming to pam_ravi in %s line %u",
		    other->file, other->line, other->module, stack, rule->file, rule->line);
		doctor_remedy(d, "move the line of pam_ravi in front of that one");
	}
	if (reach->again < reach->stack.count) {
		other = &reach->stack.rules[reach->again];
		doctor_warn(d, service,
		    "its %s stack calls pam_ravi twice: %s line %u and %s line %u", stack,
		    rule->file, rule->line, other->file, other->line);
		doctor_remedy(d, "take one of these lines out");
	}
	if (type == STACK_SESSION && reach->late && reaches_session_alone(rule)) {
		doctor_bad(d, service,
		    "pam_keyinit comes behind pam_ravi and takes the session keyring with the ring "
		    "away, "
		    "which reach = session links it into alone");
		doctor_remedy(
		    d, "move the line of pam_keyinit up, or set reach = user in " PATH_CONF);
	}
}

static void check_order(struct doctor *d)
{
	each_stack(d, look_at_order, NULL);
}

/* ---- the lines themselves ---- */

struct lines {
	struct {
		char file[128];
		unsigned line;
	} seen[LINES_MAX];
	size_t count;
	const char *about; /* "FILE line N" of the one that is read */
	struct doctor *doctor;
};

/* One line is in the stacks of several services. */
static bool is_new(struct lines *lines, const struct stack_rule *rule)
{
	for (size_t i = 0; i < lines->count; i++)
		if (lines->seen[i].line == rule->line && !strcmp(lines->seen[i].file, rule->file))
			return false;
	if (lines->count < LINES_MAX) {
		snprintf(
		    lines->seen[lines->count].file, sizeof(lines->seen[0].file), "%s", rule->file);
		lines->seen[lines->count++].line = rule->line;
	}
	return true;
}

static void report_unknown(void *context, const char *where, const char *key)
{
	struct lines *lines = context;

	/* Those of ravi.conf are another check's. */
	if (strcmp(where, "PAM argument") != 0)
		return;
	doctor_warn(
	    lines->doctor, lines->about, "pam_ravi has no option \"%s\"; it is ignored", key);
	doctor_remedy(lines->doctor, "take it out of that line; pam_ravi(8) has the options");
}

static bool refuses(int action)
{
	return action == STACK_BAD || action == STACK_DIE;
}

static void look_at_control(
    struct doctor *d, const char *about, const struct stack_rule *rule, enum stack_type type)
{
	static const char account[] =
	    "account [perm_denied=die acct_expired=die default=ignore] pam_ravi.so";

	if (rule->actions[STACK_SUCCESS] == STACK_DONE || rule->actions[STACK_SUCCESS] > 0) {
		doctor_warn(d, about, "what stands behind pam_ravi is not called for agents");
		doctor_remedy(d, "write it as: %s",
		    type == STACK_SESSION ? "session optional pam_ravi.so" : account);
	}
	if (type != STACK_ACCOUNT)
		return;
	if (!refuses(rule->actions[STACK_PERM_DENIED])) {
		doctor_warn(d, about, "this line refuses nobody: disabled agents are let in");
		doctor_remedy(d, "write it as: %s", account);
	}
	if (refuses(rule->actions[STACK_MODULE_UNKNOWN])) {
		doctor_warn(
		    d, about, "this line locks everybody out when the module's file is gone");
		doctor_remedy(d, "write it as: %s", account);
	}
}

static void look_at_line(
    struct doctor *d, void *context, const char *service, enum stack_type type, struct reach *reach)
{
	struct lines *lines = context;

	(void)service;
	for (size_t i = stack_find(&reach->stack, STACK_MODULE, 0); i < reach->stack.count;
	     i = stack_find(&reach->stack, STACK_MODULE, i + 1)) {
		const struct stack_rule *rule = &reach->stack.rules[i];
		struct reason why = {0};
		conf_auto conf = {0};
		char about[160];

		if (!is_new(lines, rule))
			continue;
		snprintf(about, sizeof(about), "%s line %u", rule->file, rule->line);
		lines->about = about;
		look_at_control(d, about, rule, type);
		/* ravi.conf itself is another check's. */
		if (line_conf(rule, &conf, report_unknown, lines, &why) < 0 &&
		    strstr(why.text, "PAM argument")) {
			doctor_bad(d, about, "%s: agents are refused their tokens", why.text);
			doctor_remedy(d, "correct that argument; pam_ravi(8) has the options");
		}
	}
}

static void check_lines(struct doctor *d)
{
	struct lines lines = {.doctor = d};

	each_stack(d, look_at_line, &lines);
}

/* ---- pam-auth-update, sshd ---- */

static void check_update(struct doctor *d)
{
	struct reason what = {0};
	int r;

	if (!update_is_used("")) {
		doctor_ok(d, NULL, "pam-auth-update does not write this system's stacks");
		return;
	}
	r = update_check("", &what);
	if (r == 0 && update_has("", PROFILE) && access(RAVI_PAMCONFIGSDIR "/" PROFILE, F_OK) < 0) {
		doctor_warn(d, RAVI_PAMCONFIGSDIR "/" PROFILE,
		    "the profile is gone: the next run of pam-auth-update takes pam_ravi out of "
		    "all stacks");
		doctor_remedy(d, "install pam-ravi again");
	}
	if (r == 0)
		return;
	if (r < 0) {
		doctor_warn(d, "pam-auth-update", "%s", what.text);
		doctor_remedy(d, "pam-auth-update --force");
		return;
	}
	doctor_warn(d, "pam-auth-update",
	    "%s: it leaves all common-* files alone now, so that no profile goes in or out any "
	    "more",
	    what.text);
	doctor_remedy(d, "move the edit to the file of a service in /etc/pam.d, then: "
			 "pam-auth-update --force, which "
			 "writes the files anew");
}

/* The value of "usepam" in what sshd -T says: 1, 0; -1 when it does not say. */
static int use_pam(const char *said)
{
	const char *line = said;

	while (line && strncasecmp(line, "usepam ", 7) != 0) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return !line ? -1 : !strncasecmp(line + 7, "yes", 3);
}

static void check_sshd(struct doctor *d)
{
	static const char *const argv[] = {SSHD, "-T", NULL};
	char said[16384];
	int r, uses;

	if (access(SSHD, X_OK) < 0) {
		doctor_ok(d, "sshd", "not installed");
		return;
	}
	r = doctor_run(argv, said, sizeof(said));
	uses = use_pam(said);
	/* It has not been set up to run at all. */
	if (r > 0 &&
	    (strstr(said, "no hostkeys available") || strstr(said, "privilege separation"))) {
		doctor_ok(d, "sshd", "does not run here");
	} else if (r != 0 || uses < 0) {
		said[strcspn(said, "\n")] = '\0';
		doctor_warn(d, "sshd", "it does not tell its settings: %.200s",
		    r < 0 ? strerror(-r) : said);
		doctor_remedy(d, SSHD " -T tells what is wrong in /etc/ssh/sshd_config");
	} else if (!uses) {
		doctor_bad(d, "sshd",
		    "UsePAM is off: who logs in by ssh opens no session of PAM, and agents have no "
		    "tokens");
		doctor_remedy(d, "set \"UsePAM yes\" in /etc/ssh/sshd_config, then reload sshd");
	}
}

const struct doctor_check doctor_pam[] = {
    {"pam-module", "the module is where libpam looks for it", check_module},
    {"pam-reach", "every service reaches pam_ravi", check_reach},
    {"pam-order", "no stack skips pam_ravi, or takes away what it gave", check_order},
    {"pam-lines", "the lines of pam_ravi are sound", check_lines},
    {"pam-update", "pam-auth-update keeps the common-* files", check_update},
    {"pam-sshd", "sshd uses PAM", check_sshd},
    {0},
};

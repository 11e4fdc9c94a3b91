/* SPDX-License-Identifier: MIT */
/*
 * Which services reach pam_ravi, and whether what they reach is sound: the one place that knows, for
 * ravi-pam and `ravi doctor`.
 */
#ifndef RAVI_PAM_REACH_H
#define RAVI_PAM_REACH_H

#include "pam/stack.h"

/* The services by which an agent gets a session, ended by NULL. Which of them exist is the system's matter. */
extern const char *const reach_services[];

/* Whether Debian's profile cannot reach the service: its stack includes no common-* file. */
bool reach_is_apart(const char *service);

enum reach_kind {
	REACH_NO_SERVICE, /* there is no such service here */
	REACH_NO_STACK,   /* it has no rules of that type */
	REACH_NO,
	REACH_YES,
};

struct reach {
	struct stack stack;
	enum reach_kind kind;
	size_t rule;  /* pam_ravi's first one in `stack` */
	bool skipped; /* a login in which every module succeeds never comes to it */
	size_t by;    /* then: the rule that is to blame */
	bool late;    /* session: pam_keyinit comes behind it and takes the session keyring away */
	size_t again; /* its second rule; stack.count: there is none */
};

#define reach_auto __attribute__((cleanup(reach_free))) struct reach

/* 0, or a negative errno: libpam would not take these files either. */
int reach_find(const char *root, const char *service, enum stack_type type, struct reach *reach,
    struct reason *why);

void reach_free(struct reach *reach);

/* The name of a rule's file without its folder. */
const char *reach_file(const struct stack_rule *rule);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * ravi doctor: looks at everything that has to be right for agents to have their tokens, and nobody else.
 * A check looks at one thing and says what it finds; a family is the checks of one file. What a check says:
 *
 *	doctor_bad(d, "sshd", "its session stack does not reach pam_ravi");
 *	doctor_remedy(d, "ravi-pam enable");
 *
 * A check that says nothing has found all well, in the words of its title.
 */
#ifndef RAVI_DOCTOR_H
#define RAVI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "../context.h"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_FIXED, /* it was wrong, and --fix has mended it */
	DOCTOR_WARN,  /* it works now; it is unsafe, or will not work for long */
	DOCTOR_BAD,   /* something does not work, or is open to others */
};

struct doctor;

struct doctor_check {
	const char *id;    /* "pam-reach": stable, what scripts go by */
	const char *title; /* what is true when all is well */
	void (*run)(struct doctor *doctor);
};

struct doctor_family {
	const char *name;
	const struct doctor_check *checks; /* ended by a NULL id */
};

struct doctor_finding {
	const struct doctor_family *family;
	const struct doctor_check *check;
	enum doctor_level level;
	char about[128]; /* what it is about: a file, a service, a user; "" */
	char what[REASON_MAX];
	char remedy[REASON_MAX]; /* "": none is needed */
};

struct doctor {
	bool fix;
	const struct doctor_family *family; /* at work */
	const struct doctor_check *check;
	struct doctor_finding *findings;
	size_t count, room;

	struct conf conf; /* the defaults where it does not parse */
	struct machine machine;
	bool opened; /* the machine: host key and vaults can be asked */
};

/* ---- what a check says ---- */

void doctor_ok(struct doctor *d, const char *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_warn(struct doctor *d, const char *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_bad(struct doctor *d, const char *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* How to mend what was said last: a command where there is one. */
void doctor_remedy(struct doctor *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * For what --fix mends: `error` 0 turns what was said last into "fixed" and notes it in the audit trail; a
 * negative errno adds to it why it could not be.
 */
void doctor_fixed(struct doctor *d, int error, const struct reason *why);

/* Said as the remedy of everything that doctor_fixed mends. */
#define DOCTOR_FIX "ravi doctor --fix"

/* ---- helpers of several families ---- */

/*
 * Runs a program as root with an environment of ours and collects at most `cap` - 1 bytes of all it says,
 * ended by 0. Its exit status, or a negative errno.
 */
int doctor_run(const char *const *argv, char *said, size_t cap);

/*
 * Calls `each` for every agents entry that can be read, in the order of names; one that cannot be does not
 * hide the others: it goes to `broken` (NULL: nobody asks) with the reason.
 */
void doctor_each_agent(struct doctor *d,
    void (*each)(struct doctor *d, void *context, struct agent *agent), void *context,
    void (*broken)(struct doctor *d, const char *user, const struct reason *why));

/* Whether systemd runs this machine. */
bool doctor_has_systemd(void);

extern const struct doctor_check doctor_pam[];
extern const struct doctor_check doctor_files[];
extern const struct doctor_check doctor_kernel[];
extern const struct doctor_check doctor_vaults[];
extern const struct doctor_check doctor_store[];
extern const struct doctor_check doctor_agents[];
extern const struct doctor_check doctor_sessions[];
extern const struct doctor_check doctor_system[];

/* report.c: prints what was found: 0 or -errno. */
int doctor_print(const struct doctor *d, bool verbose);
int doctor_print_json(const struct doctor *d);

/* How many findings have this level. */
size_t doctor_count(const struct doctor *d, enum doctor_level level);

#endif

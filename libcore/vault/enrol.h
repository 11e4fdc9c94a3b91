/* SPDX-License-Identifier: MIT */
/*
 * The enrolment line: what a machine shows of its host key so that others can let it in. `ravi host show`
 * prints it; `ravi vault recipients add`, `ravi vault signers add` and `ravi identity trust` take it.
 *
 *	ravi-host/1 RECIPIENT SIGNER FINGERPRINT
 *
 *	ravi-host/1	the form of the line
 *	RECIPIENT	age1...: what vaults are sealed to so that this machine can open them
 *	SIGNER		64 lowercase hex digits: the Ed25519 key this machine signs documents with
 *	FINGERPRINT	of both, for people to compare: the first 16 bytes of
 *			BLAKE2b-256("ravi-host/1\n" RECIPIENT " " SIGNER "\n"), as 8 groups of 4 hex digits
 *
 * Nothing in it is secret. The fingerprint finds a line that was mistyped or put together from two; that
 * it is the right machine's is for a person to say, who compares it with what that machine shows.
 */
#ifndef RAVI_ENROL_H
#define RAVI_ENROL_H

#include <stdbool.h>

#include "age/age.h"
#include "util/reason.h"
#include "vault/host.h"

#define ENROLMENT_FORM       "ravi-host/1"
#define ENROLMENT_PRINT_TEXT 40 /* "8f3a-...": 32 hex digits, 7 dashes, the 0 */
#define ENROLMENT_TEXT                                                                             \
	(sizeof(ENROLMENT_FORM) + AGE_RECIPIENT_TEXT + SIGNER_TEXT + ENROLMENT_PRINT_TEXT)
#define ENROLMENT_LINE_MAX 512 /* bytes of a line that is looked at, blanks around it included */

struct enrolment {
	struct age_recipient recipient;
	struct signer signer;
};

void enrolment_of(const struct host *host, struct enrolment *enrolment);
void enrolment_print(const struct enrolment *enrolment, char text[ENROLMENT_PRINT_TEXT]);
void enrolment_format(const struct enrolment *enrolment, char text[ENROLMENT_TEXT]);

/*
 * Reads a line; blanks and line ends around and between its words are free. 0, or -EINVAL with the reason,
 * which never repeats the line: it may be a secret that was put in the wrong place.
 */
int enrolment_parse(const char *line, struct enrolment *enrolment, struct reason *why);

/*
 * The same where one half is enough: a line, or a bare RECIPIENT or SIGNER. `*whole` says that it was a
 * line; else only the half that is asked for is set.
 */
int enrolment_recipient(
    const char *line, struct enrolment *enrolment, bool *whole, struct reason *why);
int enrolment_signer(
    const char *line, struct enrolment *enrolment, bool *whole, struct reason *why);

#endif

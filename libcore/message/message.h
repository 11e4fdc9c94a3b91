/* SPDX-License-Identifier: MIT */
/*
 * What a message from a stranger says: the one-time code or the verification link in a mail or an SMS, so that
 * an agent passes a verification without a human. Strangers write the text: nothing in it is believed but what
 * the rules below take. Linked into ravi-fetch alone (libxml2 reads HTML, libunistring other scripts' letters).
 *
 * A code is
 *   1. what stands after # in a line "@HOST #CODE", the form of origin-bound one-time codes in an SMS; else
 *   2. four to nine digits, together or in equal groups ("123 456", "12 34 56", "1 2 3 4 5 6"; given back
 *      together), digits after one letter and a dash ("G-123456": the digits), five to ten capitals and digits
 *      that are no word ("A1B2C3", "ABCD-1234", "WDJB-MJHT": as written), or six to ten letters and digits of
 *      either case that stand alone in a line or after a colon.
 * No code are: parts of numbers, amounts, percentages, times, dates, telephone numbers, addresses of mail and
 * web, and what follows #, * or +. Digits of other scripts count as digits.
 * The message must speak of a code, a verification or a login in one of the languages of words.c. Of several
 * candidates the best placed wins: beside such a word, alone in a line, six digits; words for orders, invoices,
 * vouchers, telephones and years count against. Two that are placed alike are no code: nothing is guessed.
 *
 * A link is an https address in an <a href> of the HTML or in the text, that
 *   - has no user part, no backslash and no blank in it, and a port only if the host is named with it;
 *   - lies on the host that was named, or below it (login.example.com for example.com), letter by letter: a
 *     look-alike in other scripts is another host;
 *   - is not dressed as another: a link whose words are an address of another host is left out.
 * Of several the one that speaks of a verification, in its words or its path, wins; links to unsubscribe, to
 * policies and to help never do. Two alike are no link. Without a host all links must lie on one.
 */
#ifndef RAVI_MESSAGE_H
#define RAVI_MESSAGE_H

#include "util/buf.h"
#include "util/reason.h"

#define MESSAGE_PART_MAX (1u << 20) /* bytes of a part that are looked at; mails are below 100 KiB */
#define MESSAGE_CODE_MAX 15         /* bytes */

/* UTF-8; "" or NULL where a part is missing (an SMS has a text alone). */
struct message {
	const char *subject;
	const char *text;
	const char *html;
};

/*
 * The code or the link, in `*out`: 0; -ENOENT when there is none, -ENOTUNIQ when there are several and none is
 * better, with the reason (which names hosts, never codes); -ENOMEM.
 */
int message_code(const struct message *message, struct buf *out, struct reason *why);

/* `host`: NAME or NAME:PORT, NULL: any one host. -EINVAL: it is no host name. */
int message_link(const struct message *message, const char *host, struct buf *out, struct reason *why);

/* The words of an HTML document as a reader sees them: one block a line, cells apart by a blank. */
int message_html_text(const char *html, struct buf *text);

#endif

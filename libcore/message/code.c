/* SPDX-License-Identifier: MIT */
/* Finding the one-time code in a message, by the rules of message.h. */
#include <config.h>

#include "message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "util/cleanup.h"
#include "words.h"

/* What a candidate is given for where and how it stands. Below ENOUGH it is only a number. */
enum score {
	BESIDE_WORD = 6,    /* "your code is 123456" */
	WORD_IN_LINE = 5,   /* "123456 is your code" */
	WORD_IN_NEXT = 4,   /* in the line before or after */
	WORD_SOMEWHERE = 2, /* in the message */
	ALONE = 3,          /* nothing else in its line */
	AFTER_COLON = 1,
	SIX_DIGITS = 2,
	OTHER_DIGITS = 1,
	SAID_AGAIN = 1, /* in the subject and the text, say */
	MIXED_CASE = -1,
	LIKE_A_YEAR = -1,
	NUMBER_IN_LINE = -5, /* the line speaks of an order, a telephone */
	ENOUGH = 6,
};

#define LINES_MAX 2000
#define LINE_MAX_BYTES 4096 /* a longer line is taken as several: what is far away says nothing of a number */
#define BESIDE                                                                                     \
	(4 * WORDS_NEAR) /* bytes beside a candidate that are looked at; folded they may be fewer */
#define CANDIDATES_MAX 64

struct candidate {
	char code[MESSAGE_CODE_MAX + 1];
	int score;
};

struct search {
	struct candidate list[CANDIDATES_MAX];
	size_t count;
	bool bound; /* list[0] is an origin-bound code: no other is looked for */
};

struct line {
	const char *text; /* plain, with addresses blanked */
	size_t len;
	bool speaks;      /* of a code */
	bool of_number;
};

struct lines {
	struct line *list;
	size_t count;
	bool speaks;
};

/* A run of letters and digits within a line. */
struct run {
	const char *text;
	size_t len;
};

static void wipe_search(struct search *s)
{
	wipe(s, sizeof(*s));
}
#define search_auto __attribute__((cleanup(wipe_search))) struct search

static void free_lines(struct lines *l)
{
	free(l->list);
}
#define lines_auto __attribute__((cleanup(free_lines))) struct lines

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_word(char c)
{
	return is_digit(c) || is_capital(c) || is_small(c);
}

static void keep(struct search *s, const char *code, int score)
{
	for (size_t i = 0; i < s->count; i++) {
		struct candidate *known = &s->list[i];

		if (strcmp(known->code, code) != 0)
			continue;
		known->score = (score > known->score ? score : known->score) + SAID_AGAIN;
		return;
	}
	if (s->count == CANDIDATES_MAX || strlen(code) > MESSAGE_CODE_MAX)
		return;
	strcpy(s->list[s->count].code, code);
	s->list[s->count++].score = score;
}

/* ---- how it stands ---- */

/* A letter of a script that puts blanks between words: it would make one word with the candidate. */
static bool joins(ucs4_t c)
{
	return c >= 0x80 && c < 0x590 && uc_is_alpha(c);
}

static bool stands_free_before(const struct line *line, const char *at)
{
	ucs4_t c = 0;
	const char *blank = at;

	if (at == line->text)
		return true;
	if (strchr("+#@/\\*_%=&~$.,-", at[-1]) || (at[-1] == ':' && at - 1 > line->text && is_digit(at[-2])))
		return false;
	u8_prev(&c, (const uint8_t *)at, (const uint8_t *)line->text);
	if (joins(c) || uc_is_general_category(c, UC_CURRENCY_SYMBOL) || c == 0x2022 /* bullet: a masked number */)
		return false;
	while (blank > line->text && blank[-1] == ' ')
		blank--;
	if (blank == line->text || blank == at)
		return true;
	u8_prev(&c, (const uint8_t *)blank, (const uint8_t *)line->text);
	return !strchr("+#$*", blank[-1]) && !uc_is_general_category(c, UC_CURRENCY_SYMBOL);
}

static bool stands_free_behind(const struct line *line, const char *end)
{
	const char *rest = line->text + line->len;
	const size_t left = (size_t)(rest - end);
	ucs4_t c = 0;

	if (left == 0)
		return true;
	if (strchr("%@/\\_=&$*-", *end) || (left > 1 && strchr(".,:", *end) && is_word(end[1])))
		return false;
	u8_mbtouc(&c, (const uint8_t *)end, left);
	return !joins(c) && !uc_is_general_category(c, UC_CURRENCY_SYMBOL) && c != 0xB0;
}

static bool only_dressing(const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		ucs4_t c = 0;

		at += (size_t)u8_mbtouc(&c, (const uint8_t *)text + at, len - at);
		if (uc_is_alnum(c))
			return false;
	}
	return true;
}

static bool stands_alone(const struct line *line, const struct run *run)
{
	const char *end = run->text + run->len;

	return only_dressing(line->text, (size_t)(run->text - line->text)) &&
	    only_dressing(end, (size_t)(line->text + line->len - end));
}

static bool stands_after_colon(const struct line *line, const char *at)
{
	while (at > line->text && strchr(" \"'", at[-1]))
		at--;
	return at > line->text && at[-1] == ':';
}

/* The length of what may be cut off at `len`: no character is cut in two. */
static size_t whole(const char *text, size_t len)
{
	size_t cut = len;

	while (cut > 0 && len - cut < 4 && ((unsigned char)text[cut] & 0xC0) == 0x80)
		cut--;
	return cut ? cut : len;
}

/* What its place is worth; INT_MIN never: the caller has seen that it stands free. */
static int place_score(const struct lines *lines, size_t number, const struct run *run)
{
	const struct line *line = &lines->list[number];
	const size_t before = (size_t)(run->text - line->text);
	const size_t skipped = before > BESIDE ? whole(line->text, before - BESIDE) : 0;
	buf_auto front = {0};
	int score = WORD_SOMEWHERE;

	words_fold(line->text + skipped, before - skipped, &front);
	if (words_end_in_code(buf_text(&front)))
		score = BESIDE_WORD;
	else if (line->speaks)
		score = WORD_IN_LINE;
	else if ((number > 0 && line[-1].speaks) || (number + 1 < lines->count && line[1].speaks))
		score = WORD_IN_NEXT;
	if (stands_alone(line, run))
		score += ALONE;
	if (stands_after_colon(line, run->text))
		score += AFTER_COLON;
	return score + (line->of_number ? NUMBER_IN_LINE : 0);
}

static bool unit_follows(const struct line *line, const char *end)
{
	buf_auto rest = {0};
	size_t left;

	for (left = (size_t)(line->text + line->len - end); left && strchr(" -", *end); left--)
		end++;
	words_fold(end, left > BESIDE ? whole(end, BESIDE) : left, &rest);
	return words_begin_with_unit(buf_text(&rest));
}

/* ---- what it is ---- */

static int digits_score(const char *code)
{
	const bool year =
	    strlen(code) == 4 && (strncmp(code, "19", 2) == 0 || strncmp(code, "20", 2) == 0);

	return (strlen(code) == 6 ? SIX_DIGITS : OTHER_DIGITS) + (year ? LIKE_A_YEAR : 0);
}

/* Digits in groups, apart by one dash or up to three blanks. */
struct groups {
	size_t count, first, total;
	bool equal, dashes;
	const char *end;
};

static size_t gap(const char *at, const char *end)
{
	size_t len = 0;

	if (at + 1 < end && *at == '-' && is_digit(at[1]))
		return 1;
	while (len < 4 && at + len < end && at[len] == ' ')
		len++;
	return len > 0 && len < 4 && at + len < end && is_digit(at[len]) ? len : 0;
}

static struct groups measure(const char *at, const char *end)
{
	struct groups g = {.equal = true};
	size_t len, skip;

	for (;; at += skip) {
		for (len = 0; at + len < end && is_digit(at[len]); len++)
			;
		g.first = g.count ? g.first : len;
		g.equal = g.equal && len == g.first;
		g.total += len;
		g.count++;
		at += len;
		g.end = at;
		skip = gap(at, end);
		if (skip == 0)
			return g;
		g.dashes = g.dashes || *at == '-';
	}
}

static bool is_grouped_code(const struct groups *g)
{
	if (!g->equal || g->total > 9)
		return false;
	switch (g->first) {
	case 1:
		return g->count >= 4 && !g->dashes;
	case 2:
		return g->count >= 3 && !g->dashes; /* 27-11-26 is a date */
	default:
		return g->first <= 4;
	}
}

static void consider_digits(struct search *s, const struct lines *lines, size_t number, struct run run)
{
	const struct line *line = &lines->list[number];
	char code[MESSAGE_CODE_MAX + 1] = "";
	size_t len = 0;

	for (size_t i = 0; i < run.len; i++)
		if (is_digit(run.text[i]) && len < MESSAGE_CODE_MAX)
			code[len++] = run.text[i];
	if (len < 4 || len > 9 || !stands_free_before(line, run.text) ||
	    !stands_free_behind(line, run.text + run.len) || unit_follows(line, run.text + run.len))
		return;
	keep(s, code, place_score(lines, number, &run) + digits_score(code));
	wipe(code, sizeof(code));
}

/* Digits that begin at `at`; returns where to go on. */
static const char *look_at_digits(struct search *s, const struct lines *lines, size_t number, const char *at)
{
	const struct line *line = &lines->list[number];
	const struct groups g = measure(at, line->text + line->len);

	if (g.count == 1 || is_grouped_code(&g)) {
		consider_digits(s, lines, number, (struct run){at, (size_t)(g.end - at)});
	} else if (g.count == 2 && !g.dashes) {
		const char *second = at + g.first + strspn(at + g.first, " ");

		consider_digits(s, lines, number, (struct run){at, g.first});
		consider_digits(s, lines, number, (struct run){second, (size_t)(g.end - second)});
	}
	return g.end;
}

/* Letters, digits and dashes as they make up a word. */
struct shape {
	size_t letters, digits, small, dashes, longest, shortest;
};

static struct shape shape_of(const struct run *run)
{
	struct shape shape = {.shortest = SIZE_MAX};
	size_t group = 0;

	for (size_t i = 0; i <= run->len; i++) {
		const char c = i < run->len ? run->text[i] : '-';

		if (c != '-') {
			shape.digits += is_digit(c);
			shape.letters += !is_digit(c);
			shape.small += is_small(c);
			group++;
			continue;
		}
		shape.dashes += i < run->len;
		shape.longest = group > shape.longest ? group : shape.longest;
		shape.shortest = group < shape.shortest ? group : shape.shortest;
		group = 0;
	}
	return shape;
}

/* Whether a word may be a code, and what its form is worth. */
static bool word_score(const struct shape *shape, bool marked, int *score)
{
	const size_t len = shape->letters + shape->digits;

	*score = 0;
	if (len < 5 || len > 10 || shape->dashes > 2 || shape->shortest < 2)
		return false;
	if (shape->small > 0) {
		*score = MIXED_CASE;
		return marked && shape->dashes == 0 && shape->digits > 0 && len >= 6;
	}
	return shape->digits > 0 ||
	    (shape->dashes == 1 && shape->longest == shape->shortest && shape->longest >= 3);
}

static void consider_word(struct search *s, const struct lines *lines, size_t number, struct run run)
{
	const struct line *line = &lines->list[number];
	const struct shape shape = shape_of(&run);
	char code[2 * MESSAGE_CODE_MAX] = "";
	int score = 0;

	if (run.len >= sizeof(code) || !stands_free_before(line, run.text) ||
	    !stands_free_behind(line, run.text + run.len))
		return;
	/* "G-123456": the page that asks has written the letter itself. */
	if (is_capital(run.text[0]) && run.text[1] == '-' && shape.letters == 1 && shape.dashes == 1 &&
	    shape.digits >= 4) {
		memcpy(code, run.text + 2, run.len - 2);
		score = digits_score(code);
	} else if (word_score(&shape,
		       stands_alone(line, &run) || stands_after_colon(line, run.text), &score)) {
		memcpy(code, run.text, run.len);
	} else {
		return;
	}
	keep(s, code, place_score(lines, number, &run) + score);
	wipe(code, sizeof(code));
}

static const char *look_at_word(struct search *s, const struct lines *lines, size_t number, const char *at)
{
	const struct line *line = &lines->list[number];
	const char *end = line->text + line->len;
	struct run run = {at, 0};

	while (at + run.len < end &&
	    (is_word(at[run.len]) ||
		(at[run.len] == '-' && at + run.len + 1 < end && is_word(at[run.len + 1]))))
		run.len++;
	consider_word(s, lines, number, run);
	return at + run.len;
}

/* Digits alone up to the next blank, dash or sign: "123456", not "123ABC". */
static bool begins_with_digits_alone(const char *at, const char *end)
{
	while (at < end && (is_digit(*at) || (*at == '-' && at + 1 < end && is_digit(at[1]))))
		at++;
	return at == end || !(is_word(*at) || (*at == '-' && at + 1 < end && is_word(at[1])));
}

static void look_at_line(struct search *s, const struct lines *lines, size_t number)
{
	const struct line *line = &lines->list[number];
	const char *end = line->text + line->len;

	for (const char *at = line->text; at < end;) {
		if (!is_word(*at))
			at++;
		else if (is_digit(*at) && begins_with_digits_alone(at, end))
			at = look_at_digits(s, lines, number, at);
		else
			at = look_at_word(s, lines, number, at);
	}
}

/* "@example.com #123456": the last line of an SMS whose code is bound to a site. */
static bool take_bound_code(struct search *s, const char *text, size_t len)
{
	const char *hash = memchr(text, '#', len);
	size_t size = 0;

	if (len < 4 || text[0] != '@' || !hash || hash[-1] != ' ' ||
	    memchr(text, ' ', (size_t)(hash - 1 - text)))
		return false;
	while (hash + 1 + size < text + len && is_word(hash[1 + size]))
		size++;
	if (size < 4 || size > MESSAGE_CODE_MAX || (hash + 1 + size < text + len && hash[1 + size] != ' '))
		return false;
	s->list[0] = (struct candidate){.score = ENOUGH};
	memcpy(s->list[0].code, hash + 1, size);
	s->count = 1;
	s->bound = true;
	return true;
}

/* ---- the text ---- */

/* Mail and web addresses are no place for codes: blanks instead, so that nothing moves. */
static void blank_addresses(char *text)
{
	for (char *at = text; *at;) {
		const size_t len = strcspn(at, " \n");
		const char keep_end = at[len];
		char *scheme, *mail;

		at[len] = 0;
		scheme = strstr(at, "://");
		mail = strchr(at, '@');
		if (scheme)
			memset(at, ' ', strlen(at));
		else if (strncasecmp(at, "www.", 4) == 0 || (mail && mail > at && strchr(mail, '.')))
			memset(at, ' ', len);
		at[len] = keep_end;
		at += len + (keep_end ? 1 : 0);
	}
}

/* Where a long line is cut: at its last blank, between two characters where it has none. */
static size_t cut_at(const char *text)
{
	const char *blank = memrchr(text, ' ', LINE_MAX_BYTES);

	return blank && blank > text ? (size_t)(blank - text) : whole(text, LINE_MAX_BYTES);
}

static int cut_into_lines(const char *text, struct lines *lines)
{
	lines->list = calloc(LINES_MAX, sizeof(*lines->list));
	if (!lines->list)
		return -ENOMEM;
	while (*text && lines->count < LINES_MAX) {
		struct line *line = &lines->list[lines->count];
		buf_auto folded = {0};
		int rc;

		*line = (struct line){.text = text, .len = strcspn(text, "\r\n")};
		if (line->len > LINE_MAX_BYTES)
			line->len = cut_at(text);
		text += line->len;
		text += strspn(text, "\r\n");
		if (only_dressing(line->text, line->len))
			continue;
		rc = words_fold(line->text, line->len, &folded);
		if (rc < 0)
			return rc;
		line->speaks = words_speak_of_code(buf_text(&folded));
		line->of_number = words_speak_of_number(buf_text(&folded));
		lines->speaks = lines->speaks || line->speaks;
		lines->count++;
	}
	return 0;
}

static void look_for_bound_code(struct search *s, const char *text)
{
	while (*text && !s->bound) {
		const size_t len = strcspn(text, "\r\n");

		take_bound_code(s, text, len);
		text += len + strspn(text + len, "\r\n");
	}
}

static int look_at(struct search *s, const char *subject, const char *body)
{
	lines_auto lines = {0};
	buf_auto text = {0}, plain = {0};
	int rc;

	buf_addf(&text, "%s\n", subject ? subject : "");
	buf_add(&text, body, strnlen(body, MESSAGE_PART_MAX));
	rc = text.error ? text.error : words_plain(buf_text(&text), text.len, &plain);
	if (rc < 0 || plain.len == 0)
		return rc;
	look_for_bound_code(s, buf_text(&plain));
	if (s->bound)
		return 0;
	blank_addresses(plain.data);
	rc = cut_into_lines(buf_text(&plain), &lines);
	for (size_t i = 0; rc == 0 && lines.speaks && i < lines.count; i++)
		look_at_line(s, &lines, i);
	return rc;
}

static int choose(const struct search *s, struct buf *out, struct reason *why)
{
	const struct candidate *best = NULL;
	bool alone = true;

	for (size_t i = 0; i < s->count; i++) {
		const struct candidate *c = &s->list[i];

		if (c->score < ENOUGH || (best && c->score < best->score))
			continue;
		alone = !best || c->score > best->score;
		best = c;
	}
	if (!best)
		return reason_set(why, -ENOENT, "the message has no one-time code that could be told from other numbers");
	if (!alone)
		return reason_set(why, -ENOTUNIQ,
		    "the message has several numbers that could be its one-time code; read it and choose");
	return buf_add_text(out, best->code);
}

int message_code(const struct message *message, struct buf *out, struct reason *why)
{
	search_auto in_text = {0}, in_html = {0};
	buf_auto html = {0};
	int rc = look_at(&in_text, message->subject, message->text ? message->text : "");

	if (rc < 0)
		return reason_errno(why, rc, "looking for a code");
	rc = choose(&in_text, out, why);
	if (rc == 0 || !message->html || !message->html[0])
		return rc;
	/* The text part of many mails says only that there is an HTML part. */
	rc = message_html_text(message->html, &html);
	if (rc == 0)
		rc = look_at(&in_html, message->subject, buf_text(&html));
	if (rc < 0)
		return reason_errno(why, rc, "looking for a code in the HTML part");
	return choose(&in_html, out, why);
}

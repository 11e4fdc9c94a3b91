/* SPDX-License-Identifier: MIT */
/* The enrolment line: see enrol.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "vault/enrol.h"

#define PRINT_BYTES 16
#define BLANKS      " \t\r\n"
#define WORDS       4

void enrolment_of(const struct host *host, struct enrolment *enrolment)
{
	*enrolment = (struct enrolment){
	    .recipient = host->age.recipient,
	    .signer = host->signer,
	};
}

void enrolment_print(const struct enrolment *enrolment, char text[ENROLMENT_PRINT_TEXT])
{
	char recipient[AGE_RECIPIENT_TEXT], signer[SIGNER_TEXT], named[ENROLMENT_TEXT];
	uint8_t hash[32];
	int len;

	age_recipient_format(&enrolment->recipient, recipient);
	signer_format(&enrolment->signer, signer);
	len = snprintf(named, sizeof(named), ENROLMENT_FORM "\n%s %s\n", recipient, signer);
	crypto_generichash(
	    hash, sizeof(hash), (const uint8_t *)named, (unsigned long long)len, NULL, 0);
	for (size_t i = 0; i < PRINT_BYTES; i += 2)
		snprintf(text + i / 2 * 5, 6, "%02x%02x%s", hash[i], hash[i + 1],
		    i + 2 < PRINT_BYTES ? "-" : "");
}

void enrolment_format(const struct enrolment *enrolment, char text[ENROLMENT_TEXT])
{
	char recipient[AGE_RECIPIENT_TEXT], signer[SIGNER_TEXT], print[ENROLMENT_PRINT_TEXT];

	age_recipient_format(&enrolment->recipient, recipient);
	signer_format(&enrolment->signer, signer);
	enrolment_print(enrolment, print);
	snprintf(text, ENROLMENT_TEXT, ENROLMENT_FORM " %s %s %s", recipient, signer, print);
}

struct words {
	char text[ENROLMENT_LINE_MAX];
	const char *word[WORDS];
	size_t count; /* WORDS + 1: more than a line has */
};

static int split(const char *line, struct words *words, struct reason *why)
{
	size_t len = strnlen(line, sizeof(words->text));
	char *rest = words->text, *word;

	if (len == sizeof(words->text))
		return reason_set(why, -EINVAL,
		    "that is longer than an enrolment line; give one line that ravi host show "
		    "printed");
	memcpy(words->text, line, len + 1);
	words->count = 0;
	while ((word = strsep(&rest, BLANKS))) {
		if (!*word)
			continue;
		if (words->count < WORDS)
			words->word[words->count] = word;
		if (words->count <= WORDS)
			words->count++;
	}
	return 0;
}

/* What is sealed to a point of low order anybody can open; age refuses to, and so is it refused here. */
static int parse_recipient(const char *word, struct age_recipient *recipient, struct reason *why)
{
	static const uint8_t scalar[AGE_KEY_SIZE] = {8};
	uint8_t shared[AGE_KEY_SIZE];
	int r = age_recipient_parse(word, recipient, why);

	if (r == 0 && crypto_scalarmult(shared, scalar, recipient->point) < 0)
		return reason_set(why, -EINVAL, "the age recipient is no usable key");
	return r;
}

static int parse_line(const struct words *words, struct enrolment *enrolment, struct reason *why)
{
	char print[ENROLMENT_PRINT_TEXT];
	int r;

	if (!words->count || strcmp(words->word[0], ENROLMENT_FORM) != 0 || words->count != WORDS)
		return reason_set(why, -EINVAL,
		    "not an enrolment line: that is \"" ENROLMENT_FORM
		    " RECIPIENT SIGNER FINGERPRINT\", as ravi host show prints it");
	r = parse_recipient(words->word[1], &enrolment->recipient, why);
	if (r == 0)
		r = signer_parse(words->word[2], &enrolment->signer, why);
	if (r < 0)
		return reason_prefix(why, r, "the enrolment line is damaged: ");
	enrolment_print(enrolment, print);
	if (strcmp(print, words->word[3]) != 0)
		return reason_set(why, -EINVAL,
		    "the enrolment line is damaged: its fingerprint is that of other keys (these "
		    "have "
		    "%s); copy the line again",
		    print);
	return 0;
}

int enrolment_parse(const char *line, struct enrolment *enrolment, struct reason *why)
{
	struct words words;
	int r = split(line, &words, why);

	return r < 0 ? r : parse_line(&words, enrolment, why);
}

int enrolment_recipient(
    const char *line, struct enrolment *enrolment, bool *whole, struct reason *why)
{
	struct words words;
	int r = split(line, &words, why);

	*whole = r == 0 && words.count != 1;
	if (r < 0)
		return r;
	return *whole ? parse_line(&words, enrolment, why)
		      : parse_recipient(words.word[0], &enrolment->recipient, why);
}

int enrolment_signer(const char *line, struct enrolment *enrolment, bool *whole, struct reason *why)
{
	struct words words;
	int r = split(line, &words, why);

	*whole = r == 0 && words.count != 1;
	if (r < 0)
		return r;
	return *whole ? parse_line(&words, enrolment, why)
		      : signer_parse(words.word[0], &enrolment->signer, why);
}

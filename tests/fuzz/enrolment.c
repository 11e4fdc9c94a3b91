/* SPDX-License-Identifier: MIT */
/* The enrolment line, whole and by its halves: what an administrator pastes from another machine. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "vault/enrol.h"

static void read_half(
    const char *line, int (*parse)(const char *, struct enrolment *, bool *, struct reason *))
{
	struct enrolment enrolment;
	struct reason why = {0};
	bool whole = false;
	int r = parse(line, &enrolment, &whole, &why);

	MUST(r == 0 || r == -EINVAL);
	MUST(r == 0 || *why.text);
	if (r == 0 && whole)
		MUST(enrolment_parse(line, &enrolment, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct enrolment enrolment, again;
	char line[ENROLMENT_TEXT];
	struct reason why = {0};
	buf_auto text = {0};
	int r;

	fuzz_text(data, size, &text);
	r = enrolment_parse(buf_text(&text), &enrolment, &why);
	MUST(r == 0 || r == -EINVAL);
	MUST(r == 0 || *why.text);
	if (r == 0) {
		/* One pair of keys has one line. */
		enrolment_format(&enrolment, line);
		MUST(enrolment_parse(line, &again, NULL) == 0);
		MUST(!memcmp(&enrolment, &again, sizeof(again)));
		MUST(strlen(line) == ENROLMENT_TEXT - 1);
	}
	read_half(buf_text(&text), enrolment_recipient);
	read_half(buf_text(&text), enrolment_signer);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* An age file as anybody can put it into a store: the armor, the header, the payload. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "age/age.h"
#include "age/armor.h"
#include "age/header.h"
#include "fuzz.h"
#include "fixed-host.h"

struct outcome {
	int error;
	enum age_failure failure;
	struct buf plain;
};

static void open_file(const void *file, size_t len, struct outcome *outcome)
{
	struct reason why = {0};

	outcome->error =
	    age_decrypt(&fuzz_host()->age, 1, file, len, &outcome->plain, &outcome->failure, &why);
	MUST(outcome->error <= 0);
	MUST((outcome->error == 0) == (outcome->failure == AGE_DONE));
	MUST(outcome->error == 0 || *why.text);
	/* Every chunk carries a tag: what comes out is less than what went in. */
	MUST(!outcome->plain.len || outcome->plain.len < len);
}

/* In armor a file is the same file. */
static void open_armored(const uint8_t *data, size_t size, const struct outcome *bare)
{
	struct outcome outcome = {0};
	buf_auto armored = {0};

	armor_write((struct span){data, size}, &armored);
	MUST(armored.error == 0);
	open_file(armored.data, armored.len, &outcome);
	MUST(outcome.error == bare->error && outcome.failure == bare->failure);
	MUST(outcome.plain.len == bare->plain.len);
	buf_free(&outcome.plain);
}

/* What the armor holds has exactly one text, but for the blanks around it and the line ends. */
static void read_armor(const uint8_t *data, size_t size)
{
	buf_auto file = {0}, again = {0}, armored = {0};

	if (armor_read((struct span){data, size}, &file, NULL) < 0)
		return;
	armor_write((struct span){(const uint8_t *)file.data, file.len}, &armored);
	MUST(armored.error == 0);
	MUST(armor_read((struct span){(const uint8_t *)armored.data, armored.len}, &again, NULL) ==
	     0);
	MUST(again.len == file.len);
	MUST(!file.len || !memcmp(again.data, file.data, file.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {data, size};
	struct outcome outcome = {0};
	static struct header header;

	open_file(data, size, &outcome);
	if (header_parse(&rest, &header, NULL) == 0) {
		MUST(header.count <= AGE_RECIPIENTS_MAX && rest.len < size);
		MUST(header.authenticated.data == data && header.authenticated.len < size);
		open_armored(data, size, &outcome);
	}
	read_armor(data, size);
	buf_free(&outcome.plain);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * What a fuzz target is: one function that is given any bytes and has them read by the code under test.
 * What must hold whatever the bytes are stands in MUST; a sanitizer finds the rest. README says how they
 * are run.
 */
#ifndef RAVI_FUZZ_H
#define RAVI_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/buf.h"

/* libFuzzer's name for it; replay.c calls it, too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(                                                                   \
			    stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* The bytes as a C string, which ends at the first NUL. */
static inline void fuzz_text(const uint8_t *data, size_t size, struct buf *text)
{
	buf_add(text, data, size);
	buf_add_char(text, '\0');
	MUST(text->error == 0);
}

/*
 * With fuzz_file.c and -Wl,--wrap=file_read: what every file holds that the code under test reads. The rule
 * about its size holds, its owner and mode are good.
 */
void fuzz_file(const uint8_t *data, size_t size);

#endif

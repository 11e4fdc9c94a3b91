/* SPDX-License-Identifier: MIT */
/* /etc/ravi/host.key. */
#include <config.h>

#include <fcntl.h>
#include <string.h>

#include "fuzz.h"
#include "vault/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[AGE_IDENTITY_TEXT];
	host_auto host = {0};
	struct reason why = {0};
	int r;

	fuzz_file(data, size);
	r = host_read(AT_FDCWD, "host.key", 0, &host, &why);
	MUST(r <= 0);
	MUST(r == 0 || *why.text);
	/* No word of a key in what is told and logged. */
	MUST(!strstr(why.text, "AGE-SECRET-KEY-1"));
	if (r < 0)
		return 0;
	age_identity_format(&host.age, text);
	MUST(memmem(data, size, text, strlen(text)));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* A signing key as it lies in a vault, and the public line that git hands over. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "sshkey/sshkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t public[SSHKEY_PUBLIC_SIZE], again[SSHKEY_PUBLIC_SIZE];
	sshkey_auto key = {0}, second = {0};
	buf_auto text = {0}, line = {0};
	struct reason why = {0};
	int r = sshkey_parse(data, size, &key, &why);

	MUST(r == 0 || r == -EBADMSG || r == -EPROTONOSUPPORT);
	MUST(r == 0 || *why.text);
	if (r == 0) {
		sshkey_format(&key, "fuzz", 1, &text);
		MUST(text.error == 0);
		MUST(sshkey_parse(text.data, text.len, &second, &why) == 0);
		MUST(!memcmp(&key, &second, sizeof(key)));
	}
	r = sshkey_parse_public((const char *)data, size, public);
	MUST(r == 0 || r == -EBADMSG);
	if (r == 0) {
		sshkey_add_public(public, &line);
		MUST(sshkey_parse_public(line.data, line.len, again) == 0);
		MUST(!memcmp(public, again, sizeof(public)));
	}
	return 0;
}

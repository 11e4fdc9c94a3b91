/* SPDX-License-Identifier: MIT */
/* Keys as texts: what `ravi` is given, and what a vault names as its recipients and signers. */
#include <config.h>

#include <string.h>

#include "age/age.h"
#include "fuzz.h"
#include "vault/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char recipient_text[AGE_RECIPIENT_TEXT], identity_text[AGE_IDENTITY_TEXT];
	char signer_text[SIGNER_TEXT];
	struct age_recipient recipient;
	age_identity_auto identity = {0};
	struct signer signer;
	struct reason why = {0};
	buf_auto text = {0};

	fuzz_text(data, size, &text);
	/* A key has exactly one text. */
	if (age_recipient_parse(text.data, &recipient, &why) == 0) {
		age_recipient_format(&recipient, recipient_text);
		MUST(!strcmp(recipient_text, text.data));
	}
	if (age_identity_parse(text.data, &identity, &why) == 0) {
		age_identity_format(&identity, identity_text);
		MUST(!strcmp(identity_text, text.data));
	}
	if (signer_parse(text.data, &signer, &why) == 0) {
		signer_format(&signer, signer_text);
		MUST(!strcmp(signer_text, text.data));
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* A Codex login: as a secret, as an auth.json that the agent may have written, and as the note `base`. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "codex/home.h"
#include "codex/login.h"
#include "fuzz.h"

static void value(const uint8_t *data, size_t size)
{
	buf_auto value = {0}, file = {0};
	struct codex_facts facts;
	struct reason why = {0};
	enum codex_form form;
	int r = codex_form_of(data, size, &form, &why);

	MUST(r == 0 || r == -EBADMSG);
	if (r < 0)
		return;
	MUST(*codex_form_word(form));
	buf_add(&value, data, size);
	codex_facts_of(form, &value, &facts);
	if (form == CODEX_ACCESS_TOKEN)
		return;
	/* What is placed for codex logs somebody in. */
	MUST(codex_file_make(form, &value, &file) == 0);
	MUST(codex_file_check(file.data, file.len, &why) == 0);
}

static void base(const uint8_t *data, size_t size)
{
	codex_base_auto base = {0};
	struct reason why = {0};
	int r;

	fuzz_file(data, size);
	r = codex_base_load(AT_FDCWD, &base, &why);
	MUST(r <= 0);
	if (r == 0)
		MUST(*base.secret && base.content.len <= size && base.form <= CODEX_ACCESS_TOKEN);
	else
		MUST(*why.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reason why = {0};
	int r = codex_file_check(data, size, &why);

	MUST(r == 0 || r == -EBADMSG);
	value(data, size);
	base(data, size);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* codex's config.toml, which is the agent's: one key goes in, and every byte that was there stays. */
#include <config.h>

#include <string.h>

#include "fuzz.h"
#include "toml.h"

static void check_kept(const struct buf *text, const struct buf *out)
{
	size_t head = 0, tail = 0;

	MUST(out->len > text->len);
	while (head < text->len && text->data[head] == out->data[head])
		head++;
	while (tail < text->len - head &&
	       text->data[text->len - 1 - tail] == out->data[out->len - 1 - tail])
		tail++;
	MUST(head + tail == text->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct toml_setting setting = {"features", "shell_snapshot", "false"};
	buf_auto text = {0}, out = {0};
	enum toml_state state;

	MUST(!size || buf_add(&text, data, size) == 0);
	state = toml_look(&text, &setting);
	if (state != TOML_ABSENT)
		return 0;
	MUST(toml_add(&text, &setting, &out) == 0);
	check_kept(&text, &out);
	/* Where the text ends within a string, what was added is in that string: the caller looks again. */
	state = toml_look(&out, &setting);
	MUST(state == TOML_SET || state == TOML_ABSENT || state == TOML_CONFLICT);
	return 0;
}

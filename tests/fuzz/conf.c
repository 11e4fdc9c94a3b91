/* SPDX-License-Identifier: MIT */
/* ravi.conf; and the same bytes as an argument of the PAM line. */
#include <config.h>

#include <string.h>

#include "config/conf.h"
#include "fuzz.h"

static void hear(void *context, const char *where, const char *key)
{
	MUST(context && *where && key);
}

static void check(const struct conf *conf, int r, const struct reason *why)
{
	MUST(r <= 0);
	MUST(r == 0 || *why->text);
	/* Where a value was refused it has its default. */
	MUST(conf->timeout >= 1 && conf->timeout <= 60);
	MUST(conf->keep >= 0 && conf->keep <= 50);
	MUST(*conf_reach_word(conf->reach));
	MUST(conf->git_hosts.count <= OPTION_LIST_MAX);
	for (size_t i = 0; r == 0 && i < conf->git_hosts.count; i++)
		MUST(strlen(conf->git_hosts.items[i]) <= CONF_FILE_MAX);
	MUST(conf->agent_write.count <= OPTION_LIST_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	conf_auto conf = {0}, from_argument = {0};
	struct reason why = {0};
	buf_auto text = {0};
	const char *argument;
	int r;

	fuzz_file(data, size);
	r = conf_load(&conf, 0, NULL, hear, &why, &why);
	check(&conf, r, &why);
	fuzz_text(data, size, &text);
	argument = text.data;
	fuzz_file(NULL, 0);
	r = conf_load(&from_argument, 1, &argument, hear, &why, &why);
	check(&from_argument, r, &why);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* ravi-keyctl list: the names of an identity's secrets, one a line; never a value. */
#include <config.h>

#include <errno.h>
#include <stdio.h>

#include "choice/choice.h"
#include "keyctl.h"
#include "util/cli.h"
#include "util/jsonout.h"

void key_json(struct jsonout *j, const struct inventory_key *key)
{
	jsonout_open(j, NULL, '{');
	jsonout_text(j, "name", key->name);
	jsonout_when(j, "expires_dt", key->expires);
	jsonout_text(j, "state", key_state_word(key->state));
	jsonout_close(j, '}');
}

static int print_json(const struct ring *ring, const struct inventory *inventory)
{
	jsonout_auto j = {0};

	jsonout_open(&j, NULL, '{');
	jsonout_text(&j, "user", ring->user);
	jsonout_text(&j, "identity", inventory->profile.name);
	jsonout_open(&j, "keys", '[');
	for (size_t i = 0; i < inventory->count; i++)
		key_json(&j, &inventory->keys[i]);
	jsonout_close(&j, ']');
	jsonout_close(&j, '}');
	return jsonout_print(&j);
}

static int print_lines(const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->count; i++) {
		const struct inventory_key *key = &inventory->keys[i];
		char expiry[KEY_EXPIRY_TEXT];

		key_expiry_describe(key, expiry);
		printf("%s%s%s\n", key->name, *expiry ? "\t" : "", expiry);
	}
	return fflush(stdout) ? -errno : 0;
}

int run_list(void *values, int argc, char **argv)
{
	const struct request *request = values;
	inventory_auto inventory = {0};
	const char *identity;
	struct choice choice;
	struct reason why = {0};
	struct ring ring;
	int r;

	(void)argc;
	(void)argv;
	r = ring_find(&ring, &why);
	if (r == 0)
		r = choice_vault(&ring, request->identity, &choice, &identity, &why);
	if (r == 0)
		r = inventory_take(&ring, identity, &inventory, &why);
	if (r == 0)
		r = request->json ? print_json(&ring, &inventory) : print_lines(&inventory);
	return r < 0 ? cli_fail(r, &why) : EXIT_DONE;
}

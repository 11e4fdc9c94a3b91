/* SPDX-License-Identifier: MIT */
/* What words of ravi's command line may be: names of identities, agents and secrets. Never a value. */
#include <config.h>

#include <string.h>
#include <unistd.h>

#include "choice/offer.h"
#include "commands.h"
#include "context.h"
#include "identity/offer.h"

static int add_name(void *opaque, struct vault_secret *secret)
{
	return buf_addf(opaque, "%s\n", secret->name);
}

/* Root's from the vault; without an identity there is no telling whose. */
static void offer_secrets(const char *named, struct buf *out)
{
	char identity[IDENTITY_NAME_MAX + 1];
	context_auto context = {0};
	vault_auto vault = NULL;

	if (geteuid() != 0)
		choice_offer_secrets(named, out);
	else if (context_identity(named, identity, NULL) == 0 &&
		 context_open(&context, NULL) == 0 &&
		 machine_vault(&context.machine, identity, NULL, &vault, NULL) == 0)
		vault_each(vault, add_name, out);
}

void ravi_complete(const struct cli_word *word, struct buf *out)
{
	bool of_identity = !strncmp(word->command->name, "identity ", 9);

	if (!strcmp(word->what, "ID") || !strcmp(word->what, "IDENTITY") ||
	    (of_identity && !strcmp(word->what, "NAME") &&
		strcmp(word->command->name, "identity create")))
		offer_identities(out);
	else if (!strcmp(word->what, "USER") || !strcmp(word->what, "OSUSER"))
		offer_agents(out);
	else if (!strcmp(word->what, "NAME") && !strncmp(word->command->name, "secrets ", 8))
		offer_secrets(word->identity, out);
}

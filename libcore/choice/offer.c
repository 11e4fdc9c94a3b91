/* SPDX-License-Identifier: MIT */
/* What words of the command lines of ring readers may be: see offer.h. */
#include <config.h>

#include <string.h>

#include "choice/choice.h"
#include "choice/offer.h"
#include "identity/offer.h"

struct offering {
	const char *identity; /* "": the default one */
	struct buf *out;
};

static int offer_key(void *context, const struct ring_key *key)
{
	const struct offering *offering = context;

	if (!strcmp(key->identity, offering->identity) && strcmp(key->name, RING_PROFILE) != 0)
		buf_addf(offering->out, "%s\n", key->name);
	return 0;
}

void choice_offer_secrets(const char *identity, struct buf *out)
{
	struct offering offering = {.out = out};
	struct choice choice;
	struct ring ring;

	if (ring_find(&ring, NULL) < 0 ||
	    choice_vault(&ring, identity, &choice, &offering.identity, NULL) < 0)
		return;
	if (!offering.identity)
		offering.identity = "";
	ring_each(&ring, offer_key, &offering, NULL);
}

void choice_offer(const struct cli_word *word, struct buf *out)
{
	if (!strcmp(word->what, "ID"))
		offer_identities(out);
	else if (!strcmp(word->what, "NAME") || !strcmp(word->what, "VAR=NAME"))
		choice_offer_secrets(word->identity, out);
}

/* SPDX-License-Identifier: MIT */
/*
 * The lease of a Codex login. Its refresh token is good for one use: two machines that renew it each would end it for
 * both, so one machine at a time uses it, the one that the document names.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/when.h"
#include "vault/document.h"

bool vault_lease(const struct vault *vault, struct vault_lease *lease)
{
	const json_t *entry = json_object_get(vault->root, "lease");
	const char *host = json_string_value(json_object_get(entry, "host"));

	*lease = (struct vault_lease){0};
	if (!entry || signer_parse(json_string_value(json_object_get(entry, "holder")),
			  &lease->holder, NULL) < 0)
		return false;
	snprintf(lease->host, sizeof(lease->host), "%s", host ? host : "");
	vault_model_time(json_object_get(entry, "since"), &lease->since);
	return true;
}

bool vault_lease_is(const struct vault_lease *lease, const struct signer *signer)
{
	return !memcmp(&lease->holder, signer, sizeof(*signer));
}

int vault_set_lease(struct vault *vault, const struct vault_lease *lease, struct reason *why)
{
	char holder[SIGNER_TEXT], since[WHEN_TEXT];
	int r;

	if (!lease) {
		json_object_del(vault->root, "lease");
		return 0;
	}
	signer_format(&lease->holder, holder);
	when_format(lease->since, since);
	r = json_object_set_new(vault->root, "lease",
	    json_pack("{s:s, s:s, s:s}", "holder", holder, "host",
		vault_model_words(lease->host, VAULT_WRITER_MAX) && *lease->host ? lease->host
										 : "?",
		"since", since));
	return r < 0 ? reason_errno(why, -ENOMEM, "the lease of %s", vault_name(vault)) : 0;
}

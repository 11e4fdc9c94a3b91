/* SPDX-License-Identifier: MIT */
/* The signing key in a vault: see signkey.h; and ravi identity sign-key. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/audit.h"
#include "commands.h"
#include "context.h"
#include "home.h"
#include "identity.h"
#include "signkey.h"
#include "sshkey/sign.h"

#define NOTE "signs git commits (ravi-git-config bind --sign)"

int signkey_make(struct vault *vault, unsigned keep, struct reason *why)
{
	const struct writer_text writer = context_writer();
	struct vault_change change = {
	    .name = SSHKEY_SECRET, .note = NOTE, .keep = keep, .by = writer.text};
	const char *email = vault_email(vault);
	buf_auto text = {0};
	int r = sshkey_make(email ? email : vault_name(vault), &text, why);

	if (r < 0)
		return r;
	change.value = text.data;
	change.len = text.len;
	return vault_set(vault, &change, time(NULL), why);
}

int signkey_public(
    const struct vault *vault, uint8_t public[SSHKEY_PUBLIC_SIZE], struct reason *why)
{
	vault_secret_auto secret = {0};
	sshkey_auto key = {0};
	int r = vault_get(vault, SSHKEY_SECRET, &secret, why);

	if (r == -ENOSECRET)
		return reason_set(
		    why, r, "none; make one: ravi identity sign-key %s", vault_name(vault));
	if (r == 0)
		r = sshkey_parse(secret.value.data, secret.value.len, &key, why);
	if (r < 0)
		return reason_prefix(why, r, SSHKEY_SECRET ": ");
	memcpy(public, key.public, SSHKEY_PUBLIC_SIZE);
	return 0;
}

void signkey_audit(const struct vault *vault, const char *identity, const char *user, int error)
{
	vault_secret_auto secret = {0};
	char version[24] = "";

	if (error == 0 && vault_get(vault, SSHKEY_SECRET, &secret, NULL) == 0)
		snprintf(version, sizeof(version), "%llu", (unsigned long long)secret.version);
	audit(audit_set_event(secret.version), context_result(error), "user", user, "identity",
	    identity, "name", SSHKEY_SECRET, "version", *version ? version : NULL, "by",
	    context_uid().text, NULL);
}

/* ---- ravi identity sign-key ---- */

static int renew(void *context, struct vault *vault, struct reason *why)
{
	const struct context *settings = context;
	int r = context_need_living(vault, why);

	return r < 0 ? r : signkey_make(vault, (unsigned)settings->conf.keep, why);
}

int run_identity_sign_key(void *opaque, int argc, char **argv)
{
	const struct identity_values *values = opaque;
	char user[USER_NAME_MAX + 1] = "";
	context_auto context = {0};
	vault_auto vault = NULL;
	struct reason why = {0};
	struct agent agent;
	int code, r = context_need_root("make signing keys", &why);

	(void)argc;
	if (r < 0)
		return cli_fail(r, &why);
	if (identity_name_check(argv[0], &why) < 0)
		return cli_usage("%s", why.text);
	r = context_open(&context, &why);
	if (r == 0)
		r = machine_update(&context.machine, argv[0], renew, &context, &vault, &why);
	if (agent_of_identity(argv[0], user, NULL) < 0)
		*user = '\0';
	signkey_audit(vault, argv[0], *user ? user : NULL, r);
	if (r == 0)
		r = identity_carrier(argv[0], &agent, &why);
	if (r < 0)
		return context_fail(r, &why);
	code = identity_print(vault, agent.count ? &agent : NULL, values->json);
	r = agent.count ? context_refresh(&context, agent.user, &why) : 0;
	return home_bring(&context, argv[0], r < 0 ? context_fail(r, &why) : code);
}

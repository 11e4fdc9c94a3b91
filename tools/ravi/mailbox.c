/* SPDX-License-Identifier: MIT */
/* Mail and messages at the Ravi service: see mailbox.h. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "choice/choice.h"
#include "context.h"
#include "machine/wallet.h"
#include "mailbox.h"
#include "ring/ring.h"
#include "util/cli.h"

#define IDENTITY_KEY "RAVI_IDENTITY_KEY"

static int from_wallet(const char *identity, struct mailbox *m, struct reason *why)
{
	machine_auto machine = {0};
	wallet_auto wallet = {0};
	vault_auto vault = NULL;
	char name[SECRET_NAME_MAX + 1];
	int r = machine_open(&machine, why);

	if (r == 0)
		r = context_identity(identity, m->identity, why);
	if (r == 0)
		r = machine_vault(&machine, m->identity, NULL, &vault, why);
	if (r == 0)
		r = wallet_open(&machine, &wallet, why);
	if (r < 0)
		return r;
	snprintf(m->uuid, sizeof(m->uuid), "%s", vault_uuid(vault));
	snprintf(m->email, sizeof(m->email), "%s", vault_email(vault) ? vault_email(vault) : "");
	wallet_name(WALLET_IDENTITY, m->uuid, name);
	r = wallet_get(&wallet, name, m->conf.service_url, &m->key, why);
	if (r == -ENOKEY)
		return reason_set(why, -EKEYREJECTED,
		    "this machine has no key of the service for %s; bring it here: ravi identity adopt",
		    m->identity);
	return r;
}

/* The ring outlives a change of ravi.conf: its key goes to the service that it was made for. */
static int check_service(
    const struct mailbox *m, const struct ring_profile *profile, struct reason *why)
{
	if (conf_same_service(profile->service, m->conf.service_url))
		return 0;
	if (!*profile->service)
		return reason_set(why, -EKEYREJECTED,
		    "this login does not say which service its " IDENTITY_KEY
		    " belongs to, so it is sent "
		    "nowhere; an administrator loads it anew: ravi reload %s",
		    profile->user);
	return reason_set(why, -EKEYREJECTED,
	    "the " IDENTITY_KEY
	    " of this login belongs to %s and is not sent to %s, which service_url "
	    "names now; an administrator brings the identity here from there: ravi identity adopt "
	    "%s",
	    profile->service, m->conf.service_url, profile->name);
}

static int from_ring(const char *identity, struct mailbox *m, struct reason *why)
{
	ring_profile_auto profile = {0};
	struct choice choice;
	const char *chosen;
	struct ring ring;
	int r = ring_find(&ring, why);

	if (r == 0)
		r = choice_vault(&ring, identity, &choice, &chosen, why);
	if (r == 0)
		r = ring_read_profile(&ring, chosen, &profile, why);
	if (r < 0)
		return r;
	snprintf(m->identity, sizeof(m->identity), "%s", profile.name);
	snprintf(m->uuid, sizeof(m->uuid), "%s", profile.uuid);
	snprintf(m->email, sizeof(m->email), "%s", profile.email);
	r = ring_read(&ring, profile.is_default ? NULL : profile.name, IDENTITY_KEY, &m->key, why);
	if (r == -ENOKEY)
		return reason_set(why, -EKEYREJECTED,
		    "this login has no " IDENTITY_KEY ": identity %s is not at the service, or not "
		    "from this machine; an administrator adopts it: ravi identity adopt",
		    m->identity);
	return r < 0 ? r : check_service(m, &profile, why);
}

static void note_unknown(void *nothing, const char *where, const char *key)
{
	(void)nothing, (void)where, (void)key;
}

int mailbox_open(const char *identity, struct mailbox *m, struct reason *why)
{
	int r;

	*m = (struct mailbox){0};
	r = conf_load(&m->conf, 0, NULL, note_unknown, NULL, why);
	if (r == 0)
		r = fetch_check_conf(&m->conf, why);
	if (r == 0)
		r = (geteuid() == 0 ? from_wallet : from_ring)(identity, m, why);
	m->deadline = deadline_in(m->conf.service_timeout * 1000);
	return r < 0 ? r : fetch_open(&m->conf, FETCH_COMMAND, &m->fetch, why);
}

void mailbox_close(struct mailbox *m)
{
	fetch_close(m->fetch);
	m->fetch = NULL;
	buf_free(&m->key);
	conf_free(&m->conf);
}

int mailbox_again(struct mailbox *m, struct reason *why)
{
	fetch_close(m->fetch);
	m->fetch = NULL;
	return fetch_open(&m->conf, FETCH_COMMAND, &m->fetch, why);
}

/* Once a command: `inbox wait` looks again and again. */
static void note_skipped(struct mailbox *m)
{
	int64_t id;
	unsigned count = fetch_skipped(m->fetch, &id);

	if (!count || m->has_noted)
		return;
	m->has_noted = true;
	if (id)
		cli_note(
		    "message %lld is larger than 8 MiB and is left out%s; it can be read at the "
		    "service's own pages",
		    (long long)id, count > 1 ? ", as others are" : "");
	else
		cli_note("%u of the list are larger than 8 MiB and are left out; they can be read "
			 "at the "
			 "service's own pages",
		    count);
}

int mailbox_ask(struct mailbox *m, const char *operation, json_t *arguments, json_t **result,
    struct reason *why)
{
	fetch_json_auto owned = arguments;
	const struct operation *o = operation_find(operation);
	const struct fetch_request request = {.operation = operation,
	    .credential = o && o->who == BY_NOBODY ? NULL : m->key.data,
	    .arguments = owned,
	    .deadline = m->deadline};

	int r = fetch_call(m->fetch, &request, result, why);

	note_skipped(m);
	return r;
}

int mailbox_print(const json_t *json)
{
	size_t flags = JSON_INDENT(2) | JSON_ENCODE_ANY | (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0);
	size_t len = json_dumpb(json, NULL, 0, flags);
	buf_auto text = {0};
	char *to = buf_reserve(&text, len + 1);

	if (!len || !to || json_dumpb(json, to, len, flags) != len)
		return cli_fail(-ENOMEM, NULL);
	text.len += len;
	buf_add_char(&text, '\n');
	return fwrite(text.data, 1, text.len, stdout) == text.len ? EXIT_DONE : EXIT_FAILED;
}

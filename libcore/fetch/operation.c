/* SPDX-License-Identifier: MIT */
/* The operations: see operation.h. Every path ends in '/': the service answers anything else with a redirect. */
#include <config.h>

#include <string.h>

#include "fetch/operation.h"

static const struct operation operations[] = {
    /* ---- logging in ---- */
    {"device.begin", "POST", "/api/auth/device/", BY_NOBODY, OPERATION_READ, NULL, "", "{device"},
    /* Pending, denied and expired come as 400 with a word; they are results here. */
    {"device.poll", "POST", "/api/auth/device/token/", BY_NOBODY, OPERATION_ONCE, NULL,
	"device_code wait", "{grant"},
    {"key.mint", "POST", "/api/auth/keys/identity/", BY_ACCOUNT, OPERATION_ONCE, NULL,
	"identity_uuid label", "{key"},
    {"key.list", "GET", "/api/auth/keys/identity/", BY_EITHER, OPERATION_READ, NULL, NULL,
	"[key-row"},
    {"key.revoke", "DELETE", "/api/auth/keys/identity/{uuid}/", BY_EITHER, OPERATION_CHANGE, NULL,
	NULL, NULL},

    /* ---- contract A alone ---- */
    {"token.refresh", "POST", "/api/auth/token/refresh/", BY_NOBODY, OPERATION_ONCE, NULL,
	"refresh", "{tokens"},
    {"token.bind", "POST", "/api/auth/bind-identity/", BY_EITHER, OPERATION_ONCE, NULL, "identity",
	"{tokens"},
    {"token.logout", "POST", "/api/auth/logout/", BY_EITHER, OPERATION_CHANGE, NULL, "refresh",
	NULL},
    {"encryption.get", "GET", "/api/encryption/", BY_EITHER, OPERATION_READ, NULL, NULL,
	"{encryption"},

    /* ---- identities ---- */
    {"identity.list", "GET", "/api/identities/", BY_ACCOUNT, OPERATION_READ, "limit offset", NULL,
	"[identity"},
    {"identity.get", "GET", "/api/identities/{uuid}/", BY_EITHER, OPERATION_READ, NULL, NULL,
	"{identity"},
    {"identity.create", "POST", "/api/identities/", BY_ACCOUNT, OPERATION_ONCE, NULL,
	"name email email_identifier domain provision_phone", "{identity"},
    {"identity.phone", "POST", "/api/identities/{uuid}/provision-phone/", BY_ACCOUNT,
	OPERATION_ONCE, NULL, "country_code", "{identity"},
    {"owner.get", "GET", "/api/master/", BY_EITHER, OPERATION_READ, NULL, NULL, "{owner"},
    {"email.list", "GET", "/api/email/", BY_IDENTITY, OPERATION_READ, "limit offset", NULL,
	"[email-row"},
    {"phone.list", "GET", "/api/phone/", BY_IDENTITY, OPERATION_READ, "limit offset", NULL,
	"[phone-row"},

    /* ---- secrets ---- */
    {"secret.list", "GET", "/api/secrets/", BY_IDENTITY, OPERATION_READ, "key limit offset", NULL,
	"[secret"},
    {"secret.create", "POST", "/api/secrets/", BY_IDENTITY, OPERATION_ONCE, NULL, "key value notes",
	"{secret"},
    {"secret.update", "PATCH", "/api/secrets/{uuid}/", BY_IDENTITY, OPERATION_CHANGE, NULL,
	"value notes", "{secret"},
    {"secret.delete", "DELETE", "/api/secrets/{uuid}/", BY_IDENTITY, OPERATION_CHANGE, NULL, NULL,
	NULL},

    /* ---- a vault as a whole: the store module says the operations above; put compares before it writes ---- */
    {"store.get", NULL, "", BY_IDENTITY, OPERATION_READ, NULL, NULL, "{document"},
    {"store.put", NULL, "", BY_IDENTITY, OPERATION_CHANGE, NULL, "expected document", NULL},

    /* ---- mail and SMS ---- */
    {"thread.list", "GET", "/api/email-inbox/", BY_IDENTITY, OPERATION_READ,
	"has_unread limit offset", NULL, "[thread"},
    {"thread.get", "GET", "/api/email-inbox/{id}/", BY_IDENTITY, OPERATION_READ, NULL, NULL,
	"{thread-messages"},
    {"mail.list", "GET", "/api/email-messages/", BY_IDENTITY, OPERATION_READ,
	"is_read direction from_email thread_id created_after limit offset", NULL, "[mail"},
    {"mail.get", "GET", "/api/email-messages/{id}/", BY_IDENTITY, OPERATION_READ, NULL, NULL,
	"{mail"},
    {"conversation.list", "GET", "/api/sms-inbox/", BY_IDENTITY, OPERATION_READ,
	"has_unread limit offset", NULL, "[conversation"},
    {"conversation.get", "GET", "/api/sms-inbox/{id}/", BY_IDENTITY, OPERATION_READ, NULL, NULL,
	"{conversation-messages"},
    {"text.list", "GET", "/api/messages/", BY_IDENTITY, OPERATION_READ, "is_read limit offset",
	NULL, "[text"},
    {"text.get", "GET", "/api/messages/{id}/", BY_IDENTITY, OPERATION_READ, NULL, NULL, "{text"},
    {"event.list", "GET", "/api/events/", BY_IDENTITY, OPERATION_READ, "since type", NULL,
	"[event"},

    /* ---- what is in a message; ravi-fetch finds it without asking anybody ---- */
    {"message.code", NULL, "", BY_NOBODY, OPERATION_READ, NULL, "subject text html", "{found"},
    {"message.link", NULL, "", BY_NOBODY, OPERATION_READ, NULL, "subject text html host", "{found"},
    {"message.text", NULL, "", BY_NOBODY, OPERATION_READ, NULL, "html", "{found"},
};

const struct operation *operation_find(const char *name)
{
	for (size_t i = 0; name && i < sizeof(operations) / sizeof(*operations); i++)
		if (!strcmp(operations[i].name, name))
			return &operations[i];
	return NULL;
}

int operation_lists(const char *list, const char *name, size_t len)
{
	while (list && *list) {
		size_t word = strcspn(list, " ");

		if (word == len && !strncmp(list, name, len))
			return 1;
		list += word;
		list += strspn(list, " ");
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Asking the Ravi service, through ravi-fetch: the one program that touches the network. It is started for a
 * command, keeps its connections while that lasts, and is without privileges; what it says is checked here
 * before it is used, and nothing that it does or fails to do outlasts the deadline.
 *
 *	fetch_auto fetch = NULL;
 *	fetch_json_auto identities = NULL;
 *	struct fetch_request request = {"identity.list", key, NULL, deadline_in(30000)};
 *	int r = fetch_open(&conf, FETCH_COMMAND, &fetch, &why);
 *	if (r == 0)
 *		r = fetch_call(fetch, &request, &identities, &why);
 *
 * operation.h lists what can be asked, shape.h what the results look like. Lists come as one array, however
 * the service pages them. A key goes to the host that service_url names and to no other.
 *
 * JSON goes through jansson: a program calls vault_memory_init (vault/vault.h) first.
 */
#ifndef RAVI_FETCH_H
#define RAVI_FETCH_H

#include <jansson.h>
#include <stdbool.h>

#include "config/conf.h"
#include "fetch/operation.h"
#include "fetch/shape.h"
#include "util/deadline.h"
#include "util/reason.h"

#define FETCH_USER        "ravi-fetch" /* whom ravi-fetch becomes when root starts it */
#define FETCH_REQUEST_MAX  (8u << 20)   /* bytes of JSON: two documents of a store, armored */
#define FETCH_RESULT_MAX  (16u << 20)
#define FETCH_DOWN_SECONDS 30 /* so long nobody waits for a service that did not answer */

enum fetch_use {
	FETCH_COMMAND, /* a person waits: up to three tries */
	FETCH_LOGIN,   /* a login waits: one try, and none within FETCH_DOWN_SECONDS of a failure */
};

struct fetch;

#define fetch_auto __attribute__((cleanup(fetch_cleanup))) struct fetch *

/*
 * What a call fails with, each with a reason that is one sentence:
 *
 *	-EDESTADDRREQ	no service is configured
 *	-EHOSTUNREACH	its name or address is not reached, or its certificate is not to be trusted
 *	-ECONNREFUSED	nobody listens there		-ETIMEDOUT	the deadline has passed
 *	-EHOSTDOWN	it is out of order (5xx)	-EUSERS		too many requests (429); fetch_wait
 *	-EBADE		what answers does not speak as the service does
 *	-EOVERFLOW		what it answers is larger than what is taken
 *	-EINPROGRESS	an operation that must not be said twice was sent, and no answer came: it may have
 *			been carried out
 *	-EKEYREJECTED	the credential is not accepted (401), or not of the right kind
 *	-EACCES		it may not do that (403)	-EPERM		the account's plan does not allow it (402)
 *	-ENOKEY		there is no such thing (404)	-EEXIST		it is there already (409)
 *	-EBADRQC	the service did not take the request (400 and other 4xx)
 *	-EREMOTE	it answers with a redirect: service_url is wrong
 *	-ENOENT		the store has no such document	-ESTALE		it has another one than the expected
 *	-ENODATA	it has a part of the document	-ENOPKG		there is no store of that name
 *
 * All up to -EINPROGRESS are exit code 6; then 5, 5, 5, 3, 1, 1, 1.
 */
int fetch_open(
    const struct conf *conf, enum fetch_use use, struct fetch **fetch, struct reason *why);
void fetch_close(struct fetch *fetch);
void fetch_cleanup(struct fetch **fetch);

struct fetch_request {
	const char *operation;  /* operation.h */
	const char *credential; /* ravi_mgmt_..., ravi_id_..., a token of contract A; NULL: none */
	json_t *arguments;      /* an object, borrowed; NULL: none */
	struct deadline deadline;
};

/* `*result` is new and of the operation's shape; NULL where that has none. `result` may be NULL. */
int fetch_call(struct fetch *fetch, const struct fetch_request *request, json_t **result,
    struct reason *why);

/* Of the last call: the HTTP status, 0 for none; the seconds that a 429 asks to wait, 0 for none. */
int fetch_status(const struct fetch *fetch);
long fetch_wait(const struct fetch *fetch);

/* How many rows of the last list were too large to be taken, and the id of the first (0: not known). */
unsigned fetch_skipped(const struct fetch *fetch, int64_t *id);

/* Whether the failure means that the service was not reached, and a copy of what it said earlier serves. */
bool fetch_is_down(int error);

/* Whether a service is configured, and its URL may be used: 0, -EDESTADDRREQ, -EINVAL with the reason. */
int fetch_check_conf(const struct conf *conf, struct reason *why);

/*
 * The contract that a credential belongs to, by its look alone: BY_ACCOUNT, BY_IDENTITY, or BY_EITHER for a
 * token of contract A; BY_NOBODY: it is none of these, and is not sent anywhere.
 */
enum operation_who fetch_credential_kind(const char *credential);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What a Codex login is: one of three forms, told apart by content, and what its auth.json says. Facts
 * about codex are of 0.169.0, seen in the real one; nothing here asks a network.
 */
#ifndef RAVI_CODEX_LOGIN_H
#define RAVI_CODEX_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "util/buf.h"
#include "util/reason.h"

/* Where a login is stored: the first that the identity has. What is new is stored as the first. */
#define CODEX_SECRET       "CODEX_SESSION_TOKEN"
#define CODEX_SECRET_NAMES 3
#define CODEX_LOGIN_MAX    32767u /* bytes: what a secret can have */

extern const char *const codex_secret_names[CODEX_SECRET_NAMES];

/* Whether a secret of that name is one of them. */
bool codex_is_login(const char *secret);

enum codex_form {
	CODEX_AUTH_FILE, /* the auth.json of a ChatGPT login (or another that `codex login` made) */
	CODEX_API_KEY,   /* sk-... */
	CODEX_ACCESS_TOKEN, /* anything else: what CODEX_ACCESS_TOKEN takes */
};

/* "auth.json", "API key", "access token" */
const char *codex_form_word(enum codex_form form);

/* 0, or -EBADMSG: empty, more than one line and no JSON object, or an object that logs nobody in. */
int codex_form_of(const void *value, size_t len, enum codex_form *form, struct reason *why);

/*
 * Whether these bytes are an auth.json that logs somebody in: an object with an API key, with the tokens
 * that codex insists on, or with one of the enterprise credentials. 0 or -EBADMSG. A torn file is none.
 */
int codex_file_check(const void *data, size_t len, struct reason *why);

/* Appends what auth.json has to hold for a value of this form (not CODEX_ACCESS_TOKEN). */
int codex_file_make(enum codex_form form, const struct buf *value, struct buf *file);

/* An access token or key without the line end that it may have been stored with. */
void codex_trim(struct buf *value);

struct codex_facts {
	bool has_key;        /* it is an API key */
	bool has_refresh;    /* codex can renew it */
	time_t expires;      /* of the access token; 0: it does not say */
	time_t last_refresh; /* 0: never, or unknown */
};

/* What an auth.json, or with CODEX_ACCESS_TOKEN the token, says of itself. */
void codex_facts_of(enum codex_form form, const struct buf *value, struct codex_facts *facts);

#endif

/* SPDX-License-Identifier: MIT */
/* The plaintext tokens in the daemon's settings.json, and the way of its own into the vault: see monitor.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/client.h"
#include "monitor.h"
#include "util/cleanup.h"
#include "util/cli.h"
#include "util/file.h"
#include "util/text.h"
#include "vault/value.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : NULL;
}

static bool is_token(const char *text, const char *token)
{
	return text && token && !strcmp(text, token);
}

/* The daemon's own: remoteBackendToken, else one in the list of back ends that is `held`, the vault's. */
static const char *own_token(const json_t *settings, const char *held)
{
	const char *token = text_of(settings, "remoteBackendToken");
	const json_t *backend;
	size_t i;

	json_array_foreach(json_object_get(settings, "remoteBackends"), i, backend)
	{
		if (!token && is_token(text_of(backend, "token"), held))
			token = held;
	}
	return token;
}

struct plaintext settings_look(const json_t *settings, const char *held)
{
	const char *own = own_token(settings, held), *token;
	struct plaintext found = {.own = own};
	const json_t *backend;
	size_t i;

	json_array_foreach(json_object_get(settings, "remoteBackends"), i, backend)
	{
		token = text_of(backend, "token");
		found.others += token && !is_token(token, own);
	}
	return found;
}

/* Into the vault, unless it is there (`held`). A vault that has another one is not overwritten. */
static int store_token(const struct monitor_identity *id, const struct buf *held, const char *token,
    struct reason *why)
{
	struct broker_write write = {
	    .identity = id->choice.is_default ? NULL : id->choice.identity,
	    .name = DAEMON_TOKEN,
	    .value = token,
	    .len = strlen(token),
	    .note = "taken over from CodexMonitor's settings.json",
	};
	uint64_t version;

	if (held->len && !text_equal_secret(held->data, held->len, token, strlen(token)))
		return reason_set(why, -EEXIST,
		    "the vault of %s has another " DAEMON_TOKEN
		    " than settings.json; take the wrong one out "
		    "(ravi secrets delete " DAEMON_TOKEN ", or edit settings.json) and try again",
		    id->choice.identity);
	if (held->len)
		return 0;
	return broker_set(&write, deadline_in(BROKER_MILLISECONDS), &version, why);
}

/* The token, and what the desktop app kept of it in its list of back ends. Others' tokens stay. */
static void remove_token(json_t *settings, const char *token)
{
	json_t *backends = json_object_get(settings, "remoteBackends"), *backend;
	size_t i;

	json_array_foreach(backends, i, backend)
	{
		const char *other = json_string_value(json_object_get(backend, "token"));

		if (other && !strcmp(other, token))
			json_object_set_new(backend, "token", json_null());
	}
	if (text_of(settings, "remoteBackendToken"))
		json_object_set_new(settings, "remoteBackendToken", json_null());
}

/* Replaces the file that the name leads to, which may be a link's target, for this user's eyes alone. */
static int write_settings(const char *data_dir, const json_t *settings, struct reason *why)
{
	char path[PATH_MAX], real[PATH_MAX], *slash;
	fd_auto folder = -1;
	buf_auto text = {0};

	if (snprintf(path, sizeof(path), "%s/settings.json", data_dir) >= (int)sizeof(path))
		return reason_set(why, -ENAMETOOLONG, "the path of settings.json is too long");
	if (!realpath(path, real))
		return reason_errno(why, -errno, "%s", path);
	slash = strrchr(real, '/');
	*slash = '\0';
	folder = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return reason_errno(why, -errno, "%s", real);
	if (vault_value_dump(settings, JSON_INDENT(2), &text) < 0)
		return reason_errno(why, -ENOMEM, "writing settings.json");
	return file_replace(folder, slash + 1, 0600, true, text.data, text.len, why);
}

int settings_adopt(const struct monitor *m, const struct monitor_identity *id, const char *data_dir,
    struct reason *why)
{
	const char *listen = m->listen ? m->listen : DEFAULT_LISTEN;
	json_auto_t *settings = NULL;
	struct wire_daemon found;
	buf_auto token = {0};
	buf_auto held = {0};
	int r = monitor_read_json(data_dir, "settings.json", &settings, why);

	if (r == 0)
		r = monitor_token(id, &held, why);
	if (r < 0 && r != -ENOSECRET)
		return r;
	if (!own_token(settings, held.data)) {
		cli_note("%s/settings.json holds no token of this daemon; nothing to take over%s",
		    data_dir,
		    settings_look(settings, held.data).others
			? ". One in remoteBackends is the daemon's if it is in the vault (ravi "
			  "secrets set " DAEMON_TOKEN ")"
			: "");
		return 0;
	}
	r = wire_ask(listen, NULL, &found, why);
	if (r == 0 && found.reachable)
		return reason_set(why, -EBUSY,
		    "something listens at %s; stop the daemon before --adopt, it would write its "
		    "settings "
		    "again",
		    listen);
	r = r < 0 ? r : buf_add_text(&token, own_token(settings, held.data));
	if (r == 0)
		r = store_token(id, &held, token.data, why);
	if (r < 0)
		return r;
	remove_token(settings, token.data);
	r = write_settings(data_dir, settings, why);
	if (r == 0)
		cli_note(
		    "the token of %s/settings.json is in the vault of %s now, and there no more",
		    data_dir, id->choice.identity);
	return r;
}

/* SPDX-License-Identifier: MIT */
/* One configuration file of git's: see settings.h. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "settings.h"

#define HELD  "ravi-saved.key"
#define SAVED "ravi-saved." /* KEY */
#define VALUE ".value"

static const struct values none;

void settings_free(struct settings *settings)
{
	buf_free(&settings->text);
	free(settings->items);
	settings->items = NULL;
	settings->count = 0;
}

/* The next piece that ends with a 0 byte, NULL when there is none. */
static char *next_piece(struct settings *settings, size_t *at)
{
	char *piece = settings->text.data + *at, *end;

	if (*at >= settings->text.len)
		return NULL;
	end = memchr(piece, '\0', settings->text.len - *at);
	if (!end)
		return NULL;
	*at += (size_t)(end - piece) + 1;
	return piece;
}

/* Takes "SCOPE 0 ORIGIN 0 KEY LF VALUE 0", the first two with `all` alone. */
static int parse(struct settings *settings, bool all)
{
	size_t at = 0;

	while (at < settings->text.len) {
		struct setting setting = {0}, *grown;
		char *pair, *value;

		setting.scope = all ? next_piece(settings, &at) : NULL;
		setting.origin = all ? next_piece(settings, &at) : NULL;
		pair = next_piece(settings, &at);
		if (!pair)
			return -EBADMSG;
		value = strchr(pair, '\n');
		if (value)
			*value++ = '\0';
		setting.key = pair;
		setting.value = value;
		grown = reallocarray(settings->items, settings->count + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		settings->items = grown;
		grown[settings->count++] = setting;
	}
	return 0;
}

int settings_load(
    const struct git *git, const char *path, struct settings *settings, struct reason *why)
{
	int r;

	*settings = (struct settings){0};
	strcpy(settings->path, path);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = GIT_RUN(
	    git, &settings->text, why, "-C", "/", "config", "--file", path, "--null", "--list");
	if (r < 0)
		return reason_prefix(why, r, "reading %s: ", path);
	r = parse(settings, false);
	return r < 0 ? reason_errno(why, r, "what git lists of %s", path) : 0;
}

int settings_load_all(
    const struct git *git, const char *top, struct settings *settings, struct reason *why)
{
	const char *const argv[] = {"git", "-C", top ? top : "/", "config", "--show-scope",
	    "--show-origin", "--null", "--list", NULL};
	int r;

	*settings = (struct settings){0};
	r = git_run_here(git, &settings->text, argv, why);
	if (r < 0)
		return r;
	r = parse(settings, true);
	return r < 0 ? reason_errno(why, r, "what git lists") : 0;
}

int settings_values(
    const struct settings *settings, const char *key, struct values *values, struct reason *why)
{
	*values = none;
	for (size_t i = 0; i < settings->count; i++) {
		const struct setting *setting = &settings->items[i];

		if (strcmp(setting->key, key) != 0)
			continue;
		if (values->count == VALUES_MAX)
			return reason_set(why, -E2BIG, "%s has more than %d values in %s", key,
			    VALUES_MAX, settings->path);
		/* git can write no key that stands alone; it means the same. */
		values->items[values->count++] = setting->value ? setting->value : "true";
	}
	return 0;
}

const struct setting *settings_last(const struct settings *settings, const char *key)
{
	for (size_t i = settings->count; i > 0; i--)
		if (!strcmp(settings->items[i - 1].key, key))
			return &settings->items[i - 1];
	return NULL;
}

bool settings_bool(const struct settings *settings, const char *key, bool otherwise)
{
	static const char *const words[] = {"true", "yes", "on", "1"};
	const struct setting *setting = settings_last(settings, key);

	if (!setting)
		return otherwise;
	for (size_t i = 0; setting->value && i < sizeof(words) / sizeof(*words); i++)
		if (!strcasecmp(setting->value, words[i]))
			return true;
	return !setting->value;
}

/* ---- changes ---- */

static int write_one(const struct git *git, const struct settings *settings, const char *how,
    const char *key, const char *value, struct reason *why)
{
	buf_auto out = {0};
	int r =
	    GIT_RUN(git, &out, why, "-C", "/", "config", "--file", settings->path, how, key, value);

	return r < 0 ? reason_prefix(why, r, "writing %s in %s: ", key, settings->path) : 0;
}

static bool is_same(const struct values *a, const struct values *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

int settings_set(const struct git *git, const struct settings *settings, const char *key,
    const struct values *values, struct reason *why)
{
	struct values now;
	int r = settings_values(settings, key, &now, why);

	if (r < 0 || is_same(&now, values))
		return r;
	if (!values->count)
		return write_one(git, settings, "--unset-all", key, NULL, why);
	r = write_one(git, settings, "--replace-all", key, values->items[0], why);
	for (size_t i = 1; i < values->count && r == 0; i++)
		r = write_one(git, settings, "--add", key, values->items[i], why);
	return r;
}

int settings_held(const struct settings *settings, struct values *keys, struct reason *why)
{
	return settings_values(settings, HELD, keys, why);
}

static int is_held(const struct settings *settings, const char *key, struct reason *why)
{
	struct values keys;
	int r = settings_held(settings, &keys, why);

	for (size_t i = 0; i < keys.count && r == 0; i++)
		r = !strcmp(keys.items[i], key);
	return r;
}

static int name_saved(const char *key, struct buf *saved)
{
	return buf_addf(saved, SAVED "%s" VALUE, key);
}

int settings_hold(const struct git *git, const struct settings *settings, const char *key,
    const struct values *values, struct reason *why)
{
	buf_auto saved = {0};
	struct values before;
	int r = is_held(settings, key, why);

	if (r < 0)
		return r;
	/* First what it was, then that it is held, then the change: whatever dies in between, it can go on. */
	if (r == 0) {
		r = settings_values(settings, key, &before, why);
		if (r == 0)
			r = name_saved(key, &saved);
		if (r == 0)
			r = settings_set(git, settings, buf_text(&saved), &before, why);
		if (r == 0)
			r = write_one(git, settings, "--add", HELD, key, why);
		if (r < 0)
			return r;
	}
	return settings_set(git, settings, key, values, why);
}

int settings_give_back(
    const struct git *git, const struct settings *settings, const char *key, struct reason *why)
{
	struct values before;
	buf_auto saved = {0};
	buf_auto out = {0};
	int r = name_saved(key, &saved);

	if (r == 0)
		r = settings_values(settings, buf_text(&saved), &before, why);
	if (r == 0)
		r = settings_set(git, settings, key, &before, why);
	if (r < 0)
		return r;
	/* No longer held before what was saved goes: a key that is held and not saved would be lost. */
	r = GIT_RUN(git, &out, why, "-C", "/", "config", "--file", settings->path, "--fixed-value",
	    "--unset-all", HELD, key);
	if (r < 0)
		return reason_prefix(why, r, "writing %s: ", settings->path);
	return settings_set(git, settings, buf_text(&saved), &none, why);
}

/* Whether the key is ravi-saved.KEY.value of a KEY that we do not hold. */
static int is_stray(const struct settings *settings, const char *saved, struct reason *why)
{
	const size_t around = strlen(SAVED) + strlen(VALUE);
	size_t len = strlen(saved);
	buf_auto key = {0};
	int r;

	if (len <= around || strncmp(saved, SAVED, strlen(SAVED)) != 0 ||
	    strcmp(saved + len - strlen(VALUE), VALUE) != 0)
		return 0;
	r = buf_add(&key, saved + strlen(SAVED), len - around);
	if (r == 0)
		r = is_held(settings, key.data, why);
	return r < 0 ? r : !r;
}

int settings_forget_strays(
    const struct git *git, const struct settings *settings, struct reason *why)
{
	int r = 0;

	for (size_t i = 0; i < settings->count && r == 0; i++) {
		const char *key = settings->items[i].key;

		/* With its last value, so that it goes once. */
		if (settings_last(settings, key) != &settings->items[i])
			continue;
		r = is_stray(settings, key, why);
		if (r > 0)
			r = settings_set(git, settings, key, &none, why);
	}
	return r;
}

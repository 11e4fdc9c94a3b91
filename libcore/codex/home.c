/* SPDX-License-Identifier: MIT */
/* Where the login of an identity lies while codex uses it: see home.h. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "codex/home.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/text.h"

#define HEADER_MAX 512 /* bytes of base before its content */

static const char *const form_keys[] = {"auth-file", "api-key", "access-token"};

void codex_base_free(struct codex_base *base)
{
	buf_free(&base->content);
}

void codex_growth_free(struct codex_growth *growth)
{
	buf_free(&growth->content);
	buf_free(&growth->from);
	buf_free(&growth->sent);
}

int codex_read(int dir, const char *name, struct buf *content, struct reason *why)
{
	const struct file_rule rule = {.owner = geteuid(), .max = CODEX_LOGIN_MAX + HEADER_MAX};

	return file_read(dir, name, &rule, content, why);
}

static int take_form(const char *key, enum codex_form *form)
{
	for (size_t i = 0; i < sizeof(form_keys) / sizeof(*form_keys); i++) {
		if (strcmp(key, form_keys[i]))
			continue;
		*form = (enum codex_form)i;
		return 0;
	}
	return -EINVAL;
}

static int take_pair(struct codex_base *base, const char *key, const char *value)
{
	char folded[SECRET_NAME_MAX + 1];

	if (!strcmp(key, "secret")) {
		if (secret_name_fold(value, folded, NULL) < 0)
			return -EINVAL;
		strcpy(base->secret, folded);
		return 0;
	}
	if (!strcmp(key, "version"))
		return text_number(value, 10, 0, UINT64_MAX, &base->version);
	if (!strcmp(key, "form"))
		return take_form(value, &base->form);
	return 0;
}

int codex_base_load(int dir, struct codex_base *base, struct reason *why)
{
	buf_auto text = {0};
	char *content, *cursor, *key, *value;
	unsigned line = 0;
	int r = codex_read(dir, CODEX_FILE_BASE, &text, why);

	*base = (struct codex_base){0};
	if (r < 0)
		return r;
	content = text.len ? strstr(text.data, "\n\n") : NULL;
	if (!content)
		return reason_set(why, -EBADMSG, "the file base has no empty line");
	content[1] = '\0';
	content += 2;
	cursor = text.data;
	while ((r = text_pair(&cursor, &line, &key, &value)) > 0)
		if (take_pair(base, key, value) < 0)
			return reason_set(why, -EBADMSG, "the file base is damaged, line %u", line);
	if (r < 0 || !*base->secret)
		return reason_set(why, -EBADMSG, "the file base is damaged, line %u", line);
	return buf_add(&base->content, content, text.len - (size_t)(content - text.data));
}

int codex_base_save(int dir, const struct codex_base *base, struct reason *why)
{
	buf_auto text = {0};

	buf_addf(&text, "secret=%s\nversion=%llu\nform=%s\n\n", base->secret,
	    (unsigned long long)base->version, form_keys[base->form]);
	buf_add(&text, base->content.data, base->content.len);
	if (text.error)
		return reason_errno(why, text.error, "writing base");
	return file_replace(dir, CODEX_FILE_BASE, 0600, false, text.data, text.len, why);
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* An optional file: missing is empty. */
static int read_or_none(int dir, const char *name, struct buf *content, struct reason *why)
{
	int r = codex_read(dir, name, content, why);

	return r == -ENOENT ? 0 : r;
}

int codex_growth_find(int dir, struct codex_growth *growth, struct reason *why)
{
	codex_base_auto base = {0};
	buf_auto conflict = {0};
	int r = codex_base_load(dir, &base, why);

	*growth = (struct codex_growth){0};
	if (r == 0)
		r = codex_read(dir, CODEX_FILE, &growth->content, why);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (same(&growth->content, &base.content))
		return 0;
	r = read_or_none(dir, CODEX_FILE_CONFLICT, &conflict, why);
	if (r == 0)
		r = read_or_none(dir, CODEX_FILE_SENT, &growth->sent, why);
	if (r < 0)
		return r;
	if (conflict.len && same(&growth->content, &conflict))
		return 0;
	if (growth->content.len > CODEX_LOGIN_MAX)
		return reason_set(why, -EFBIG, "auth.json has more than the %u bytes of a secret",
		    CODEX_LOGIN_MAX);
	r = codex_file_check(growth->content.data, growth->content.len, why);
	if (r < 0)
		return r;
	/* A login that took the place of a key or token is a session, and grew from none. */
	if (base.form == CODEX_AUTH_FILE || !strcmp(base.secret, CODEX_SECRET)) {
		strcpy(growth->secret, base.secret);
		growth->base = base.version;
		if (base.form == CODEX_AUTH_FILE)
			buf_move(&growth->from, &base.content);
	} else {
		strcpy(growth->secret, CODEX_SECRET);
	}
	return 1;
}

int codex_lock_open(int dir, const char *name, bool keep, struct reason *why)
{
	int fd = openat(
	    dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | (keep ? 0 : O_CLOEXEC), 0600);

	return fd < 0 ? reason_errno(why, -errno, "lock file %s", name) : fd;
}

int codex_lock_take(int fd, int how, struct deadline deadline, struct reason *why)
{
	int r = file_lock(fd, how, deadline);

	if (r == -ETIMEDOUT)
		return reason_set(
		    why, r, "another ravi-codex of this login is at work and does not end");
	return r < 0 ? reason_errno(why, r, "locking") : 0;
}

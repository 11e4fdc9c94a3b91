/* SPDX-License-Identifier: MIT */
/* Where events go: see audit.h. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/form.h"
#include "audit/trail.h"

static void say(const struct buf *line)
{
	if (!line->error)
		syslog(LOG_AUTHPRIV | LOG_INFO, "%s", buf_text(line));
}

/* A machine that `ravi init` has not prepared has no place for a trail, and needs none. */
static void keep(const struct buf *lines, int lock)
{
	struct reason why = {0};
	int r;

	if (geteuid() != 0 || !lines->len)
		return;
	if (lines->error)
		r = lines->error;
	else if (lock > 0)
		r = audit_append_locked(&audit_machine_trail, lock, buf_text(lines), &why);
	else
		r = audit_append(&audit_machine_trail, buf_text(lines), &why);
	if (r < 0 && r != -ENOENT)
		syslog(LOG_AUTHPRIV | LOG_ERR, "the audit trail lacks what was logged last: %s",
		    *why.text ? why.text : strerror(-r));
}

void audit(const char *event, const char *result, ...)
{
	buf_auto line = {0};
	va_list pairs;

	va_start(pairs, result);
	audit_vformat(&line, event, result, pairs);
	va_end(pairs);
	say(&line);
	keep(&line, 0);
}

static void add(struct audit_batch *batch, const struct buf *line)
{
	if (line->error)
		return;
	buf_add(&batch->lines, line->data, line->len);
	buf_add_char(&batch->lines, '\n');
}

void audit_add(struct audit_batch *batch, const char *event, const char *result, ...)
{
	buf_auto line = {0};
	va_list pairs;

	va_start(pairs, result);
	audit_vformat(&line, event, result, pairs);
	va_end(pairs);
	say(&line);
	add(batch, &line);
}

void audit_add_quietly(struct audit_batch *batch, const char *event, const char *result, ...)
{
	buf_auto line = {0};
	va_list pairs;

	va_start(pairs, result);
	audit_vformat(&line, event, result, pairs);
	va_end(pairs);
	add(batch, &line);
}

void audit_hold(struct audit_batch *batch)
{
	bool is_kept = geteuid() == 0 && batch->lines.len && !batch->lines.error;
	int lock = is_kept ? audit_lock(&audit_machine_trail, AUDIT_LOGIN_WAIT, NULL) : 0;

	batch->lock = lock > 0 ? lock : 0;
}

void audit_flush(struct audit_batch *batch)
{
	keep(&batch->lines, batch->lock);
	batch->lock = 0;
	buf_reset(&batch->lines);
}

void audit_batch_free(struct audit_batch *batch)
{
	if (batch->lock > 0)
		close(batch->lock);
	buf_free(&batch->lines);
}

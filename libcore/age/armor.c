/* SPDX-License-Identifier: MIT */
/* ASCII armor: see armor.h. */
#include <config.h>

#include <errno.h>
#include <sodium.h>

#include "age/armor.h"

#define END_LINE "-----END AGE ENCRYPTED FILE-----"

void armor_write(struct span file, struct buf *out)
{
	char line[BASE64_COLUMNS + 1];

	buf_add_text(out, ARMOR_BEGIN "\n");
	while (file.len && !out->error) {
		struct span part =
		    span_take(&file, file.len < BASE64_BYTES ? file.len : BASE64_BYTES);

		sodium_bin2base64(
		    line, sizeof(line), part.data, part.len, sodium_base64_VARIANT_ORIGINAL);
		buf_add_text(out, line);
		buf_add_char(out, '\n');
	}
	buf_add_text(out, END_LINE "\n");
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(struct span text)
{
	while (text.len && is_blank(text.data[0]))
		span_take(&text, 1);
	while (text.len && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* A line without its LF or CRLF. */
static bool take_line(struct span *rest, struct span *line)
{
	if (!span_line(rest, line))
		return false;
	if (line->len && line->data[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* One line of base64, with padding where its bytes end early: 0, -EBADMSG or out->error. */
static int read_line(struct span line, struct buf *out)
{
	void *to = buf_reserve(out, BASE64_BYTES);
	size_t len;

	if (!to)
		return out->error;
	if (line.len == 0 || line.len > BASE64_COLUMNS ||
	    !span_base64(line, true, to, BASE64_BYTES, &len))
		return -EBADMSG;
	out->len += len;
	return 0;
}

int armor_read(struct span armor, struct buf *out, struct reason *why)
{
	struct span rest = trim(armor), line = {0};
	bool whole = true; /* so far every line was full, so that another may follow */

	if (!take_line(&rest, &line) || !span_is(line, ARMOR_BEGIN))
		return reason_set(why, -EBADMSG, "neither an age file nor one in ASCII armor");
	if (!buf_reserve(out, rest.len / 4 * 3))
		return out->error;
	while (take_line(&rest, &line)) {
		int r = whole ? read_line(line, out) : -EBADMSG;

		if (r == -EBADMSG)
			return reason_set(
			    why, r, "the age armor is damaged: a line of it is malformed");
		if (r < 0)
			return r;
		whole = line.len == BASE64_COLUMNS && line.data[BASE64_COLUMNS - 1] != '=';
	}
	/* What is left has no LF: blanks were cut off. */
	if (!span_is(rest, END_LINE))
		return reason_set(
		    why, -EBADMSG, "the age armor is damaged: it does not end with " END_LINE);
	return 0;
}

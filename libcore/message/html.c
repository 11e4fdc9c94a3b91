/* SPDX-License-Identifier: MIT */
/* HTML to the text that a reader sees. */
#include <config.h>

#include "html.h"

#include <errno.h>
#include <string.h>

#include "message.h"

static const char *const unseen[] = {"head", "script", "style", "template", "title", "noscript", NULL};
static const char *const blocks[] = {
    "address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "ol",
    "p", "pre", "section", "table", "tbody", "tr", "ul", NULL,
};
static const char *const cells[] = {"td", "th", NULL};

static bool is_one_of(const xmlNode *node, const char *const *names)
{
	for (; *names; names++)
		if (xmlStrEqual(node->name, (const xmlChar *)*names))
			return true;
	return false;
}

static void break_line(struct buf *text)
{
	if (text->len > 0 && text->data[text->len - 1] != '\n')
		buf_add_char(text, '\n');
}

/* Runs of white space are one blank, as a browser shows them. */
static void add_words(const char *words, struct buf *text)
{
	for (; *words; words++) {
		const bool blank = strchr(" \t\r\n\f", *words) != NULL;
		const char last = text->len > 0 ? text->data[text->len - 1] : '\n';

		if (!blank)
			buf_add_char(text, *words);
		else if (last != ' ' && last != '\n')
			buf_add_char(text, ' ');
	}
}

static int walk(const xmlNode *node, int depth, struct buf *text)
{
	const bool element = node->type == XML_ELEMENT_NODE;
	const bool block = element && is_one_of(node, blocks);

	if (depth > HTML_DEPTH_MAX || (element && is_one_of(node, unseen)))
		return 0;
	if (node->type == XML_TEXT_NODE && node->content)
		add_words((const char *)node->content, text);
	if (block)
		break_line(text);
	for (const xmlNode *child = node->children; child && !text->error; child = child->next)
		walk(child, depth + 1, text);
	if (block)
		break_line(text);
	else if (element && is_one_of(node, cells))
		add_words(" ", text);
	return text->error;
}

htmlDocPtr html_read(const char *html)
{
	const size_t len = strnlen(html, MESSAGE_PART_MAX);

	return htmlReadMemory(html, (int)len, NULL, "UTF-8",
	    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
		HTML_PARSE_COMPACT);
}

int html_words(const xmlNode *node, struct buf *text)
{
	return walk(node, 0, text);
}

int message_html_text(const char *html, struct buf *text)
{
	html_auto doc = html_read(html);
	const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;

	return root ? html_words(root, text) : 0;
}

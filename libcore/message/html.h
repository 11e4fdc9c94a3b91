/* SPDX-License-Identifier: MIT */
/* A stranger's HTML, read by libxml2: without network, without entities of its own, within bounds. */
#ifndef RAVI_MESSAGE_HTML_H
#define RAVI_MESSAGE_HTML_H

#include <libxml/HTMLparser.h>

#include "util/buf.h"

#define HTML_DEPTH_MAX 256 /* libxml2's own bound for trees */

static inline void html_free(htmlDocPtr *doc)
{
	if (*doc)
		xmlFreeDoc(*doc);
}
#define html_auto __attribute__((cleanup(html_free))) htmlDocPtr

/* NULL when there is nothing to read or no memory. */
htmlDocPtr html_read(const char *html);

/* The words below a node, as message_html_text() has them. */
int html_words(const xmlNode *node, struct buf *text);

#endif

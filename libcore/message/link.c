/* SPDX-License-Identifier: MIT */
/* Finding the verification link in a message, by the rules of message.h. */
#include <config.h>

#include "message.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "util/cleanup.h"
#include "words.h"

enum score {
	IN_WORDS = 4, /* the link's own words speak of a verification */
	IN_PATH = 3,  /* its path or query does */
	FOOTER = -10,
};

#define LINKS_MAX 64
#define LINK_MAX 4096 /* bytes; browsers and mailers cut longer ones */
#define HOST_MAX 253
#define HOSTS_NAMED 5 /* in a message to the user */

struct link {
	char *url;
	char host[HOST_MAX + 1];
	int score;
};

struct search {
	struct link list[LINKS_MAX];
	size_t count;
	const char *host; /* NULL: any */
	const char *port; /* NULL: https' own */
	int error;
};

static void free_search(struct search *s)
{
	for (size_t i = 0; i < s->count; i++) {
		wipe(s->list[i].url, strlen(s->list[i].url));
		free(s->list[i].url);
	}
}
#define search_auto __attribute__((cleanup(free_search))) struct search

static void free_url(CURLU **url)
{
	curl_url_cleanup(*url);
}
#define url_auto __attribute__((cleanup(free_url))) CURLU *

static void free_part(char **part)
{
	curl_free(*part);
}
#define part_auto __attribute__((cleanup(free_part))) char *

/* ---- addresses ---- */

/* Nothing that one program reads so and another otherwise: visible ASCII without quotes and backslashes. */
static bool is_plain_url(const char *url)
{
	const size_t len = strlen(url);

	if (len > LINK_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (url[i] < 0x21 || url[i] > 0x7e || strchr("\\\"'<>`^{|}", url[i]))
			return false;
	return true;
}

/* Small letters, without the root's dot: 0, or -EINVAL for what is no name of a host. */
static int host_name(const char *from, size_t len, char *host)
{
	if (len > 0 && from[len - 1] == '.')
		len--;
	if (len == 0 || len > HOST_MAX)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		const char c = from[i];

		host[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", host[i]))
			return -EINVAL;
	}
	host[len] = 0;
	return 0;
}

static bool is_on_host(const char *host, const char *named)
{
	const size_t len = strlen(host), named_len = strlen(named);

	return len >= named_len && strcmp(host + len - named_len, named) == 0 &&
	    (len == named_len || host[len - named_len - 1] == '.');
}

static bool port_is(CURLU *url, const char *wanted)
{
	part_auto port = NULL;

	if (curl_url_get(url, CURLUPART_PORT, &port, 0) != CURLUE_OK)
		return !wanted || strcmp(wanted, "443") == 0;
	return strcmp(port, wanted ? wanted : "443") == 0;
}

/* An https address without a user part: its host in `host`, its parsed form. NULL: it is none. */
static CURLU *parse(const char *text, char *host)
{
	CURLU *url = NULL;
	part_auto scheme = NULL;
	part_auto name = NULL;

	if (strncasecmp(text, "https://", 8) != 0 || !is_plain_url(text))
		return NULL;
	url = curl_url();
	if (url && curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_HOST, &name, 0) == CURLUE_OK && strcmp(scheme, "https") == 0 &&
	    host_name(name, strlen(name), host) == 0)
		return url;
	curl_url_cleanup(url);
	return NULL;
}

/* ---- what it is worth ---- */

static int fold(const char *text, struct buf *out)
{
	buf_auto plain = {0};
	const int rc = words_plain(text, strlen(text), &plain);

	return rc < 0 ? rc : words_fold(buf_text(&plain), plain.len, out);
}

static int score_of(const char *url, const char *words)
{
	const char *path = strchr(url + strlen("https://"), '/');
	buf_auto folded_words = {0}, folded_path = {0};
	int score = 0;

	if (fold(words, &folded_words) < 0 || fold(path ? path : "", &folded_path) < 0)
		return 0;
	if (words_speak_of_verification(buf_text(&folded_words)))
		score += IN_WORDS;
	if (words_speak_of_verification(buf_text(&folded_path)))
		score += IN_PATH;
	if (words_speak_of_footer(buf_text(&folded_words)) || words_speak_of_footer(buf_text(&folded_path)))
		score += FOOTER;
	return score;
}

/* Whether the words are themselves an address, of another host than the link's. */
static bool is_dressed_up(const char *words, const char *host)
{
	const char *at = strstr(words, "://");
	char shown[HOST_MAX + 1];
	size_t len;

	if (at)
		at += 3;
	else if (strncasecmp(words + strspn(words, " "), "www.", 4) == 0)
		at = words + strspn(words, " ");
	else
		return false;
	len = strcspn(at, "/?#: ");
	return host_name(at, len, shown) < 0 || !(is_on_host(host, shown) || is_on_host(shown, host));
}

static void keep(struct search *s, const char *url, const char *host, int score)
{
	struct link *link = &s->list[s->count];

	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->list[i].url, url) != 0)
			continue;
		if (s->list[i].score < score)
			s->list[i].score = score;
		return;
	}
	if (s->count == LINKS_MAX)
		return;
	link->url = strdup(url);
	if (!link->url) {
		s->error = -ENOMEM;
		return;
	}
	strcpy(link->host, host);
	link->score = score;
	s->count++;
}

static void consider(struct search *s, const char *text, const char *words)
{
	char host[HOST_MAX + 1];
	url_auto url = parse(text, host);

	if (url && port_is(url, s->port) && !is_dressed_up(words, host))
		keep(s, text, host, score_of(text, words));
}

/* ---- where they stand ---- */

static void look_at_anchor(struct search *s, const xmlNode *node)
{
	xmlChar *href = xmlGetNoNsProp(node, (const xmlChar *)"href");
	buf_auto words = {0};

	if (href && html_words(node, &words) == 0) {
		char *at = (char *)href + strspn((char *)href, " \t\r\n");

		at[strcspn(at, " \t\r\n")] = 0;
		consider(s, at, buf_text(&words));
	}
	xmlFree(href);
}

static void look_at_html(struct search *s, const xmlNode *node, int depth)
{
	for (; node && depth < HTML_DEPTH_MAX && s->error == 0; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		if (xmlStrEqual(node->name, (const xmlChar *)"a"))
			look_at_anchor(s, node);
		look_at_html(s, node->children, depth + 1);
	}
}

/* What ends a sentence or closes a bracket around it is not part of the address. */
static size_t address_len(const char *at)
{
	size_t len = strcspn(at, " \t\r\n<>\"'`"), open = 0, closed = 0;

	for (size_t i = 0; i < len; i++) {
		open += at[i] == '(';
		closed += at[i] == ')';
	}
	for (; len > 0 && strchr(".,;:!?*_~])", at[len - 1]); len--) {
		if (at[len - 1] != ')')
			continue;
		if (closed <= open)
			break;
		closed--;
	}
	return len;
}

/* Where the paragraph begins that `at` stands in; each run of empty lines is looked at once. */
static const char *paragraph_of(const char *from, const char *at)
{
	const char *paragraph = from;

	for (const char *p = from; p < at; p++) {
		size_t blank;

		if (strncmp(p, "\n\n", 2) != 0)
			continue;
		blank = strspn(p, "\r\n");
		if (blank >= (size_t)(at - p))
			break;
		paragraph = p;
		p += blank - 1;
	}
	return paragraph;
}

/* The words of a link in plain text are what stands before it in its paragraph. */
static int look_at_text(struct search *s, const char *text)
{
	const char *words = text, *at = text;

	while ((at = strcasestr(at, "https://")) && s->error == 0) {
		buf_auto url = {0}, before = {0};
		const char *paragraph = paragraph_of(words, at);
		const size_t len = address_len(at);

		buf_add(&before, paragraph, (size_t)(at - paragraph));
		buf_add(&url, at, len);
		if (before.error || url.error)
			return -ENOMEM;
		consider(s, buf_text(&url), buf_text(&before));
		at += len ? len : 1;
		words = at;
	}
	return s->error;
}

/* ---- the choice ---- */

static void name_hosts(const struct search *s, struct buf *names)
{
	size_t named = 0;

	for (size_t i = 0; i < s->count && named < HOSTS_NAMED; i++) {
		bool known = false;

		for (size_t j = 0; j < i; j++)
			known = known || strcmp(s->list[i].host, s->list[j].host) == 0;
		if (!known)
			buf_addf(names, "%s%s", named++ ? ", " : "", s->list[i].host);
	}
}

static int none(const struct search *s, struct reason *why)
{
	buf_auto hosts = {0};

	if (s->count == 0)
		return reason_set(why, -ENOENT, "the message has no https link");
	name_hosts(s, &hosts);
	return reason_set(why, -ENOENT, "the message has no verification link%s%s; its links are on %s",
	    s->host ? " on " : "", s->host ? s->host : "", buf_text(&hosts));
}

static int choose(const struct search *s, struct buf *out, struct reason *why)
{
	const struct link *best = NULL;
	size_t fit = 0;
	bool alone = true;

	for (size_t i = 0; i < s->count; i++) {
		const struct link *link = &s->list[i];

		if (link->score < 0 || (s->host && !is_on_host(link->host, s->host)))
			continue;
		fit++;
		if (!s->host && best && link->score > 0 && best->score > 0 &&
		    strcmp(link->host, best->host) != 0)
			return reason_set(why, -ENOTUNIQ,
			    "the message has verification links on %s and %s; name the host you expect",
			    best->host, link->host);
		if (best && link->score < best->score)
			continue;
		alone = !best || link->score > best->score;
		best = link;
	}
	/* Without a word for it, only a link that has no rival on the host that was named is the one. */
	if (!best || (best->score == 0 && !s->host))
		return none(s, why);
	if (!alone || (best->score == 0 && fit > 1))
		return reason_set(why, -ENOTUNIQ,
		    "the message has several links on %s that could be the one; read it and choose", best->host);
	return buf_add_text(out, best->url);
}

/* NAME or NAME:PORT into two texts in `copy`. */
static int split_host(const char *named, char *copy, size_t size, struct search *s)
{
	const char *colon = strchr(named, ':');
	const size_t len = colon ? (size_t)(colon - named) : strlen(named);

	if (host_name(named, len, copy) < 0)
		return -EINVAL;
	s->host = copy;
	if (!colon)
		return 0;
	s->port = copy + strlen(copy) + 1;
	if (!colon[1] || strlen(colon + 1) > 5 || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    strlen(copy) + 7 > size)
		return -EINVAL;
	strcpy(copy + strlen(copy) + 1, colon + 1);
	return 0;
}

int message_link(const struct message *message, const char *host, struct buf *out, struct reason *why)
{
	char named[HOST_MAX + 8];
	search_auto search = {0};
	buf_auto text = {0};
	html_auto doc = message->html && message->html[0] ? html_read(message->html) : NULL;
	int rc = host ? split_host(host, named, sizeof(named), &search) : 0;

	if (rc < 0)
		return reason_set(why, rc, "%s is no name of a host; give one like example.com", host);
	if (doc)
		look_at_html(&search, xmlDocGetRootElement(doc), 0);
	rc = search.error;
	if (rc == 0 && message->text)
		rc = buf_add(&text, message->text, strnlen(message->text, MESSAGE_PART_MAX));
	if (rc == 0 && text.len)
		rc = look_at_text(&search, buf_text(&text));
	return rc < 0 ? reason_errno(why, rc, "looking for a link") : choose(&search, out, why);
}

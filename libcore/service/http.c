/* SPDX-License-Identifier: MIT */
/* HTTPS to one host: see http.h. */
#include <config.h>

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "service/http.h"
#include "util/text.h"

#define CONNECT_MILLISECONDS 10000

struct http {
	CURL *easy;
	char *url, *ca, *proxy;
	char *host; /* with its port, where it has one */
};

/* What one transfer fills in. */
struct transfer {
	struct http_answer *answer;
	size_t headers;
	bool too_large;
};

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static char *host_of(const char *url)
{
	const char *start = strstr(url, "//");

	start = start ? start + 2 : url;
	return strndup(start, strcspn(start, "/"));
}

int http_open(const struct http_where *where, struct http **http, struct reason *why)
{
	struct http *h = calloc(1, sizeof(*h));
	size_t len = strlen(where->url);

	*http = h;
	if (!h)
		return reason_errno(why, -ENOMEM, "the service's client");
	/* One slash at its end belongs to the path. */
	h->url = strndup(where->url, len && where->url[len - 1] == '/' ? len - 1 : len);
	h->ca = copy(where->ca);
	h->host = host_of(where->url);
	h->easy = curl_easy_init();
	if (h->url && h->host && h->easy)
		return 0;
	http_close(h);
	*http = NULL;
	return reason_errno(why, -ENOMEM, "the service's client");
}

/* Its URL may have a password in it. */
static void forget_proxy(struct http *http)
{
	if (http->proxy)
		wipe(http->proxy, strlen(http->proxy));
	free(http->proxy);
	http->proxy = NULL;
}

void http_close(struct http *http)
{
	if (!http)
		return;
	curl_easy_cleanup(http->easy);
	free(http->url);
	free(http->ca);
	forget_proxy(http);
	free(http->host);
	free(http);
}

int http_use_proxy(struct http *http, const char *proxy, struct reason *why)
{
	if (!strncmp(http->url, "http:", 5))
		proxy = NULL;
	if (proxy && http->proxy && !strcmp(proxy, http->proxy))
		return 0;
	forget_proxy(http);
	http->proxy = copy(proxy);
	return proxy && !http->proxy ? reason_errno(why, -ENOMEM, "the service's client") : 0;
}

void http_answer_free(struct http_answer *answer)
{
	buf_free(&answer->body);
}

const char *http_host(const struct http *http)
{
	return http->host;
}

static size_t take_body(char *data, size_t one, size_t len, void *opaque)
{
	struct transfer *t = opaque;

	(void)one;
	if (t->answer->body.len + len > HTTP_BODY_MAX) {
		t->too_large = true;
		return 0;
	}
	return buf_add(&t->answer->body, data, len) < 0 ? 0 : len;
}

/* Seconds, or a date of HTTP. */
static long parse_wait(const char *text)
{
	uint64_t seconds;
	time_t when;
	int r = text_number(text, 10, 0, HTTP_WAIT_MAX, &seconds);

	/* Digits that are more than that, which a date is not. */
	if (r == -ERANGE)
		return HTTP_WAIT_MAX;
	if (r == 0)
		return (long)seconds;
	when = curl_getdate(text, NULL);
	if (when < 0)
		return -1;
	when -= time(NULL);
	return when < 0 ? 0 : when > HTTP_WAIT_MAX ? HTTP_WAIT_MAX : (long)when;
}

static size_t take_header(char *data, size_t one, size_t len, void *opaque)
{
	static const char name[] = "retry-after:";
	struct transfer *t = opaque;
	char value[64];
	size_t n = 0;

	(void)one;
	t->headers += len;
	if (t->headers > HTTP_HEADERS_MAX) {
		t->too_large = true;
		return 0;
	}
	if (len < sizeof(name) || strncasecmp(data, name, sizeof(name) - 1))
		return len;
	for (size_t i = sizeof(name) - 1; i < len && n < sizeof(value) - 1; i++)
		if (data[i] != '\r' && data[i] != '\n' && (n || data[i] != ' '))
			value[n++] = data[i];
	value[n] = '\0';
	t->answer->retry_after = parse_wait(value);
	return len;
}

/* What holds for every request. */
static void set_rules(struct http *http, struct transfer *transfer)
{
	CURL *easy = http->easy;
	bool plain = !strncmp(http->url, "http:", 5);

	curl_easy_reset(easy); /* keeps the connections */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (http->ca) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* "" is none; NULL would take one from the environment. */
	curl_easy_setopt(easy, CURLOPT_PROXY, http->proxy ? http->proxy : "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "pam-ravi/" PACKAGE_VERSION);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
}

static int add_header(struct curl_slist **headers, const char *line)
{
	struct curl_slist *grown = curl_slist_append(*headers, line);

	if (!grown)
		return -ENOMEM;
	*headers = grown;
	return 0;
}

static int set_headers(
    const struct http_request *request, struct curl_slist **headers, struct buf *authorization)
{
	int r = add_header(headers, "Accept: application/json");

	if (r == 0)
		r = add_header(headers, "Expect:");
	if (r == 0 && request->body)
		r = add_header(headers, "Content-Type: application/json");
	if (r == 0 && request->credential) {
		buf_addf(authorization, "Authorization: Bearer %s", request->credential);
		r = authorization->error ? authorization->error
					 : add_header(headers, authorization->data);
	}
	return r;
}

/* curl's copies of the header lines hold the credential. */
static void free_headers(struct curl_slist **headers)
{
	for (struct curl_slist *one = *headers; one; one = one->next)
		wipe(one->data, strlen(one->data));
	curl_slist_free_all(*headers);
}

static void set_request(
    struct http *http, const struct http_request *request, struct curl_slist *headers)
{
	CURL *easy = http->easy;
	long left = deadline_left(request->deadline);

	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	if (request->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body->len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body->data);
	}
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left ? left : 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    left && left < CONNECT_MILLISECONDS ? left : (long)CONNECT_MILLISECONDS);
}

/* X509_V_ERR_... of OpenSSL, which x509_vfy.h numbers. */
static int say_certificate(const struct http *http, struct reason *why)
{
	const char *what = "is not for this name";
	long verdict = 0;

	curl_easy_getinfo(http->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
	switch (verdict) {
	case 0:
	case 1:  /* libcurl's "not looked at yet": it compares names first */
	case 62: /* another name, another address */
	case 64:
		break;
	case 9:
		what = "is not valid yet; is this machine's clock right?";
		break;
	case 10:
		what = "has expired";
		break;
	case 18:
	case 19:
	case 20:
	case 21:
		what = "is signed by nobody whom this machine trusts";
		break;
	default:
		what = "does not hold";
		break;
	}
	return reason_set(why, -EHOSTUNREACH,
	    "nothing was sent to the service: the certificate of %s %s", http->host, what);
}

static int say_connect(const struct http *http, struct reason *why)
{
	long error = 0;

	curl_easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &error);
	if (error == ECONNREFUSED)
		return reason_set(why, -ECONNREFUSED,
		    "the service does not run: %s refuses connections", http->host);
	return reason_set(why, -EHOSTUNREACH, "the service cannot be reached: no connection to %s%s%s",
	    http->host, error ? ": " : "", error ? strerror((int)error) : "");
}

/* The answer of the proxy that let the connection through, or did not; 0: there was none. */
static long proxy_status(const struct http *http)
{
	long status = 0;

	curl_easy_getinfo(http->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return status;
}

static int say_failure(
    const struct http *http, CURLcode code, const struct transfer *t, struct reason *why)
{
	if (t->too_large)
		return reason_set(why, -EOVERFLOW,
		    "the service's answer is larger than %u MiB and was not taken",
		    HTTP_BODY_MAX >> 20);
	if (proxy_status(http) >= 300)
		return reason_set(why, -EHOSTUNREACH,
		    "the service at %s cannot be reached: the proxy does not let it through (%ld)",
		    http->host, proxy_status(http));
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return reason_set(why, -EHOSTUNREACH,
		    "the service cannot be reached: the name %s is not known (DNS)", http->host);
	case CURLE_COULDNT_RESOLVE_PROXY:
		return reason_set(why, -EHOSTUNREACH,
		    "the service cannot be reached: the proxy's name is not known (DNS)");
	case CURLE_COULDNT_CONNECT:
		return say_connect(http, why);
	case CURLE_OPERATION_TIMEDOUT:
		return reason_set(
		    why, -ETIMEDOUT, "the service at %s gave no answer in time", http->host);
	case CURLE_PEER_FAILED_VERIFICATION:
		return say_certificate(http, why);
	case CURLE_SSL_CACERT_BADFILE:
		return reason_set(why, -EHOSTUNREACH,
		    "service_ca = %s cannot be read by the user that asks the service",
		    http->ca ? http->ca : "(the system's)");
	case CURLE_SSL_CONNECT_ERROR:
		return reason_set(
		    why, -EHOSTUNREACH, "no TLS connection to the service at %s", http->host);
	case CURLE_OUT_OF_MEMORY:
		/* Also a header line beyond what libcurl takes. */
		return reason_set(
		    why, -EBADE, "the service's answer is larger than what can be held of it");
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return reason_set(why, -EBADE, "what answers at %s does not speak HTTP", http->host);
	default:
		return reason_set(why, -EHOSTUNREACH, "the connection to the service at %s broke off (%s)",
		    http->host, curl_easy_strerror(code));
	}
}

/*
 * Whether some of the request was sent: to the service, that is. libcurl counts what asks the proxy for a connection,
 * too, and nothing of ours is sent before TLS has begun on a fresh one.
 */
static bool was_sent(const struct http *http, const struct http_request *request)
{
	curl_off_t begun = 0;
	long size = 0;

	curl_easy_getinfo(http->easy, CURLINFO_REQUEST_SIZE, &size);
	curl_easy_getinfo(http->easy, CURLINFO_APPCONNECT_TIME_T, &begun);
	return size > 0 && (!http->proxy || !request->fresh || begun > 0);
}

int http_send(struct http *http, const struct http_request *request, struct http_answer *answer,
    struct reason *why)
{
	__attribute__((cleanup(free_headers))) struct curl_slist *headers = NULL;
	struct transfer transfer = {.answer = answer};
	buf_auto authorization = {0};
	buf_auto url = {0};
	long status = 0;
	CURLcode code;

	*answer = (struct http_answer){.retry_after = -1, .body = answer->body};
	buf_reset(&answer->body);
	buf_addf(&url, "%s%s", http->url, request->path);
	set_rules(http, &transfer);
	if (url.error || set_headers(request, &headers, &authorization) < 0)
		return reason_errno(why, -ENOMEM, "asking the service");
	set_request(http, request, headers);
	curl_easy_setopt(http->easy, CURLOPT_URL, url.data);
	code = curl_easy_perform(http->easy);
	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	/* The handle must not point into what goes out of scope here. */
	curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, NULL);
	answer->status = (int)status;
	answer->sent = was_sent(http, request);
	answer->too_large = transfer.too_large;
	answer->final = transfer.too_large || code == CURLE_PEER_FAILED_VERIFICATION ||
			code == CURLE_SSL_CACERT_BADFILE || code == CURLE_OUT_OF_MEMORY;
	return code == CURLE_OK ? 0 : say_failure(http, code, &transfer, why);
}

/* Whether the two URLs agree in this part, a port that is left out being the scheme's. */
static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *first = NULL, *second = NULL;
	bool same = curl_url_get(a, part, &first, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		    curl_url_get(b, part, &second, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		    !strcasecmp(first, second);

	curl_free(first);
	curl_free(second);
	return same;
}

char *http_own_path(const struct http *http, const char *url)
{
	CURLU *base = curl_url(), *given = curl_url();
	char *path = NULL, *query = NULL, *own = NULL;
	buf_auto out = {0};

	if (base && given && curl_url_set(base, CURLUPART_URL, http->url, 0) == CURLUE_OK &&
	    curl_url_set(given, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    same_part(base, given, CURLUPART_SCHEME) && same_part(base, given, CURLUPART_HOST) &&
	    same_part(base, given, CURLUPART_PORT) &&
	    curl_url_get(given, CURLUPART_PATH, &path, 0) == CURLUE_OK) {
		curl_url_get(given, CURLUPART_QUERY, &query, 0);
		buf_addf(&out, "%s%s%s", path, query ? "?" : "", query ? query : "");
		own = out.error ? NULL : strdup(out.data);
	}
	curl_free(path);
	curl_free(query);
	curl_url_cleanup(base);
	curl_url_cleanup(given);
	return own;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange at a time over a kept connection.  A multi handle drives the easy one,
 * because only curl_multi_wakeup() can end a silent long poll at once from another thread.
 * The session id lives in locked memory; the header line made from it is wiped after each exchange.
 */
#include "net/http.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "crypto/secret.h"
#include "wire/limits.h"

#define DEFAULT_TIMEOUT_MS 60000
#define CONNECT_TIMEOUT_MS 10000
#define SESSION_MAX 256

struct http {
	CURLM *multi;
	CURL *easy;
	char *base_url;
	char *session;			/* locked memory; NULL: none */
	_Atomic bool cancelled;
	_Atomic uint64_t count;
	char curl_error[CURL_ERROR_SIZE];
};

static bool is_loopback(const char *host, size_t n)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (n == strlen(names[i]) && strncasecmp(host, names[i], n) == 0)
			return true;
	return false;
}

bool http_url_is_valid(const char *base_url, const char **why_out)
{
	const char *host;
	size_t n;

	for (const char *p = base_url; *p; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7f || *p == '@' || *p == '?' ||
		    *p == '#') {
			*why_out = "it must be like https://sync.example.com";
			return false;
		}
	if (strncasecmp(base_url, "https://", 8) == 0) {
		*why_out = "it names no host";
		return base_url[8] != '\0' && base_url[8] != '/';
	}
	if (strncasecmp(base_url, "http://", 7) != 0) {
		*why_out = "it must begin with https://";
		return false;
	}
	host = base_url + 7;
	n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	*why_out = "plain http:// is only for a server on this machine; use https://";
	return is_loopback(host, n);
}

enum wk_status http_new(const char *base_url, struct http **out)
{
	SCOPED(http_free_scoped) struct http *h = NULL;
	const char *why;
	size_t n = strlen(base_url);

	if (!http_url_is_valid(base_url, &why))
		return WK_INVALID;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return WK_NOMEM;
	h = calloc(1, sizeof *h);
	if (!h)
		return WK_NOMEM;
	h->multi = curl_multi_init();
	h->easy = curl_easy_init();
	h->base_url = strdup(base_url);
	if (!h->multi || !h->easy || !h->base_url)
		return WK_NOMEM;
	if (h->base_url[n - 1] == '/')
		h->base_url[n - 1] = '\0';
	*out = take(&h);
	return WK_OK;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->easy);
	curl_multi_cleanup(h->multi);
	secret_free(h->session);
	free(h->base_url);
	free(h);
}

enum wk_status http_set_session(struct http *h, const char *session_id)
{
	char *copy = NULL;

	if (session_id) {
		if (strlen(session_id) > SESSION_MAX)
			return WK_LIMIT;
		copy = secret_alloc(SESSION_MAX + 1);
		if (!copy)
			return WK_NOMEM;
		memcpy(copy, session_id, strlen(session_id) + 1);
	}
	secret_free(h->session);
	h->session = copy;
	return WK_OK;
}

void http_response_fini(struct http_response *r)
{
	buf_fini(&r->body);
}

struct receiver {
	struct http *http;
	struct buf *body;
	enum wk_status st;
};

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct receiver *r = arg;

	r->st = buf_append(r->body, data, size * count);
	return r->st == WK_OK ? size * count : 0;
}

static void wipe_headers(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static bool add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (longer)
		*list = longer;
	return longer != NULL;
}

static enum wk_status make_headers(const struct http *h, bool has_body, struct curl_slist **out)
{
	char line[sizeof WIRE_SESSION_HEADER + SESSION_MAX + 4];
	struct curl_slist *list = NULL;
	bool ok = add_header(&list, "Accept: application/json") && add_header(&list, "Expect:");

	if (ok && has_body)
		ok = add_header(&list, "Content-Type: application/json");
	if (ok && h->session) {
		(void)snprintf(line, sizeof line, "%s: %s", WIRE_SESSION_HEADER, h->session);
		ok = add_header(&list, line);
		explicit_bzero(line, sizeof line);
	}
	if (!ok) {
		wipe_headers(list);
		return WK_NOMEM;
	}
	*out = list;
	return WK_OK;
}

static void set_options(struct http *h, const struct http_request *q, const char *url,
			struct curl_slist *headers, struct receiver *receiver)
{
	CURL *c = h->easy;

	curl_easy_reset(c);
	h->curl_error[0] = '\0';
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->curl_error);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "wakefs/" WK_VERSION);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS,
			 (long)(q->timeout_ms ? q->timeout_ms : DEFAULT_TIMEOUT_MS));
	curl_easy_setopt(c, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 256L * 1024);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, receiver);
	if (q->body.p) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, (const char *)q->body.p);
	} else if (strcmp(q->method, "GET") != 0) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, "");
	}
}

/* Drives the transfer to its end; CURLE_ABORTED_BY_CALLBACK when cancelled. */
static CURLcode drive(struct http *h)
{
	CURLcode result = CURLE_ABORTED_BY_CALLBACK;
	CURLMsg *message;
	int running = 1, left;

	if (curl_multi_add_handle(h->multi, h->easy) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	while (running && !atomic_load(&h->cancelled)) {
		if (curl_multi_perform(h->multi, &running) != CURLM_OK)
			break;
		if (running && curl_multi_poll(h->multi, NULL, 0, 1000, NULL) != CURLM_OK)
			break;
	}
	while ((message = curl_multi_info_read(h->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			result = message->data.result;
	curl_multi_remove_handle(h->multi, h->easy);
	return result;
}

static enum wk_status judge(struct http *h, CURLcode code, const struct receiver *receiver,
			    struct http_response *response)
{
	long status = 0;
	curl_off_t retry = 0;

	if (atomic_load(&h->cancelled) && code != CURLE_OK)
		return WK_CANCELLED;
	if (receiver->st != WK_OK)
		return receiver->st;
	switch (code) {
	case CURLE_OK:
		break;
	case CURLE_OUT_OF_MEMORY:
		return WK_NOMEM;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
		(void)snprintf(response->problem, sizeof response->problem,
			       "its certificate is not valid");
		return WK_DENIED;
	case CURLE_OPERATION_TIMEDOUT:
		(void)snprintf(response->problem, sizeof response->problem, "no answer in time");
		return WK_OFFLINE;
	case CURLE_COULDNT_RESOLVE_HOST:
		(void)snprintf(response->problem, sizeof response->problem, "no such host");
		return WK_OFFLINE;
	case CURLE_COULDNT_CONNECT:
		(void)snprintf(response->problem, sizeof response->problem,
			       "nothing answers there");
		return WK_OFFLINE;
	default:
		(void)snprintf(response->problem, sizeof response->problem, "%s",
			       h->curl_error[0] ? h->curl_error : curl_easy_strerror(code));
		return WK_OFFLINE;
	}
	curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(h->easy, CURLINFO_RETRY_AFTER, &retry);
	response->status = (int)status;
	response->retry_after_s = retry;
	return WK_OK;
}

enum wk_status http_exchange(struct http *h, const struct http_request *q,
			     struct http_response *response)
{
	SCOPED(buf_fini) struct buf url = BUF_INIT(8192);
	struct receiver receiver = { .http = h, .body = &response->body, .st = WK_OK };
	struct curl_slist *headers = NULL;
	const char *text;
	CURLcode code;
	enum wk_status st;

	response->status = 0;
	response->problem[0] = '\0';
	response->retry_after_s = 0;
	buf_clear(&response->body);
	if (atomic_load(&h->cancelled))
		return WK_CANCELLED;
	st = buf_printf(&url, "%s%s", h->base_url, q->path);
	if (st == WK_OK)
		st = buf_cstr(&url, &text);
	if (st == WK_OK)
		st = make_headers(h, q->body.p != NULL, &headers);
	if (st != WK_OK)
		return st;
	set_options(h, q, text, headers, &receiver);
	atomic_fetch_add(&h->count, 1);
	code = drive(h);
	st = judge(h, code, &receiver, response);
	wipe_headers(headers);
	return st;
}

void http_cancel(struct http *h)
{
	atomic_store(&h->cancelled, true);
	(void)curl_multi_wakeup(h->multi);
}

void http_resume(struct http *h)
{
	atomic_store(&h->cancelled, false);
}

uint64_t http_count(const struct http *h)
{
	return atomic_load(&h->count);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange at a time over a kept connection.  A multi handle drives the easy one,
 * because only curl_multi_wakeup() can end a silent long poll at once from another thread.
 * The session id lives in locked memory; what is made from it for a request is wiped when freed.
 */
#include "net/http_private.h"

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
	bool is_loopback;
	char *session;			/* locked memory; NULL: none */
	_Atomic bool cancelled;
	_Atomic uint64_t count;
	char curl_error[CURL_ERROR_SIZE];
};

enum wk_status http_new(const char *base_url, struct http **out)
{
	SCOPED(http_free_scoped) struct http *h = NULL;
	const char *why;
	size_t n = strlen(base_url);
	enum wk_status st = http_memory_start();

	if (st != WK_OK)
		return st;
	if (!http_url_is_valid(base_url, &why))
		return WK_INVALID;
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
	h->is_loopback = http_url_is_loopback(base_url);
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

/* A header line must not become two. */
static enum wk_status check_session(const char *session_id)
{
	if (!*session_id)
		return WK_INVALID;
	for (const char *p = session_id; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return WK_INVALID;
	return strlen(session_id) > SESSION_MAX ? WK_LIMIT : WK_OK;
}

enum wk_status http_set_session(struct http *h, const char *session_id)
{
	char *copy = NULL;
	enum wk_status st;

	if (session_id) {
		st = check_session(session_id);
		if (st != WK_OK)
			return st;
		copy = secret_alloc(SESSION_MAX + 1);
		if (!copy)
			return WK_NOMEM;
		memcpy(copy, session_id, strlen(session_id) + 1);
	}
	secret_free(h->session);
	h->session = copy;
	return WK_OK;
}

bool http_has_session_in(const struct http *h, struct bytes text)
{
	size_t n = h->session ? (strlen(h->session) + 1) / 2 : 0;

	for (size_t i = 0; n > 0 && i + n <= text.n; i++)
		if (strncasecmp((const char *)text.p + i, h->session, n) == 0)
			return true;
	return false;
}

void http_plain_text(struct bytes said, char text_out[HTTP_PROBLEM_MAX])
{
	size_t n = 0;

	while (said.n > 0 && said.p[said.n - 1] <= 0x20)
		said.n--;
	for (size_t i = 0; i < said.n && n < HTTP_PROBLEM_MAX - 1; i++) {
		uint8_t c = said.p[i];
		bool is_blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';

		if (is_blank && (n == 0 || text_out[n - 1] == ' '))
			continue;
		text_out[n++] = is_blank ? ' ' : c < 0x20 || c >= 0x7f ? '?' : (char)c;
	}
	text_out[n] = '\0';
}

void http_response_fini(struct http_response *r)
{
	buf_fini(&r->body);
}

struct receiver {
	struct buf *body;
	size_t header_bytes;
	enum wk_status st;
};

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct receiver *r = arg;

	r->st = buf_append(r->body, data, size * count);
	return r->st == WK_OK ? size * count : 0;
}

/* Of all answers to one request, interim ones and trailers too: libcurl would take any number. */
static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
	struct receiver *r = arg;

	(void)data;
	r->header_bytes += size * count;
	if (r->header_bytes <= HTTP_HEADERS_MAX)
		return size * count;
	r->st = WK_LIMIT;
	return 0;
}

static void drop_headers(struct curl_slist **list)
{
	curl_slist_free_all(*list);
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
	SCOPED(drop_headers) struct curl_slist *list = NULL;
	char line[sizeof WIRE_SESSION_HEADER + SESSION_MAX + 4];
	bool ok = add_header(&list, "Accept: application/json") && add_header(&list, "Expect:");

	/* Without a value it takes away the one that libcurl would send with an empty body. */
	ok = ok && add_header(&list, has_body ? "Content-Type: application/json" : "Content-Type:");
	if (ok && h->session) {
		(void)snprintf(line, sizeof line, "%s: %s", WIRE_SESSION_HEADER, h->session);
		ok = add_header(&list, line);
		explicit_bzero(line, sizeof line);
	}
	if (!ok)
		return WK_NOMEM;
	*out = take(&list);
	return WK_OK;
}

static void set_limits(struct http *h, const struct http_request *q, struct receiver *receiver)
{
	CURL *c = h->easy;

	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS,
			 (long)(q->timeout_ms ? q->timeout_ms : DEFAULT_TIMEOUT_MS));
	if (q->stall_ms > 0) {
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)((q->stall_ms + 999) / 1000));
	}
	/* A name server that is silent must not hold up the end of an exchange. */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)receiver->body->max);
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 256L * 1024);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, receiver);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, receiver);
}

static void set_request(struct http *h, const struct http_request *q, const char *url,
			struct curl_slist *headers)
{
	CURL *c = h->easy;

	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->curl_error);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "wakefs/" WK_VERSION);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	if (h->is_loopback)
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
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

/* What kept an answer from coming, as a status and for people. */
static enum wk_status explain(const struct http *h, CURLcode code, char problem[HTTP_PROBLEM_MAX])
{
	const char *said = h->curl_error[0] ? h->curl_error : curl_easy_strerror(code);
	enum wk_status st = WK_OFFLINE;
	char text[CURL_ERROR_SIZE + 64];
	long sent = 0;

	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		/* libcurl also says so of a header line over 100 KB. */
		curl_easy_getinfo(h->easy, CURLINFO_REQUEST_SIZE, &sent);
		return sent > 0 ? WK_LIMIT : WK_NOMEM;
	case CURLE_FILESIZE_EXCEEDED:
		return WK_LIMIT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		/* It may quote names from the certificate. */
		(void)snprintf(text, sizeof text, "its certificate is not valid (%s)", said);
		st = WK_DENIED;
		break;
	case CURLE_OPERATION_TIMEDOUT:
		(void)snprintf(text, sizeof text, "no answer in time");
		break;
	case CURLE_COULDNT_RESOLVE_HOST:
		(void)snprintf(text, sizeof text, "no such host");
		break;
	case CURLE_COULDNT_CONNECT:
		(void)snprintf(text, sizeof text, "nothing answers there");
		break;
	default:
		(void)snprintf(text, sizeof text, "%s", said);
		break;
	}
	http_plain_text(bytes_str(text), problem);
	return st;
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
	if (code != CURLE_OK)
		return explain(h, code, response->problem);
	curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(h->easy, CURLINFO_RETRY_AFTER, &retry);
	response->status = (int)status;
	if (retry > 0)
		response->retry_after_s =
			retry < HTTP_RETRY_AFTER_MAX_S ? retry : HTTP_RETRY_AFTER_MAX_S;
	return WK_OK;
}

enum wk_status http_exchange(struct http *h, const struct http_request *q,
			     struct http_response *response)
{
	SCOPED(buf_fini) struct buf url = BUF_INIT(8192);
	SCOPED(drop_headers) struct curl_slist *headers = NULL;
	struct receiver receiver = { .body = &response->body, .st = WK_OK };
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
	h->curl_error[0] = '\0';
	set_request(h, q, text, headers);
	set_limits(h, q, &receiver);
	atomic_fetch_add(&h->count, 1);
	code = drive(h);
	st = judge(h, code, &receiver, response);
	/* It must not go on pointing into this exchange. */
	curl_easy_reset(h->easy);
	if (st != WK_OK)
		buf_clear(&response->body);
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

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/buf.h"
#include "base/scoped.h"

/*
 * One bounded HTTP request at a time over libcurl, with its connection kept for the next.
 * One thread at a time an object; http_cancel() from any thread.  The program ignores SIGPIPE.
 *
 * Refused before anything is sent: plain http:// to anything but loopback, and any scheme but
 * http and https.  Redirects are not followed, proxies from the environment are not used for loopback,
 * certificates are always checked.
 */
struct http;

enum wk_status http_new(const char *base_url, struct http **out);
void http_free(struct http *h);
DEFINE_SCOPED_FREE(struct http, http_free)

/* Whether a server URL is one that http_new() takes; *why_out (static) says why not. */
bool http_url_is_valid(const char *base_url, const char **why_out);

/*
 * Sent as X-Session-Id from now on; NULL: none.  Copied into locked memory.  WK_LIMIT: over 256
 * characters.  WK_INVALID: empty, or not printable ASCII without blanks; the one before stays.
 */
enum wk_status http_set_session(struct http *h, const char *session_id);

struct http_request {
	const char *method;		/* "GET", "POST", "PUT", "DELETE" */
	const char *path;		/* "/v1/groups?x=y", percent-encoded */
	struct bytes body;		/* JSON; .p NULL: none */
	int64_t timeout_ms;		/* for the whole exchange; 0: 60,000 */
	int64_t stall_ms;		/* end it when no byte moved for so long; 0: never */
};

#define HTTP_PROBLEM_MAX 256
#define HTTP_HEADERS_MAX (64 * 1024)	/* bytes of header lines of one answer */
#define HTTP_RETRY_AFTER_MAX_S 3600
struct http_response {
	int status;
	struct buf body;		/* set .max before the call */
	int64_t retry_after_s;		/* 0: not said; at most HTTP_RETRY_AFTER_MAX_S */
	char problem[HTTP_PROBLEM_MAX];	/* WK_OFFLINE, WK_DENIED: what went wrong; printable ASCII */
};
#define HTTP_RESPONSE_INIT(max_body) { .body = BUF_INIT(max_body) }
void http_response_fini(struct http_response *r);

/*
 * WK_OK: an answer came, whatever its status.  WK_OFFLINE: not reached, timed out or broken off
 * (problem says how).  WK_LIMIT: the answer is over response->body.max, or its headers over
 * HTTP_HEADERS_MAX.  WK_DENIED: the server's certificate is not valid.  WK_CANCELLED.  WK_NOMEM.
 * The body is as it came: no Content-Encoding is asked for or undone.  Empty unless WK_OK.
 */
enum wk_status http_exchange(struct http *h, const struct http_request *request,
			     struct http_response *response);
/* Any thread: the running exchange, and every later one until http_resume(), ends with WK_CANCELLED. */
void http_cancel(struct http *h);
void http_resume(struct http *h);
/* Any thread: exchanges so far. */
uint64_t http_count(const struct http *h);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a typed call to an exchange and back.  An answer is parsed only under its own bound, and a
 * server's words reach a person only after control characters are gone.
 */
#include "net/api_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/http_private.h"

#define ERROR_BODY_MAX 8192	/* a longer error is a page, not a sentence */

enum wk_status api_new(const char *base_url, struct api **out)
{
	SCOPED(api_free_scoped) struct api *a = calloc(1, sizeof *a);
	enum wk_status st;

	if (!a)
		return WK_NOMEM;
	st = http_new(base_url, &a->http);
	if (st != WK_OK)
		return st;
	*out = take(&a);
	return WK_OK;
}

void api_free(struct api *a)
{
	if (!a)
		return;
	http_free(a->http);
	free(a);
}

struct http *api_http(struct api *a)
{
	return a->http;
}

const char *api_problem(const struct api *a)
{
	return a->problem;
}

int64_t api_retry_after_ms(const struct api *a)
{
	return a->retry_after_ms;
}

static enum wk_status status_of_http(int status)
{
	if (status >= 200 && status < 300)
		return WK_OK;
	switch (status) {
	case 400:
	case 422:
		return WK_INVALID;
	case 401:
	case 403:
		return WK_DENIED;
	case 404:
		return WK_NOT_FOUND;
	case 409:
		return WK_CONFLICT;
	case 413:
		return WK_LIMIT;
	case 429:
	case 503:
		return WK_BUSY;
	case 507:
		return WK_FULL;
	default:
		return status >= 500 ? WK_OFFLINE : WK_CORRUPT;
	}
}

/* A sentence fit to show: no page of a proxy, nothing that repeats our headers. */
static bool is_sentence(const struct api *a, struct bytes text)
{
	return text.n <= ERROR_BODY_MAX && (text.n == 0 || !memchr(text.p, '<', text.n)) &&
	       !http_has_session_in(a->http, text);
}

/* The server's own sentence: from {"message"} or, on stock endpoints, the plain body. */
static void keep_problem(struct api *a, struct arena *arena, const struct http_response *r)
{
	struct json *root = NULL;
	struct wire_error e;
	struct bytes text = buf_bytes(&r->body);

	if (text.n > 0 && text.n <= ERROR_BODY_MAX && text.p[0] == '{')
		text = json_parse(arena, text, &root, NULL) == WK_OK &&
				       wire_error_read(root, &e) == WK_OK
			       ? e.message
			       : bytes_of(NULL, 0);
	if (is_sentence(a, text))
		http_plain_text(text, a->problem);
	if (a->problem[0])
		return;
	(void)snprintf(a->problem, sizeof a->problem,
		       r->status >= 300 && r->status < 400
			       ? "the server answered %d: it wants another address used"
			       : "the server answered %d",
		       r->status);
}

enum wk_status api_read(struct api *a, enum wk_status st)
{
	if (st != WK_OK && st != WK_NOMEM)
		(void)snprintf(a->problem, sizeof a->problem,
			       "what answers there is no wakefs server, or it is damaged");
	return st;
}

enum wk_status api_exchange(struct api *a, struct arena *arena, const struct api_call *call,
			    struct json **root_out)
{
	SCOPED(http_response_fini) struct http_response r = HTTP_RESPONSE_INIT(
		call->answer_max ? call->answer_max : WIRE_BODY_MAX);
	const struct http_request q = {
		.method = call->method,
		.path = call->path,
		.body = call->body,
		.timeout_ms = call->timeout_ms,
		.stall_ms = call->stall_ms,
	};
	struct json *root;
	enum wk_status st, parsed;

	a->problem[0] = '\0';
	a->retry_after_ms = 0;
	st = http_exchange(a->http, &q, &r);
	if (st != WK_OK) {
		(void)snprintf(a->problem, sizeof a->problem, "%s",
			       r.problem[0] ? r.problem : wk_status_text(st));
		return st;
	}
	a->retry_after_ms = r.retry_after_s * 1000;
	st = status_of_http(r.status);
	if (st != WK_OK && !(st == WK_CONFLICT && call->conflict_is_answer)) {
		keep_problem(a, arena, &r);
		return st;
	}
	if (!root_out)
		return st;
	parsed = json_parse(arena, buf_bytes(&r.body), &root, NULL);
	if (parsed != WK_OK)
		return api_read(a, parsed == WK_NOMEM ? parsed : WK_CORRUPT);
	*root_out = root;
	return st;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: statuses to HTTP, JSON, streams. */
#include "server/http_private.h"

#include <stdlib.h>

#include "base/log.h"

#define STREAM_BLOCK ((size_t)128 * 1024)

void http_reply_free(struct reply *reply)
{
	if (!reply)
		return;
	MHD_destroy_response(reply->response);
	free(reply);
}

/* Apps run on file:// and may ask; it costs nothing. */
static void add_common(struct MHD_Response *response, const char *type)
{
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Access-Control-Allow-Origin", "*");
	MHD_add_response_header(response, "Access-Control-Expose-Headers", "x-insomnia-command");
	MHD_add_response_header(response, "Cache-Control", "no-store");
}

static void set_reply(struct request *r, unsigned code, const char *type,
		      struct MHD_Response *response)
{
	struct reply *reply = response && !r->reply ? calloc(1, sizeof *reply) : NULL;

	if (!reply) {
		if (response)
			MHD_destroy_response(response);
		return;
	}
	add_common(response, type);
	if (code == 401)
		MHD_add_response_header(response, "x-insomnia-command",
					"insomnia://app/auth/login");
	if (code == 429)
		MHD_add_response_header(response, "Retry-After", "5");
	if (r->server->is_stopping)
		MHD_add_response_header(response, "Connection", "close");
	reply->response = response;
	reply->code = code;
	r->reply = reply;
	if (code >= 500)
		server_count(r->server, errors_server);
	else if (code >= 400)
		server_count(r->server, errors_client);
}

void reply_text(struct request *r, unsigned code, const char *type, struct buf *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(text->n, text->p, MHD_RESPMEM_MUST_FREE);

	/* The library frees it from now on, or it failed and the buffer still does. */
	if (response)
		*text = (struct buf)BUF_INIT(text->max);
	set_reply(r, code, type, response);
}

void reply_json(struct request *r, unsigned code, struct buf *json)
{
	reply_text(r, code, "application/json", json);
}

void reply_error(struct request *r, unsigned code, const char *word, const char *message)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(4096);

	if (r->route && r->route->family == ROUTE_V1) {
		if (wire_error_write(word, message, &text) == WK_OK)
			reply_json(r, code, &text);
		return;
	}
	if (buf_append_str(&text, message) == WK_OK)
		reply_text(r, code, "text/plain; charset=utf-8", &text);
}

void reply_status(struct request *r, enum wk_status st)
{
	bool is_v1 = r->route && r->route->family == ROUTE_V1;

	switch (st) {
	case WK_NOT_FOUND:
		reply_error(r, 404, "not-found", "There is no such thing here for this account.");
		return;
	case WK_EXISTS:
		reply_error(r, 409, "exists", "That id is taken.");
		return;
	case WK_CONFLICT:
		reply_error(r, 409, "conflict", "Somebody else changed it first.");
		return;
	case WK_INVALID:
	case WK_CORRUPT:
	case WK_TAMPERED:
		reply_error(r, is_v1 ? 422 : 400, "invalid", "The request is not well-formed.");
		return;
	case WK_LIMIT:
		reply_error(r, 413, "limit", "The request is over a limit of this server.");
		return;
	case WK_DENIED:
		reply_error(r, 403, "forbidden", "This account may not do that.");
		return;
	case WK_UNSUPPORTED:
		reply_error(r, 415, "invalid", "That content encoding is not understood.");
		return;
	case WK_FULL:
		reply_error(r, 507, "full", "The server's disk is full.");
		return;
	default:
		break;
	}
	log_error("http: %s %s: %s", r->route ? r->route->method : "?",
		  r->route ? r->route->path : "?", wk_status_text(st));
	reply_error(r, 500, "internal", "The server failed. Nothing was changed.");
}

void reply_options(struct request *r)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	if (response) {
		MHD_add_response_header(response, "Access-Control-Allow-Methods",
					"GET, POST, PUT, DELETE, OPTIONS");
		MHD_add_response_header(response, "Access-Control-Allow-Headers",
					"X-Session-Id, X-Insomnia-Client, Content-Type, "
					"Content-Encoding");
		MHD_add_response_header(response, "Access-Control-Max-Age", "86400");
	}
	set_reply(r, 204, "text/plain; charset=utf-8", response);
}

/* --- streams --- */

struct stream {
	reply_fill_fn *fill;
	void *ctx;
	void (*ctx_free)(void *);
	struct buf text;
	size_t sent;
	bool is_last;
};

static ssize_t read_stream(void *cls, uint64_t pos, char *to, size_t max)
{
	struct stream *s = cls;
	size_t n;

	(void)pos;
	while (s->sent == s->text.n) {
		if (s->is_last)
			return MHD_CONTENT_READER_END_OF_STREAM;
		buf_clear(&s->text);
		s->sent = 0;
		if (s->fill(s->ctx, &s->text, &s->is_last) != WK_OK)
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	n = s->text.n - s->sent < max ? s->text.n - s->sent : max;
	memcpy(to, s->text.p + s->sent, n);
	s->sent += n;
	return (ssize_t)n;
}

static void free_stream(void *cls)
{
	struct stream *s = cls;

	s->ctx_free(s->ctx);
	buf_fini(&s->text);
	free(s);
}

void reply_stream(struct request *r, reply_fill_fn *fill, void *ctx, void (*ctx_free)(void *))
{
	struct stream *s = calloc(1, sizeof *s);
	struct MHD_Response *response;

	if (!s) {
		ctx_free(ctx);
		return;
	}
	*s = (struct stream){ .fill = fill, .ctx = ctx, .ctx_free = ctx_free,
			      .text = BUF_INIT((size_t)WIRE_CONTENT_MAX * 3) };
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, s,
						     free_stream);
	if (!response)
		free_stream(s);
	set_reply(r, 200, "application/json", response);
}

enum MHD_Result http_reply_queue(struct request *r)
{
	if (!r->reply)
		reply_status(r, WK_NOMEM);
	return r->reply ? MHD_queue_response(r->http->mhd, r->reply->code, r->reply->response)
			: MHD_NO;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request: inflated, bounded, collected or taken apart while it arrives. */
#include "server/http_private.h"

#include "base/clock.h"

#define STEP (64 * 1024)
#define SLOW_GRACE_MS 30000
#define SLOW_BYTES_PER_S 256
/* What we and apps send is mostly random digits: nothing honest shrinks by more. */
#define RATIO_MAX 100
#define RATIO_FREE ((uint64_t)4 * 1024 * 1024)

enum wk_status http_body_begin(struct request *r)
{
	struct bytes encoding = request_header(r, "Content-Encoding");

	r->body = (struct buf)BUF_INIT(r->route->body_max);
	if (!encoding.p || bytes_equal_str(encoding, "identity"))
		return WK_OK;
	if (!bytes_equal_str(encoding, "gzip"))
		return WK_UNSUPPORTED;
	if (inflateInit2(&r->http->zip, 15 + 16) != Z_OK)
		return WK_NOMEM;
	r->http->is_gzip = true;
	return WK_OK;
}

void http_body_fini(struct request *r)
{
	if (r->http->is_gzip)
		inflateEnd(&r->http->zip);
	buf_fini(&r->body);
}

static void refuse(struct request *r, enum wk_status st)
{
	if (st == WK_INVALID)
		reply_error(r, r->route->family == ROUTE_V1 ? 422 : 400, "invalid",
			    "The request is not well-formed.");
	else
		reply_status(r, st);
}

static enum wk_status take_plain(struct request *r, struct bytes part)
{
	r->http->inflated += part.n;
	if (r->http->inflated > r->route->body_max ||
	    r->http->inflated > RATIO_FREE + r->http->received * RATIO_MAX)
		return WK_LIMIT;
	if (r->split)
		return split_feed(r->split, part);
	return buf_append(&r->body, part.p, part.n);
}

static enum wk_status take_gzip(struct request *r, struct bytes part)
{
	uint8_t plain[STEP];
	z_stream *zip = &r->http->zip;

	zip->next_in = (Bytef *)(uintptr_t)part.p;
	zip->avail_in = (uInt)part.n;
	while (zip->avail_in > 0 || zip->avail_out == 0) {
		enum wk_status st;
		int rc;

		if (r->http->is_zip_ended)
			return WK_INVALID;	/* something behind the end */
		zip->next_out = plain;
		zip->avail_out = sizeof plain;
		rc = inflate(zip, Z_NO_FLUSH);
		if (rc == Z_BUF_ERROR)
			return WK_OK;
		if (rc != Z_OK && rc != Z_STREAM_END)
			return WK_INVALID;
		r->http->is_zip_ended = rc == Z_STREAM_END;
		st = take_plain(r, bytes_of(plain, sizeof plain - zip->avail_out));
		if (st != WK_OK)
			return st;
		if (r->http->is_zip_ended && zip->avail_in == 0)
			return WK_OK;
	}
	return WK_OK;
}

void http_body_feed(struct request *r, struct bytes part)
{
	enum wk_status st;

	r->http->received += part.n;
	if (r->reply || r->route->body_max == 0)
		return;	/* answered already: the rest is read and dropped */
	st = r->http->is_gzip ? take_gzip(r, part) : take_plain(r, part);
	if (st != WK_OK) {
		refuse(r, st);
		return;
	}
	if (r->route->fed && !r->reply)
		r->route->fed(r);
}

void http_body_end(struct request *r)
{
	enum wk_status st = WK_OK;

	if (r->reply || r->route->body_max == 0)
		return;
	if (r->http->is_gzip && !r->http->is_zip_ended)
		st = WK_INVALID;
	if (st == WK_OK && r->split)
		st = split_end(r->split);
	if (st != WK_OK)
		refuse(r, st);
}

bool http_body_is_slow(const struct request *r)
{
	int64_t passed_ms = clock_mono_ms() - r->http->began_ms - SLOW_GRACE_MS;

	return passed_ms > 0 &&
	       r->http->received < (uint64_t)passed_ms * SLOW_BYTES_PER_S / 1000;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_HTTP_PRIVATE_H
#define SERVER_HTTP_PRIVATE_H

#include <microhttpd.h>
#include <zlib.h>

#include "server/request.h"

/* What http*.c share: the library's side of a request. */
struct http_connection {
	struct MHD_Connection *mhd;
	z_stream zip;
	bool is_gzip, is_zip_ended;
	uint64_t received, inflated;	/* bytes of the body so far */
	int64_t began_ms;
};

struct reply {
	struct MHD_Response *response;
	unsigned code;
};

/* Takes the next bytes of the body; answers the request when they are refused. */
void http_body_feed(struct request *r, struct bytes part);
/* The body is complete. */
void http_body_end(struct request *r);
enum wk_status http_body_begin(struct request *r);
void http_body_fini(struct request *r);
/* Whether the body arrives so slowly that somebody is playing. */
bool http_body_is_slow(const struct request *r);

/* Gives the library the answer. */
enum MHD_Result http_reply_queue(struct request *r);
void http_reply_free(struct reply *reply);

#endif

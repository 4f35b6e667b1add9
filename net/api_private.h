/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_API_PRIVATE_H
#define NET_API_PRIVATE_H

#include "net/api.h"

/* What the files of api.h share: the connection and one call from request to parsed answer. */
struct api {
	struct http *http;
	char problem[HTTP_PROBLEM_MAX];
	int64_t retry_after_ms;
};

struct api_call {
	const char *method;
	const char *path;
	struct bytes body;
	int64_t timeout_ms, stall_ms;	/* as in struct http_request */
	size_t answer_max;		/* 0: WIRE_BODY_MAX */
	bool conflict_is_answer;	/* a 409 carries a body to read: *root_out is set with WK_CONFLICT */
};

/* Room for the tree of an answer of API_SMALL_ANSWER bytes, whatever stands in it. */
#define API_SMALL_ANSWER (128u * 1024)
#define API_SMALL_ARENA (8u * 1024 * 1024)

/* One exchange; the answer's JSON in the arena.  root_out NULL: the body does not matter. */
enum wk_status api_exchange(struct api *a, struct arena *arena, const struct api_call *call,
			    struct json **root_out);
/* What reading an answer gave: st, and api_problem() set when it was no such answer. */
enum wk_status api_read(struct api *a, enum wk_status st);

#endif

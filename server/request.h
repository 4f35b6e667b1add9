/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "base/json.h"
#include "server/commit.h"
#include "server/hub.h"
#include "server/server.h"
#include "wire/split.h"

/*
 * One HTTP request, from its first line to its answer.  Handlers run on a serving
 * thread and must not wait: for a commit or a move they park the request (its
 * connection sleeps, its thread goes on), and `after` is called on a serving
 * thread when it is woken.  Every handler ends by one reply_*() or by parking.
 */
struct request;
struct route;

typedef void request_fn(struct request *r);
typedef void request_after_fn(struct request *r, enum wk_status st);
typedef enum wk_status request_run_fn(struct request *r, struct storage_tx *tx);

enum route_family { ROUTE_STOCK, ROUTE_V1 };	/* how errors look */
#define ROUTE_OPEN 1u		/* needs no session */
#define ROUTE_LIMITED 2u	/* counts against the address (limits.h) */
#define ROUTE_LOCAL 4u		/* only for this machine, unless --metrics-all */

struct route {
	const char *method;
	const char *path;	/* `*` stands for one segment, which becomes r->segment */
	enum route_family family;
	unsigned flags;
	size_t body_max;	/* inflated bytes; 0: a body is ignored */
	request_fn *handle;	/* the body is complete */
	/* NULL: the body is collected in r->body.  Else it goes through r->split, which this makes. */
	request_fn *begin;
	/* With begin: some of the body went through; may park. */
	request_fn *fed;
};

struct reply;

struct request {
	struct server *server;
	const struct route *route;
	struct arena *arena;		/* lives as long as the request */
	struct bytes segment;
	struct bytes address;		/* of the client, binary */
	uint8_t address_bytes[16];

	int64_t account_n;		/* 0 without a session */
	struct bytes account_id;
	uint8_t session_hash[HASH_SIZE];

	struct buf body;
	struct split *split;
	void *state;			/* the handler's own */
	void (*state_free)(void *state);

	/* --- http.c's own --- */
	struct commit_job job;
	struct hub_waiter waiter;
	request_run_fn *run;
	request_after_fn *after;
	enum wk_status parked_status;
	bool is_parked, is_handled;
	struct reply *reply;
	struct http_connection *http;
};

/* A header; .p NULL when it is missing.  Valid as long as the request. */
struct bytes request_header(struct request *r, const char *name);
/* A decoded query argument; .p NULL when missing. */
struct bytes request_query(struct request *r, const char *name);
/* A whole number in the query; `otherwise` when missing.  WK_INVALID. */
enum wk_status request_query_uint(struct request *r, const char *name, uint64_t otherwise,
				  uint64_t *out);
/* The body as JSON, in the request's arena. */
enum wk_status request_json(struct request *r, struct json **out);

/*
 * Parks the request, runs `run` in a writing transaction of the committer, and
 * calls `after` with the outcome: WK_OK means that it is on disk.
 */
void request_commit(struct request *r, request_run_fn *run, request_after_fn *after);
/* Parks it until a group of r->waiter moves or its deadline passes. */
void request_wait(struct request *r, uint64_t moves, request_after_fn *after);

/* --- answers; the first one counts --- */

/* 200 with this JSON, which is moved out of the buffer. */
void reply_json(struct request *r, unsigned code, struct buf *json);
/* Plain text to be shown to a person (stock), or {"error","message"} (/v1). */
void reply_error(struct request *r, unsigned code, const char *word, const char *message);
/* The error for a status, with a general sentence. */
void reply_status(struct request *r, enum wk_status st);
void reply_options(struct request *r);	/* to OPTIONS: whatever may be asked */
void reply_text(struct request *r, unsigned code, const char *type, struct buf *text);

/*
 * A JSON answer of any length, made in steps: `fill` appends to out (cleared
 * before) and sets *is_last_out; a status breaks the connection off.  ctx is given to
 * ctx_free at the end, also when it failed, and must not refer to the request.
 */
typedef enum wk_status reply_fill_fn(void *ctx, struct buf *out, bool *is_last_out);
void reply_stream(struct request *r, reply_fill_fn *fill, void *ctx, void (*ctx_free)(void *));

#endif

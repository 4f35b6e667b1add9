/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd with a pool of epoll threads.  A request lives on one of them.
 * While it waits for a commit or a poll its connection is suspended: the thread
 * serves others.  What wakes it (committer, hub) only notes the outcome and
 * resumes the connection; everything else about a request happens on its thread.
 *
 * 1. A connection is suspended before the job that will resume it is handed over.
 * 2. A parked request is not touched by its thread until it is resumed.
 * 3. The library cannot stop while connections are suspended: http_stop() first
 *    ends the hub and waits for the committer's jobs.
 */
#include "server/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/http_private.h"
#include "server/routes.h"

#define THREADS 4
#define IDLE_TIMEOUT_S 75
#define CONNECTIONS_MAX 8192
#define CONNECTION_MEMORY ((size_t)64 * 1024)
#define DRAIN_MAX ((uint64_t)8 * 1024 * 1024)
#define STOP_WAIT_MS 10000
/* A client that went away in the middle of a body is noticed late: that is not waited for. */
#define STOP_UPLOAD_MS 1000
#define ARENA_MAX ((size_t)512 * 1024 * 1024)

struct http {
	struct server *server;
	struct MHD_Daemon *daemon;
};

/* --- requests --- */

static void request_free(struct request *r)
{
	if (!r)
		return;
	if (r->state)
		r->state_free(r->state);
	split_free(r->split);
	if (r->http) {
		if (r->route)
			http_body_fini(r);
		free(r->http);
	}
	http_reply_free(r->reply);
	arena_free(r->arena);
	free(r);
}
DEFINE_SCOPED_FREE(struct request, request_free)

/* With a proxy in front (on this machine) the address is the last one that it names. */
static void find_address(struct request *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->http->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *sa = info ? info->client_addr : NULL;
	const char *forwarded = NULL, *last;

	if (r->server->options->behind_proxy)
		forwarded = MHD_lookup_connection_value(r->http->mhd, MHD_HEADER_KIND,
							"X-Forwarded-For");
	if (forwarded) {
		last = strrchr(forwarded, ',');
		last = last ? last + 1 : forwarded;
		last += strspn(last, " ");
		if (inet_pton(AF_INET, last, r->address_bytes) == 1)
			r->address = bytes_of(r->address_bytes, 4);
		else if (inet_pton(AF_INET6, last, r->address_bytes) == 1)
			r->address = bytes_of(r->address_bytes, 16);
		return;
	}
	if (sa && sa->sa_family == AF_INET) {
		memcpy(r->address_bytes, &((const struct sockaddr_in *)sa)->sin_addr, 4);
		r->address = bytes_of(r->address_bytes, 4);
	} else if (sa && sa->sa_family == AF_INET6) {
		memcpy(r->address_bytes, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
		r->address = bytes_of(r->address_bytes, 16);
	}
}

static struct request *request_new(struct server *server, struct MHD_Connection *mhd)
{
	SCOPED(request_free_scoped) struct request *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->server = server;
	r->http = calloc(1, sizeof *r->http);
	r->arena = arena_new(ARENA_MAX);
	if (!r->http || !r->arena)
		return NULL;
	r->http->mhd = mhd;
	r->http->began_ms = clock_mono_ms();
	find_address(r);
	return take(&r);
}

struct bytes request_header(struct request *r, const char *name)
{
	const char *value = MHD_lookup_connection_value(r->http->mhd, MHD_HEADER_KIND, name);

	return value ? bytes_str(value) : (struct bytes){ NULL, 0 };
}

struct bytes request_query(struct request *r, const char *name)
{
	const char *value = NULL;
	size_t n = 0;

	if (MHD_lookup_connection_value_n(r->http->mhd, MHD_GET_ARGUMENT_KIND, name, strlen(name),
					  &value, &n) != MHD_YES)
		return (struct bytes){ NULL, 0 };
	return value ? bytes_of(value, n) : bytes_of("", 0);
}

enum wk_status request_query_uint(struct request *r, const char *name, uint64_t otherwise,
				  uint64_t *out)
{
	struct bytes text = request_query(r, name);
	uint64_t n = 0;

	if (!text.p) {
		*out = otherwise;
		return WK_OK;
	}
	if (text.n == 0 || text.n > 15)
		return WK_INVALID;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return WK_INVALID;
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	}
	*out = n;
	return WK_OK;
}

enum wk_status request_json(struct request *r, struct json **out)
{
	return json_parse(r->arena, buf_bytes(&r->body), out, NULL);
}

/* --- parking --- */

static void park(struct request *r, request_after_fn *after)
{
	r->after = after;
	r->is_parked = true;
	atomic_fetch_add(&r->server->counters.parked, 1);
	MHD_suspend_connection(r->http->mhd);
}

/* Any thread.  The request may be gone as soon as it is resumed. */
static void resume(struct request *r, enum wk_status st)
{
	struct server *server = r->server;

	r->parked_status = st;
	MHD_resume_connection(r->http->mhd);
	atomic_fetch_sub(&server->counters.parked, 1);
}

static struct request *of_job(struct commit_job *job)
{
	return (struct request *)(void *)((uint8_t *)job - offsetof(struct request, job));
}

static struct request *of_waiter(struct hub_waiter *w)
{
	return (struct request *)(void *)((uint8_t *)w - offsetof(struct request, waiter));
}

static enum wk_status job_run(struct commit_job *job, struct storage_tx *tx)
{
	struct request *r = of_job(job);

	return r->run(r, tx);
}

static void job_done(struct commit_job *job, enum wk_status st)
{
	struct request *r = of_job(job);

	resume(r, st);
}

static void waiter_wake(struct hub_waiter *w)
{
	struct request *r = of_waiter(w);

	resume(r, WK_OK);
}

void request_commit(struct request *r, request_run_fn *run, request_after_fn *after)
{
	r->run = run;
	r->job = (struct commit_job){ .run = job_run, .done = job_done };
	park(r, after);
	committer_submit(r->server->committer, &r->job);
}

void request_wait(struct request *r, uint64_t moves, request_after_fn *after)
{
	r->waiter.wake = waiter_wake;
	park(r, after);
	hub_wait(r->server->hub, &r->waiter, moves);
}

/* --- the library's calls --- */

/* All of the request is there, or nobody wants the rest. */
static void body_over(struct request *r)
{
	if (!r->is_handled)
		atomic_fetch_sub(&r->server->counters.uploading, 1);
	r->is_handled = true;
}

static enum MHD_Result begin_request(struct server *server, struct MHD_Connection *mhd,
				     const char *url, const char *method, void **state)
{
	struct request *r = request_new(server, mhd);
	const char *length;
	uint64_t bytes;
	enum wk_status st;

	if (!r)
		return MHD_NO;
	*state = r;
	server_count(server, requests);
	atomic_fetch_add(&server->counters.active, 1);
	atomic_fetch_add(&server->counters.uploading, 1);
	if (server->is_stopping)
		reply_error(r, 503, "internal", "The server is stopping.");
	else
		routes_begin(r, method, url);
	if (r->route && !r->reply) {
		st = http_body_begin(r);
		if (st != WK_OK)
			reply_status(r, st);
		else if (r->route->begin)
			r->route->begin(r);
	}
	/* Refused before the body is there: a large one is not even read. */
	length = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Content-Length");
	bytes = length ? strtoull(length, NULL, 10) : 0;
	if (!r->reply && r->route->body_max > 0 && bytes > r->route->body_max)
		reply_status(r, WK_LIMIT);
	if (r->reply && bytes > DRAIN_MAX) {
		body_over(r);
		return http_reply_queue(r);
	}
	return MHD_YES;
}

static enum MHD_Result take_body(struct request *r, const char *data, size_t *size)
{
	struct bytes part = bytes_of(data, *size);

	if (http_body_is_slow(r) || (r->reply && r->http->received > DRAIN_MAX &&
				     r->http->received > r->route->body_max))
		return MHD_NO;
	*size = 0;
	http_body_feed(r, part);
	return MHD_YES;
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *mhd, const char *url,
				 const char *method, const char *version, const char *data,
				 size_t *size, void **state)
{
	struct request *r = *state;

	(void)version;
	if (!r)
		return begin_request(cls, mhd, url, method, state);
	if (atomic_load(&r->server->is_ending))
		return MHD_NO;
	if (r->is_parked) {
		r->is_parked = false;
		r->after(r, r->parked_status);
		if (r->is_parked)
			return MHD_YES;
	}
	if (*size > 0)
		return take_body(r, data, size);
	if (!r->is_handled) {
		body_over(r);
		if (r->route)
			http_body_end(r);
		if (!r->reply && r->route)
			r->route->handle(r);
		if (r->is_parked)
			return MHD_YES;
	}
	return http_reply_queue(r);
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **state,
			 enum MHD_RequestTerminationCode how)
{
	struct server *server = cls;
	struct request *r = *state;

	(void)mhd;
	(void)how;
	if (!r)
		return;
	body_over(r);
	log_debug("%s %s %u: %llu bytes in, %lld ms", r->route ? r->route->method : "-",
		  r->route ? r->route->path : "-", r->reply ? r->reply->code : 0,
		  (unsigned long long)r->http->received,
		  (long long)(clock_mono_ms() - r->http->began_ms));
	request_free(r);
	*state = NULL;
	atomic_fetch_sub(&server->counters.active, 1);
}

/* --- start and stop --- */

static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

enum wk_status http_start(struct server *server, const struct sockaddr_storage *address,
			  struct http **http_out, unsigned *port_out, char *message,
			  size_t message_size)
{
	struct http *http = calloc(1, sizeof *http);
	const union MHD_DaemonInfo *info;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;

	if (!http)
		return WK_NOMEM;
	if (address->ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	raise_descriptors();
	http->server = server;
	http->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, on_access, server, MHD_OPTION_SOCK_ADDR,
		(const struct sockaddr *)address, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		server->options->behind_proxy ? 0u : server->options->per_address,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)16384,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
	info = http->daemon ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	if (!info) {
		snprintf(message, message_size, "cannot listen on %s: %s", server->options->listen,
			 strerror(errno));
		if (http->daemon)
			MHD_stop_daemon(http->daemon);
		free(http);
		return WK_IO;
	}
	*port_out = info->port;
	*http_out = http;
	return WK_OK;
}

/*
 * Idle connections that are kept alive have no request; only those that have one
 * count.  In the end what still uploads or downloads is cut off.
 */
static void wait_for_requests(struct server *server)
{
	int64_t began_ms = clock_mono_ms();

	while (atomic_load(&server->counters.active) > 0) {
		bool is_upload = atomic_load(&server->counters.active) ==
				 atomic_load(&server->counters.uploading);

		if (clock_mono_ms() - began_ms > (is_upload ? STOP_UPLOAD_MS : STOP_WAIT_MS))
			atomic_store(&server->is_ending, true);
		if (server->is_ending && atomic_load(&server->counters.parked) == 0)
			return;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
}

void http_stop(struct http *http)
{
	MHD_socket listening;

	if (!http)
		return;
	atomic_store(&http->server->is_stopping, true);
	listening = MHD_quiesce_daemon(http->daemon);
	hub_end(http->server->hub);
	wait_for_requests(http->server);
	MHD_stop_daemon(http->daemon);
	if (listening != MHD_INVALID_SOCKET)
		close(listening);
	free(http);
}

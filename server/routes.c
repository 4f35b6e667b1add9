/* SPDX-License-Identifier: Apache-2.0 */
/* Which call is whose, and who may make it. */
#include "server/routes.h"

#include <stdlib.h>

#include "base/clock.h"
#include "server/handlers.h"

#define SMALL ((size_t)64 * 1024)
#define MEDIUM ((size_t)1024 * 1024)
#define DAY_MS ((int64_t)86400 * 1000)
#define TOUCH_MS ((int64_t)3600 * 1000)

#define OPEN_LIMITED (ROUTE_OPEN | ROUTE_LIMITED)

static const struct route routes[] = {
	{ "POST", "/auth/signup", ROUTE_STOCK, OPEN_LIMITED, SMALL, auth_signup },
	{ "POST", "/auth/login-s", ROUTE_STOCK, OPEN_LIMITED, SMALL, auth_login_s },
	{ "POST", "/auth/login-a", ROUTE_STOCK, OPEN_LIMITED, SMALL, auth_login_a },
	{ "POST", "/auth/login-m1", ROUTE_STOCK, OPEN_LIMITED, SMALL, auth_login_m1 },
	{ "GET", "/auth/whoami", ROUTE_STOCK, 0, 0, auth_whoami },
	{ "POST", "/auth/logout", ROUTE_STOCK, 0, 0, auth_logout },
	{ "POST", "/auth/reset", ROUTE_STOCK, 0, 0, auth_reset },
	{ "POST", "/auth/send-password-code", ROUTE_STOCK, 0, 0, auth_password },
	{ "POST", "/auth/change-password", ROUTE_STOCK, 0, 0, auth_password },
	{ "POST", "/api/resource_groups", ROUTE_STOCK, 0, SMALL, groups_create },
	{ "GET", "/api/resource_groups/*", ROUTE_STOCK, 0, 0, groups_get },
	{ "POST", "/api/resource_groups/*/share-a", ROUTE_STOCK, 0, 0, groups_share },
	{ "POST", "/api/resource_groups/*/share-b", ROUTE_STOCK, 0, 0, groups_share },
	{ "PUT", "/api/resource_groups/*/unshare", ROUTE_STOCK, 0, 0, groups_share },
	{ "GET", "/api/teams", ROUTE_STOCK, 0, 0, stubs_teams },
	{ "POST", "/api/billing/subscriptions", ROUTE_STOCK, 0, 0, stubs_billing },
	{ "DELETE", "/api/billing/subscriptions", ROUTE_STOCK, 0, 0, stubs_billing },
	{ "PUT", "/api/billing/end-trial", ROUTE_STOCK, 0, 0, stubs_billing },
	{ "GET", "/notification", ROUTE_STOCK, ROUTE_OPEN, 0, stubs_notification },
	{ "POST", "/notification", ROUTE_STOCK, ROUTE_OPEN, 0, stubs_notification },
	{ "POST", "/sync/push", ROUTE_STOCK, 0, WIRE_STOCK_BODY_MAX, stock_push, stock_push_begin,
	  stock_push_fed },
	{ "POST", "/sync/pull", ROUTE_STOCK, 0, WIRE_STOCK_BODY_MAX, stock_pull,
	  stock_pull_begin },
	{ "POST", "/sync/fix-dupes", ROUTE_STOCK, 0, MEDIUM, groups_fix_dupes },
	{ "GET", "/v1/groups", ROUTE_V1, 0, 0, groups_v1_list },
	{ "POST", "/v1/groups", ROUTE_V1, 0, SMALL, groups_v1_create },
	{ "POST", "/v1/groups/*/push", ROUTE_V1, 0, WIRE_BODY_MAX, v1_push, v1_push_begin },
	{ "GET", "/v1/groups/*/changes", ROUTE_V1, 0, 0, v1_changes },
	{ "GET", "/v1/groups/*/listing", ROUTE_V1, 0, 0, v1_listing },
	{ "POST", "/v1/groups/*/fetch", ROUTE_V1, 0, MEDIUM, v1_fetch },
	{ "GET", "/v1/groups/*/revisions", ROUTE_V1, 0, 0, v1_revisions },
	{ "POST", "/v1/poll", ROUTE_V1, 0, MEDIUM, poll_handle },
	{ "DELETE", "/v1/session", ROUTE_V1, 0, 0, auth_logout },
	{ "GET", "/healthz", ROUTE_STOCK, ROUTE_OPEN | ROUTE_LOCAL, 0, metrics_health },
	{ "GET", "/metrics", ROUTE_STOCK, ROUTE_OPEN | ROUTE_LOCAL, 0, metrics_all },
};

/* Where errors of unknown addresses get their form from. */
static const struct route nothing_v1 = { .method = "-", .path = "/v1/", .family = ROUTE_V1 };

/* Compares a path with a pattern; segment_out is what `*` stood for. */
static bool matches(const char *pattern, const char *url, struct bytes *segment_out)
{
	while (*pattern && *pattern == *url) {
		pattern++;
		url++;
	}
	if (*pattern == '*') {
		size_t n = strcspn(url, "/");

		*segment_out = bytes_of(url, n);
		return n > 0 && strcmp(pattern + 1, url + n) == 0;
	}
	return !*pattern && !*url;
}

static const struct route *find(const char *method, const char *url, struct bytes *segment,
				bool *is_other_method)
{
	*is_other_method = false;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!matches(routes[i].path, url, segment))
			continue;
		if (strcmp(routes[i].method, method) == 0)
			return &routes[i];
		*is_other_method = true;
	}
	return NULL;
}

static bool is_local(const struct request *r)
{
	static const uint8_t v6[16] = { [15] = 1 };

	if (r->address.n == 4)
		return r->address.p[0] == 127;
	return r->address.n == 16 && memcmp(r->address.p, v6, sizeof v6) == 0;
}

static bool is_expired(const struct request *r, const struct storage_session *session,
		       int64_t now_ms)
{
	const struct options *o = r->server->options;

	return now_ms - session->used_ms > (int64_t)o->session_idle_days * DAY_MS ||
	       now_ms - session->created_ms > (int64_t)o->session_max_days * DAY_MS;
}

static enum wk_status find_session(struct request *r, struct storage_session *out)
{
	struct storage *storage = r->server->storage;
	struct bytes id = request_header(r, WIRE_SESSION_HEADER);
	struct storage_tx *tx;
	enum wk_status st;

	if (!id.p || login_session_hash(id, r->session_hash) != WK_OK)
		return WK_NOT_FOUND;
	st = storage->ops->begin(storage, false, &tx);
	if (st != WK_OK)
		return st;
	st = storage->ops->session_find(tx, r->session_hash, r->arena, out);
	storage->ops->abort(tx);
	return st;
}

/* A job of its own, so that no request waits for it. */
struct touch {
	struct commit_job job;
	struct server *server;
	uint8_t hash[HASH_SIZE];
	int64_t now_ms;
};

static enum wk_status touch_run(struct commit_job *job, struct storage_tx *tx)
{
	struct touch *t = (struct touch *)job;

	return t->server->storage->ops->session_touch(tx, t->hash, t->now_ms);
}

static void touch_done(struct commit_job *job, enum wk_status st)
{
	(void)st;
	free(job);
}

static void touch_session(struct request *r, int64_t now_ms)
{
	struct touch *t = calloc(1, sizeof *t);

	if (!t)
		return;
	*t = (struct touch){ .job = { .run = touch_run, .done = touch_done },
			     .server = r->server, .now_ms = now_ms };
	memcpy(t->hash, r->session_hash, sizeof t->hash);
	committer_submit(r->server->committer, &t->job);
}

static void check_session(struct request *r)
{
	struct storage_session session;
	int64_t now_ms = clock_wall_ms();
	enum wk_status st = find_session(r, &session);

	if (st != WK_OK && st != WK_NOT_FOUND) {
		reply_status(r, st);
		return;
	}
	if (st == WK_NOT_FOUND || is_expired(r, &session, now_ms)) {
		reply_error(r, 401, "session", "Please log in again.");
		return;
	}
	r->account_n = session.account_n;
	r->account_id = session.account_id;
	if (now_ms - session.used_ms > TOUCH_MS)
		touch_session(r, now_ms);
}

static bool check_limits(struct request *r)
{
	if (!(r->route->flags & ROUTE_LIMITED) ||
	    limits_take(r->server->limits, r->address, 1, clock_mono_ms()))
		return true;
	server_count(r->server, limited);
	reply_error(r, 429, "rate", "Too many attempts. Please wait a little and try again.");
	return false;
}

void routes_begin(struct request *r, const char *method, const char *url)
{
	bool is_other_method;
	struct bytes segment;
	const struct route *route = find(method, url, &segment, &is_other_method);

	if (!route) {
		if (strncmp(url, "/v1/", 4) == 0)
			r->route = &nothing_v1;
		if (strcmp(method, "OPTIONS") == 0)
			reply_options(r);
		else if (is_other_method)
			reply_error(r, 405, "invalid", "That method does not fit this address.");
		else
			reply_error(r, 404, "not-found", "There is nothing at this address.");
		return;
	}
	r->route = route;
	if (strchr(route->path, '*')) {
		r->segment = arena_copy(r->arena, segment);
		if (!r->segment.p) {
			reply_status(r, WK_NOMEM);
			return;
		}
	}
	if ((route->flags & ROUTE_LOCAL) && !r->server->options->metrics_all && !is_local(r)) {
		reply_error(r, 404, "not-found", "There is nothing at this address.");
		return;
	}
	if (check_limits(r) && !(route->flags & ROUTE_OPEN))
		check_session(r);
}

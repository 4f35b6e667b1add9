/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over everything: groups, changes, what waits.  A push that meets a conflict reads the
 * changes and tries again; how often is bounded, the rest waits for the next pass.
 */
#include "base/clock.h"
#include "base/log.h"
#include "sync/sync_private.h"

#include <stdio.h>
#include <stdlib.h>

#define CONFLICT_ROUNDS 8

struct reporting {
	struct sync *sync;
	enum wk_status st;
	char problem[160];
	int64_t next_try_ms;
	bool pass_done;
};

static void step_report(void *arg)
{
	const struct reporting *r = arg;
	struct status_sync *status = status_sync(r->sync->store);

	status->running = r->sync->threaded;
	if (r->pass_done) {
		status->online = r->st == WK_OK || (r->st != WK_OFFLINE && r->st != WK_DENIED &&
						    r->st != WK_CANCELLED);
		status->next_try_ms = r->next_try_ms;
		if (status->online)
			status->last_contact_ms = clock_wall_ms();
		/* An alert stays until the next one or a restart, whatever was said since. */
		(void)snprintf(status->problem, sizeof status->problem, "%s",
			       r->problem[0] ? r->problem : r->sync->alert);
	} else {
		status->alerted = true;
		(void)snprintf(r->sync->alert, sizeof r->sync->alert, "%s", r->problem);
		(void)snprintf(status->problem, sizeof status->problem, "%s", r->problem);
	}
	status_changed(r->sync->store);
}

void sync_report(struct sync *s, enum wk_status st, const char *problem)
{
	struct reporting r = { .sync = s, .st = st };

	(void)snprintf(r.problem, sizeof r.problem, "%s", problem);
	if (sync_step(s, step_report, &r) != WK_OK)
		log_warn("%s", problem);
}

void sync_report_pass(struct sync *s, const struct api *api, enum wk_status st,
		      int64_t next_try_ms)
{
	struct reporting r = { .sync = s, .st = st, .next_try_ms = next_try_ms, .pass_done = true };
	const char *said = api_problem(api);

	switch (st) {
	case WK_OK:
	case WK_CANCELLED:
		break;
	case WK_OFFLINE:
		(void)snprintf(r.problem, sizeof r.problem, "server not reached: %.120s", said);
		break;
	case WK_DENIED:
		(void)snprintf(r.problem, sizeof r.problem,
			       "the server ended this session; run: wakefs login");
		break;
	default:
		(void)snprintf(r.problem, sizeof r.problem, "sync failed: %s%s%.100s",
			       wk_status_text(st), said[0] ? ": " : "", said);
	}
	if (sync_step(s, step_report, &r) != WK_OK)
		return;		/* the loop has ended: nobody is left to be told */
}

static void step_synced(void *arg)
{
	struct group *g = arg;

	g->synced_ms = clock_wall_ms();
}

static enum wk_status pass_group(struct sync *s, struct sync_group *g, bool pull)
{
	enum wk_status st = WK_OK;

	for (int round = 0; round < CONFLICT_ROUNDS; round++) {
		if (g->lost)
			return WK_OK;
		if (pull && g->on_server)
			st = sync_pull(s, g);
		if (st == WK_OK)
			st = sync_group_refresh(s, g);
		if (st == WK_OK && g->has_outgoing)
			st = sync_group_ensure(s, g);
		if (st == WK_OK && g->has_outgoing)
			st = sync_push(s, g);
		if (st == WK_OK)
			return sync_step(s, step_synced, g->group);
		if (st != WK_CONFLICT)
			return st;
		/* Somebody was faster: read what they did, merge, try again. */
		pull = true;
		g->head_known = false;
		st = WK_OK;
	}
	return WK_CONFLICT;
}

/* A group that the server refuses does not hold up the others. */
static bool concerns_one_group(enum wk_status st)
{
	return st == WK_NOT_FOUND || st == WK_INVALID || st == WK_LIMIT || st == WK_CONFLICT ||
	       st == WK_CORRUPT || st == WK_TAMPERED || st == WK_FULL;
}

enum wk_status sync_pass(struct sync *s, unsigned reasons)
{
	SCOPED(sync_groups_fini) struct sync_groups groups = { 0 };
	const bool pull = (reasons & (WAKE_FULL | WAKE_HEADS)) != 0;
	enum wk_status st, worst = WK_OK;

	st = pull ? sync_groups_exchange(s, &groups) : sync_groups_list(s, &groups);
	for (size_t i = 0; i < groups.count && st == WK_OK; i++) {
		if (!pull && !groups.items[i].has_outgoing)
			continue;
		st = pass_group(s, &groups.items[i], pull);
		if (concerns_one_group(st)) {
			log_warn("group %s: %s", groups.items[i].id, wk_status_text(st));
			worst = st;
			st = WK_OK;
		}
		if (st == WK_OK && sync_is_stopping(s))
			st = WK_CANCELLED;
	}
	return st == WK_OK ? worst : st;
}

enum wk_status sync_once_within(struct sync *s, int64_t limit_ms)
{
	enum wk_status st;

	s->deadline_ms = limit_ms ? clock_mono_ms() + limit_ms : 0;
	st = sync_pass(s, WAKE_FULL);
	s->deadline_ms = 0;
	sync_report_pass(s, s->api, st, 0);
	return st;
}

enum wk_status sync_once(struct sync *s)
{
	return sync_once_within(s, 0);
}

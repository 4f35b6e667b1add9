/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two threads.  The exchanger sleeps until it is woken (by a change here, a moved head, or the
 * end of a backoff) and makes a pass.  The poller holds one long poll; when a head moved that is
 * not the cursor already, it wakes the exchanger and waits for that pass before it polls again, so
 * that one change is not reported twice.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "sync/sync_private.h"

#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 300000
#define POLL_BACKOFF_MAX_MS 15000	/* the poll is also how a server that is back is noticed */
#define REST_MAX_MS 250
#define POLL_MS 50000
#define POLL_PAUSE_MS 10	/* a server that answers at once for ever costs no more than this */
#define POLL_ARENA (16u * 1024 * 1024)

static void wake(struct sync *s, unsigned reasons)
{
	(void)pthread_mutex_lock(&s->lock);
	s->wake |= reasons;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
}

void sync_wake(struct sync *s)
{
	wake(s, WAKE_FULL | WAKE_NOW);
}

static void on_outgoing(void *arg)
{
	wake(arg, WAKE_OUTGOING);
}

/* Waits on the lock's condition until `until_ms` (monotonic; 0: no limit). */
static void wait_until(struct sync *s, int64_t until_ms)
{
	struct timespec t = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };

	if (until_ms)
		(void)pthread_cond_timedwait(&s->changed, &s->lock, &t);
	else
		(void)pthread_cond_wait(&s->changed, &s->lock);
}

/* When the exchanger may begin its next pass; monotonic milliseconds, 0: no such limit. */
struct schedule {
	int64_t retry_at_ms;	/* the last pass failed: time starts the next one */
	int64_t not_before_ms;	/* for changes made here alone */
};

/* How long the exchanger must wait still; 0: not at all, -1: until it is woken.  Under the lock. */
static int64_t must_wait(const struct sync *s, const struct schedule *when, int64_t now_ms)
{
	/* A head that moved says that the server answers, and other groups may have nothing wrong. */
	if (s->wake & (WAKE_NOW | WAKE_HEADS))
		return 0;
	if (when->retry_at_ms)
		return when->retry_at_ms > now_ms ? when->retry_at_ms - now_ms : 0;
	if (s->wake == 0)
		return -1;
	if (s->wake == WAKE_OUTGOING && when->not_before_ms > now_ms)
		return when->not_before_ms - now_ms;
	return 0;
}

/* Takes the reasons of the next pass; 0: stop. */
static unsigned next_reasons(struct sync *s, const struct schedule *when)
{
	unsigned reasons = 0;
	int64_t now_ms, wait_ms;

	(void)pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		now_ms = clock_mono_ms();
		wait_ms = must_wait(s, when, now_ms);
		if (wait_ms == 0)
			break;
		wait_until(s, wait_ms < 0 ? 0 : now_ms + wait_ms);
	}
	if (!s->stop) {
		reasons = s->wake | (when->retry_at_ms ? WAKE_FULL : 0);
		s->wake = 0;
		s->pass_running = true;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return reasons;
}

static void pass_ended(struct sync *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->pass_running = false;
	s->passes++;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
}

/* Doubles with each failure, with jitter; no shorter than what the server asked for. */
static int64_t backoff(const struct api *api, unsigned failures, int64_t max_ms)
{
	int64_t ms = BACKOFF_MIN_MS;
	int64_t wish = api_retry_after_ms(api);

	while (--failures > 0 && ms < max_ms)
		ms *= 2;
	if (ms > max_ms)
		ms = max_ms;
	ms = ms / 2 + (int64_t)rand_below((uint64_t)ms / 2 + 1);
	return wish > ms && wish <= BACKOFF_MAX_MS ? wish : ms;
}

/*
 * A burst of fsync'ed saves shares the disk with its pushes (two commits here and one at the server):
 * a fifth of the time is theirs.
 */
static int64_t rest_after(int64_t took_ms)
{
	int64_t rest_ms = took_ms * 4;

	return rest_ms < REST_MAX_MS ? rest_ms : REST_MAX_MS;
}

static void *exchange(void *arg)
{
	struct sync *s = arg;
	struct schedule when = { 0 };
	unsigned failures = 0, reasons;

	while ((reasons = next_reasons(s, &when)) != 0) {
		int64_t began_ms = clock_mono_ms(), pause = 0, ended_ms;
		enum wk_status st = sync_pass(s, reasons);

		ended_ms = clock_mono_ms();
		if (st == WK_OK || st == WK_CANCELLED)
			failures = 0;
		else
			pause = backoff(s->api, ++failures, BACKOFF_MAX_MS);
		when.retry_at_ms = pause ? ended_ms + pause : 0;
		when.not_before_ms = ended_ms + rest_after(ended_ms - began_ms);
		sync_report_pass(s, s->api, st, pause ? clock_wall_ms() + pause : 0);
		pass_ended(s);
	}
	return NULL;
}

/* --- the poller --- */

struct polling {
	struct sync *sync;
	struct wire_poll have;
	const struct wire_poll *moved;
	struct arena *arena;
	bool differs, progress;
	enum wk_status st;
};

static void step_have(void *arg)
{
	struct polling *p = arg;
	struct docs *docs = store_docs(p->sync->store);
	struct group *g;
	size_t n = 0;

	while (docs_group_at(docs, n))
		n++;
	p->have.count = 0;
	p->have.heads = arena_alloc(p->arena, (n + 1) * sizeof *p->have.heads);
	p->st = p->have.heads ? WK_OK : WK_NOMEM;
	for (size_t i = 0; p->st == WK_OK && (g = docs_group_at(docs, i)); i++) {
		struct wire_poll_head *h = &p->have.heads[p->have.count];

		if (!g->on_server)
			continue;
		/* A lost group is named as one we have nothing of, which is what the server says too. */
		h->group_id = bytes_str(g->id);
		h->head.seq = g->lost ? 0 : g->seq;
		h->head.mark = arena_copy(p->arena, bytes_str(g->lost ? "" : g->mark));
		if (!h->head.mark.p)
			p->st = WK_NOMEM;
		p->have.count++;
	}
}

/* The server's word that every head is the cursor: as good as a pass. */
static void step_nothing_moved(void *arg)
{
	struct sync *s = arg;
	int64_t now_ms = clock_wall_ms();
	struct group *g;

	status_sync(s->store)->last_contact_ms = now_ms;
	for (size_t i = 0; (g = docs_group_at(store_docs(s->store), i)); i++)
		if (g->on_server && !g->lost && g->pending == 0)
			g->synced_ms = now_ms;
	status_changed(s->store);
}

static void step_compare_heads(void *arg)
{
	struct polling *p = arg;
	struct docs *docs = store_docs(p->sync->store);

	p->differs = false;
	for (size_t i = 0; i < p->moved->count; i++) {
		const struct wire_poll_head *h = &p->moved->heads[i];
		char id[CONTEXT_ID_MAX + 1];
		struct group *g;

		(void)snprintf(id, sizeof id, "%.*s", (int)h->group_id.n,
			       (const char *)h->group_id.p);
		g = docs_group(docs, id);
		if (!g || g->lost || g->seq != h->head.seq ||
		    !bytes_equal_str(h->head.mark, g->mark))
			p->differs = true;
	}
}

/* Whether the pass moved the cursor of any group that the poll named. */
static void step_look_for_progress(void *arg)
{
	struct polling *p = arg;
	struct docs *docs = store_docs(p->sync->store);
	struct group *g;

	p->progress = false;
	for (size_t i = 0; (g = docs_group_at(docs, i)); i++) {
		const struct wire_poll_head *had = NULL;

		for (size_t j = 0; j < p->have.count && !had; j++)
			if (bytes_equal_str(p->have.heads[j].group_id, g->id))
				had = &p->have.heads[j];
		if (!g->lost && (!had || had->head.seq != g->seq ||
				 !bytes_equal_str(had->head.mark, g->mark)))
			p->progress = true;
	}
}

/* Waits for the pass that this poll asked for; what was asked before it began counts. */
static void wake_and_wait(struct sync *s)
{
	uint64_t until;

	(void)pthread_mutex_lock(&s->lock);
	s->wake |= WAKE_HEADS;
	until = s->passes + (s->pass_running ? 2 : 1);
	(void)pthread_cond_broadcast(&s->changed);
	while (!s->stop && s->passes < until)
		wait_until(s, 0);
	(void)pthread_mutex_unlock(&s->lock);
}

static void pause_for(struct sync *s, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	(void)pthread_mutex_lock(&s->lock);
	while (!s->stop && clock_mono_ms() < until)
		wait_until(s, until);
	(void)pthread_mutex_unlock(&s->lock);
}

/*
 * One poll; WK_OK whether or not something moved.  *idle_out: it said that something moved, and a pass
 * later that still stands; asked again at once, it would say so for ever.
 */
static enum wk_status poll_once(struct sync *s, struct arena *arena, int64_t timeout_ms,
				bool *idle_out)
{
	struct polling p = { .sync = s, .arena = arena, .have = { .timeout_ms = timeout_ms } };
	struct wire_poll moved = { 0 };
	enum wk_status st;

	arena_reset(arena);
	st = sync_step(s, step_have, &p);
	if (st == WK_OK)
		st = p.st;
	if (st == WK_OK)
		st = api_poll(s->poll_api, arena, &p.have, &moved);
	if (st == WK_OK && moved.count == 0)
		return sync_step(s, step_nothing_moved, s);
	if (st != WK_OK)
		return st;
	p.moved = &moved;
	st = sync_step(s, step_compare_heads, &p);
	if (st != WK_OK || !p.differs)
		return st;
	wake_and_wait(s);
	st = sync_step(s, step_look_for_progress, &p);
	*idle_out = !p.progress;
	return st;
}

static void *poll_heads(void *arg)
{
	struct sync *s = arg;
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(POLL_ARENA);
	unsigned failures = 0, idle = 0;

	if (!arena)
		return NULL;
	/* The first pass reads everything; polling before it would only report what it reads. */
	wake_and_wait(s);
	while (!sync_is_stopping(s)) {
		bool is_idle = false;
		/* After a failure the question is whether the server is back: answered at once. */
		enum wk_status st = poll_once(s, arena, failures > 0 ? 0 : POLL_MS, &is_idle);

		if (st == WK_OK) {
			if (failures > 0)
				wake(s, WAKE_FULL | WAKE_NOW);
			failures = 0;
			idle = is_idle ? idle + 1 : 0;
			pause_for(s, idle > 0 ? backoff(s->poll_api, idle, POLL_BACKOFF_MAX_MS)
					      : POLL_PAUSE_MS);
		} else if (st != WK_CANCELLED) {
			int64_t pause = backoff(s->poll_api, ++failures, POLL_BACKOFF_MAX_MS);

			/* With nothing to send, this is who notices that the server is gone. */
			sync_report_pass(s, s->poll_api, st, clock_wall_ms() + pause);
			pause_for(s, pause);
		}
	}
	return NULL;
}

static void ask_to_stop(struct sync *s)
{
	docs_on_outgoing(store_docs(s->store), NULL, NULL);
	(void)pthread_mutex_lock(&s->lock);
	s->stop = true;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
	http_cancel(api_http(s->api));
	http_cancel(api_http(s->poll_api));
}

/* The owner thread runs the loop while it waits: a step of the thread may be under way. */
static void wait_for(struct sync *s, pthread_t thread)
{
	while (pthread_tryjoin_np(thread, NULL) == EBUSY)
		loop_run_once(s->loop, 1);
}

static enum wk_status start_threads(struct sync *s)
{
	if (pthread_create(&s->exchanger, NULL, exchange, s) != 0)
		return WK_NOMEM;
	if (pthread_create(&s->poller, NULL, poll_heads, s) == 0)
		return WK_OK;
	ask_to_stop(s);
	wait_for(s, s->exchanger);
	return WK_NOMEM;
}

enum wk_status sync_start(struct sync *s)
{
	sigset_t all, before;
	enum wk_status st;

	s->threaded = true;
	docs_on_outgoing(store_docs(s->store), on_outgoing, s);
	/* Signals are the main thread's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	st = start_threads(s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (st != WK_OK)
		s->threaded = false;
	return st;
}

void sync_stop_threads(struct sync *s)
{
	if (!s->threaded)
		return;
	ask_to_stop(s);
	wait_for(s, s->exchanger);
	wait_for(s, s->poller);
	s->threaded = false;
}

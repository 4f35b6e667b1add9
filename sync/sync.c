/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an engine: what it is made of, and the ways from its threads to the store and back.
 * The passes are in pass.c, the threads that make them in threads.c.
 */
#include "sync/sync_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/hex.h"

#define ANSWER_ARENA (512u * 1024 * 1024)	/* a page as JSON tree */

struct sealing {
	char id[CONTEXT_ID_MAX + 1];
	struct envelopes *envelopes;
};

static enum wk_status read_account(struct sync *s)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(CONTEXT_ID_MAX);
	SCOPED(buf_fini) struct buf hide = BUF_INIT(8);
	enum wk_status st = store_setting_get(s->store, SETTING_ACCOUNT_ID, &text);

	if (st != WK_OK)
		return st;
	memcpy(s->account_id, text.p, text.n);
	s->account_id[text.n] = '\0';
	st = store_setting_get(s->store, SETTING_HIDE_NAMES, &hide);
	s->hide_names = st != WK_OK || !bytes_equal_str(buf_bytes(&hide), "0");
	return st == WK_NOT_FOUND ? WK_OK : st;
}

static enum wk_status connect_to(struct sync *s)
{
	SCOPED(buf_fini) struct buf url = BUF_INIT(4096);
	SCOPED(buf_fini) struct buf session = BUF_SECRET_INIT(256);
	const char *text;
	enum wk_status st = store_setting_get(s->store, SETTING_SERVER_URL, &url);

	if (st == WK_OK)
		st = buf_cstr(&url, &text);
	if (st == WK_OK)
		st = api_new(text, &s->api);
	if (st == WK_OK)
		st = api_new(text, &s->poll_api);
	if (st == WK_OK)
		st = store_setting_get(s->store, SETTING_SESSION, &session);
	if (st == WK_NOT_FOUND || (st == WK_OK && session.n == 0))
		return WK_DENIED;
	if (st == WK_OK)
		st = buf_cstr(&session, &text);
	if (st == WK_OK)
		st = http_set_session(api_http(s->api), text);
	if (st == WK_OK)
		st = http_set_session(api_http(s->poll_api), text);
	return st;
}

enum wk_status sync_new(const struct sync_params *p, struct sync **out)
{
	struct sync *s = calloc(1, sizeof *s);
	pthread_condattr_t monotonic;
	enum wk_status st;

	if (!s)
		return WK_NOMEM;
	s->store = p->store;
	s->loop = store_loop(p->store);
	s->params = *p;
	s->wake = WAKE_FULL;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	s->arena = arena_new(ANSWER_ARENA);
	s->envelopes = map_new();
	st = s->arena && s->envelopes ? WK_OK : WK_NOMEM;
	if (st == WK_OK)
		st = read_account(s);
	if (st == WK_OK)
		st = keyring_new(s->store, &s->keyring);
	if (st == WK_OK)
		st = connect_to(s);
	if (st != WK_OK) {
		sync_free(s);
		return st;
	}
	*out = s;
	return WK_OK;
}

static void free_envelopes(struct map *m)
{
	void *value;

	for (size_t at = 0; m && map_next(m, &at, NULL, &value);) {
		struct sealing *sealing = value;

		envelopes_free(sealing->envelopes);
		free(sealing);
	}
	map_free(m);
}

void sync_free(struct sync *s)
{
	if (!s)
		return;
	sync_stop_threads(s);
	free_envelopes(s->envelopes);
	api_free(s->api);
	api_free(s->poll_api);
	keyring_free(s->keyring);
	arena_free(s->arena);
	(void)pthread_cond_destroy(&s->changed);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

enum wk_status sync_step(struct sync *s, loop_fn *fn, void *arg)
{
	if (s->threaded)
		return loop_call(s->loop, fn, arg);
	fn(arg);
	return WK_OK;
}

/*
 * A flush that somebody waits for.  Its completion may come after the waiter has given up (the engine is
 * being stopped, and may be gone by then) or never (the loop has ended): so it is an object of its own,
 * and whoever leaves last frees it.
 */
struct flushing {
	struct rows *rows;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int holders;
	bool done;
	enum wk_status st;
};

#define FLUSH_LOOK_MS 50	/* how often a waiter looks whether the engine is being stopped */

static void let_go(struct flushing *f)
{
	bool last;

	(void)pthread_mutex_lock(&f->lock);
	last = --f->holders == 0;
	(void)pthread_mutex_unlock(&f->lock);
	if (!last)
		return;
	(void)pthread_cond_destroy(&f->changed);
	(void)pthread_mutex_destroy(&f->lock);
	free(f);
}

static void on_flushed(void *arg, enum wk_status st)
{
	struct flushing *f = arg;

	(void)pthread_mutex_lock(&f->lock);
	f->done = true;
	f->st = st;
	(void)pthread_cond_signal(&f->changed);
	(void)pthread_mutex_unlock(&f->lock);
	let_go(f);
}

static void step_flush(void *arg)
{
	struct flushing *f = arg;
	enum wk_status st = rows_flush(f->rows, on_flushed, f);

	if (st != WK_OK)
		on_flushed(f, st);
}

static enum wk_status wait_flushed(struct sync *s, struct flushing *f)
{
	enum wk_status st;

	(void)pthread_mutex_lock(&f->lock);
	while (!f->done) {
		struct timespec until;

		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += FLUSH_LOOK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		(void)pthread_cond_timedwait(&f->changed, &f->lock, &until);
		if (!f->done && sync_is_stopping(s))
			break;
	}
	st = f->done ? f->st : WK_CANCELLED;
	(void)pthread_mutex_unlock(&f->lock);
	return st;
}

enum wk_status sync_flush(struct sync *s)
{
	struct flushing *f;
	enum wk_status st;

	if (!s->threaded)
		return rows_flush_wait(store_rows(s->store));
	f = calloc(1, sizeof *f);
	if (!f)
		return WK_NOMEM;
	f->rows = store_rows(s->store);
	f->holders = 2;
	(void)pthread_mutex_init(&f->lock, NULL);
	(void)pthread_cond_init(&f->changed, NULL);
	st = loop_call(s->loop, step_flush, f);
	if (st == WK_OK)
		st = wait_flushed(s, f);
	else
		let_go(f);	/* the step did not run: there is no completion */
	let_go(f);
	return st;
}

bool sync_is_stopping(struct sync *s)
{
	bool stop;

	(void)pthread_mutex_lock(&s->lock);
	stop = s->stop;
	(void)pthread_mutex_unlock(&s->lock);
	return stop || (s->deadline_ms && clock_mono_ms() > s->deadline_ms);
}

void sync_count(struct sync *s, uint64_t pushes, uint64_t pushed, uint64_t taken)
{
	(void)pthread_mutex_lock(&s->lock);
	s->counts.pushes += pushes;
	s->counts.pushed += pushed;
	s->counts.taken += taken;
	(void)pthread_mutex_unlock(&s->lock);
}

void sync_counts(const struct sync *s, struct sync_counts *out)
{
	struct sync *open = (struct sync *)(uintptr_t)s;	/* the lock is not part of the value */

	(void)pthread_mutex_lock(&open->lock);
	*out = s->counts;
	(void)pthread_mutex_unlock(&open->lock);
	out->requests = http_count(api_http(s->api));
	out->polls = http_count(api_http(s->poll_api));
}

enum wk_status sync_envelopes(struct sync *s, const struct sync_group *g,
			      struct envelopes **out)
{
	struct sealing *sealing = map_get(s->envelopes, bytes_str(g->id));
	enum wk_status st;

	if (sealing) {
		*out = sealing->envelopes;
		return WK_OK;
	}
	sealing = calloc(1, sizeof *sealing);
	if (!sealing)
		return WK_NOMEM;
	(void)snprintf(sealing->id, sizeof sealing->id, "%s", g->id);
	st = envelopes_new(g->key, &sealing->envelopes);
	if (st == WK_OK)
		st = map_put(s->envelopes, bytes_str(sealing->id), sealing);
	if (st != WK_OK) {
		envelopes_free(sealing->envelopes);
		free(sealing);
		return st;
	}
	*out = sealing->envelopes;
	return WK_OK;
}

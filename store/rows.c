/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owner's side of rows.  A write is sealed and put into the open batch; a
 * read asks the open batch, then the one that is being committed, then the
 * database.  In that order each is at least as new as the next, and only the owner
 * writes, so a batch that lands between two of these steps changes no answer.
 */
#include "store/rows.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/scoped.h"
#include "store/rows_private.h"

#define READER_CACHE_KIB 256
#define WRITER_CACHE_KIB 1024
#define COPIER_CACHE_KIB 64
#define EARLY_BYTES (ROWS_DIRTY_MAX / 8)	/* a batch of this size is committed at once */

static void unlock(pthread_mutex_t **m)
{
	(void)pthread_mutex_unlock(*m);
}

#define LOCKED(r)                                                              \
	SCOPED(unlock) pthread_mutex_t *locked_ = &(r)->lock;                  \
	(void)pthread_mutex_lock(locked_)

static void fini(struct rows *r)
{
	rows_db_close(&r->copier);
	rows_db_close(&r->writer);
	rows_db_close(&r->reader);
	rows_batch_fini(&r->open);
	rows_batch_fini(&r->committing);
	(void)pthread_cond_destroy(&r->work);
	(void)pthread_cond_destroy(&r->room);
	(void)pthread_cond_destroy(&r->copy);
	(void)pthread_mutex_destroy(&r->lock);
	free(r->reserve_path);
	free(r);
}

static void fini_scoped(struct rows **r)
{
	if (*r)
		fini(*r);
}

static struct rows *new_rows(const struct rows_params *p)
{
	SCOPED(fini_scoped) struct rows *r = calloc(1, sizeof *r);
	pthread_condattr_t monotonic;

	if (!r)
		return NULL;
	r->loop = p->loop;
	r->sealer = p->sealer;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&r->work, &monotonic);
	(void)pthread_cond_init(&r->room, &monotonic);
	(void)pthread_cond_init(&r->copy, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	rows_batch_init(&r->open, 1);
	rows_batch_init(&r->committing, 0);
	if (asprintf(&r->reserve_path, "%s-reserve", p->path) < 0) {
		r->reserve_path = NULL;
		return NULL;
	}
	return take(&r);
}

enum wk_status rows_open(const struct rows_params *p, struct rows **rows_out)
{
	SCOPED(fini_scoped) struct rows *r = new_rows(p);
	enum wk_status st;

	if (!r)
		return WK_NOMEM;
	st = rows_db_open(p->path, WRITER_CACHE_KIB, &r->writer);
	if (st == WK_OK)
		st = rows_db_create(&r->writer);
	if (st == WK_OK)
		st = rows_db_open(p->path, READER_CACHE_KIB, &r->reader);
	if (st == WK_OK)
		st = rows_db_open(p->path, COPIER_CACHE_KIB, &r->copier);
	if (st == WK_OK)
		st = rows_commit_start(r);
	if (st == WK_OK)
		*rows_out = take(&r);
	return st;
}

enum wk_status rows_close(struct rows *r)
{
	enum wk_status st;

	if (!r)
		return WK_OK;
	st = rows_commit_stop(r);
	fini(r);
	return st;
}

void rows_set_sealer(struct rows *r, struct row_sealer *sealer)
{
	r->sealer = sealer;
}

/* --- reading --- */

static struct row_place place_of(enum rows_table t, int64_t key1, int64_t key2)
{
	return (struct row_place){ .table = rows_db_table(t), .key1 = key1, .key2 = key2,
				   .column = "v" };
}

static enum wk_status read_database(struct rows *r, enum rows_table t, int64_t key1, int64_t key2,
				    struct buf *value_out)
{
	const struct row_place at = place_of(t, key1, key2);
	sqlite3_stmt *s;
	enum wk_status st = rows_db_statement(&r->reader, t, ROWS_SQL_GET, key1, key2, &s);
	int rc;

	if (st != WK_OK)
		return st;
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		st = row_open(r->sealer, &at,
			      bytes_of(sqlite3_column_blob(s, 0),
				       (size_t)sqlite3_column_bytes(s, 0)),
			      value_out);
	else
		st = rc == SQLITE_DONE ? WK_NOT_FOUND : rows_db_status(r->reader.sql, rc);
	(void)sqlite3_reset(s);
	return st;
}

/* WK_BUSY: neither batch decides about it. */
static enum wk_status read_batches(struct rows *r, enum rows_table t, int64_t key1, int64_t key2,
				   struct buf *value_out)
{
	const struct row_place at = place_of(t, key1, key2);
	const struct rows_entry *e;
	LOCKED(r);

	if (!rows_batch_knows(&r->open, t, key1, key2, &e) &&
	    !rows_batch_knows(&r->committing, t, key1, key2, &e))
		return WK_BUSY;
	return e ? row_open(r->sealer, &at, bytes_of(e->sealed, e->n), value_out) : WK_NOT_FOUND;
}

enum wk_status rows_get(struct rows *r, enum rows_table t, int64_t key1, int64_t key2,
			struct buf *value_out)
{
	enum wk_status st = read_batches(r, t, key1, key2, value_out);

	return st == WK_BUSY ? read_database(r, t, key1, key2, value_out) : st;
}

/* --- writing --- */

static size_t dirty_bytes(const struct rows *r)
{
	return r->open.bytes + r->committing.bytes;
}

/* Decides whether puts are taken, once there is room for them: writers wait where it ends.
 * The caller holds the lock and is in no change. */
static enum wk_status admit(struct rows *r, bool freeing)
{
	size_t limit = ROWS_DIRTY_STOP + (freeing ? (size_t)ROWS_DIRTY_MAX : 0);

	while (dirty_bytes(r) >= limit && r->health == WK_OK) {
		r->wanted = r->open.number;
		(void)pthread_cond_signal(&r->work);
		(void)pthread_cond_wait(&r->room, &r->lock);
	}
	if (dirty_bytes(r) >= limit || (r->health == WK_FULL && !freeing))
		return r->health;
	return WK_OK;
}

static void begin(struct rows *r, bool freeing)
{
	if (r->depth++ > 0)
		return;
	LOCKED(r);
	r->taken = admit(r, freeing);
	r->in_change = true;
}

void rows_begin(struct rows *r)
{
	begin(r, false);
}

void rows_begin_freeing(struct rows *r)
{
	begin(r, true);
}

enum wk_status rows_admitted(const struct rows *r)
{
	return r->taken;
}

void rows_end(struct rows *r)
{
	if (--r->depth > 0)
		return;
	LOCKED(r);
	r->in_change = false;
	if (r->wanted >= r->open.number || (r->idle && !rows_batch_is_empty(&r->open)))
		(void)pthread_cond_signal(&r->work);
}

/* After a write to the open batch: the committer sleeps without an end until the first one. */
static void wake_committer(struct rows *r)
{
	bool early = r->open.bytes >= EARLY_BYTES && r->wanted < r->open.number;

	if (early)
		r->wanted = r->open.number;
	if ((r->idle || early) && !r->in_change)
		(void)pthread_cond_signal(&r->work);
}

/* Whether a write is taken now: decided at its change's begin, or here when it stands alone. */
static enum wk_status admitted(struct rows *r, bool freeing)
{
	return r->depth > 0 ? r->taken : admit(r, freeing);
}

enum wk_status rows_put(struct rows *r, enum rows_table t, int64_t key1, int64_t key2,
			struct bytes value)
{
	const struct row_place at = place_of(t, key1, key2);
	SCOPED(scoped_free) uint8_t *sealed = NULL;
	struct buf into;
	enum wk_status st;

	if (value.n > UINT32_MAX - ROW_OVERHEAD)
		return WK_LIMIT;
	sealed = malloc(value.n + ROW_OVERHEAD);
	if (!sealed)
		return WK_NOMEM;
	into = (struct buf){ .p = sealed, .cap = value.n + ROW_OVERHEAD,
			     .max = value.n + ROW_OVERHEAD };
	st = row_seal(r->sealer, &at, value, &into);
	if (st != WK_OK)
		return st;

	LOCKED(r);
	st = admitted(r, false);
	if (st == WK_OK)
		st = rows_batch_put(&r->open, t, key1, key2, sealed, into.n);
	if (st == WK_OK) {
		(void)take(&sealed);
		wake_committer(r);
	}
	return st;
}

enum wk_status rows_delete(struct rows *r, enum rows_table t, int64_t key1, int64_t key2)
{
	LOCKED(r);
	enum wk_status st = r->depth > 0 ? WK_OK : admit(r, true);

	if (st == WK_OK)
		st = rows_batch_put(&r->open, t, key1, key2, NULL, 0);
	if (st == WK_OK)
		wake_committer(r);
	return st;
}

enum wk_status rows_delete_from(struct rows *r, enum rows_table t, int64_t key1, int64_t from)
{
	if (!rows_db_has_key2(t))
		return from <= 0 ? rows_delete(r, t, key1, 0) : WK_OK;

	LOCKED(r);
	enum wk_status st = r->depth > 0 ? WK_OK : admit(r, true);

	if (st == WK_OK)
		st = rows_batch_delete_from(&r->open, t, key1, from);
	if (st == WK_OK)
		wake_committer(r);
	return st;
}

/* --- durability --- */

static void run_waiter(void *arg)
{
	struct rows_waiter *w = arg;

	w->done(w->arg, w->st);
	free(w);
}

enum wk_status rows_flush(struct rows *r, rows_done_fn *done, void *arg)
{
	struct rows_waiter *w = malloc(sizeof *w);
	enum wk_status st = WK_OK;

	if (!w)
		return WK_NOMEM;
	LOCKED(r);
	*w = (struct rows_waiter){ .next = r->waiters, .done = done, .arg = arg };
	if (rows_batch_is_empty(&r->open) && rows_batch_is_empty(&r->committing)) {
		st = loop_post(r->loop, run_waiter, w);
		if (st != WK_OK)
			free(w);
		return st;
	}
	w->upto = rows_batch_is_empty(&r->open) ? r->committing.number : r->open.number;
	r->waiters = w;
	if (r->wanted < w->upto)
		r->wanted = w->upto;
	(void)pthread_cond_signal(&r->work);
	return WK_OK;
}

enum wk_status rows_flush_wait(struct rows *r)
{
	LOCKED(r);
	uint64_t upto = rows_batch_is_empty(&r->open) ? r->committing.number : r->open.number;
	uint64_t failures = r->failures;

	if (rows_batch_is_empty(&r->open) && rows_batch_is_empty(&r->committing))
		return WK_OK;
	assert(r->depth == 0);
	if (r->wanted < upto)
		r->wanted = upto;
	(void)pthread_cond_signal(&r->work);
	while (r->landed < upto && r->failures == failures)
		(void)pthread_cond_wait(&r->room, &r->lock);
	return r->landed >= upto ? WK_OK : r->health;
}

size_t rows_dirty_bytes(const struct rows *r)
{
	struct rows *mutable = (struct rows *)(uintptr_t)r;
	LOCKED(mutable);

	return dirty_bytes(r);
}

enum wk_status rows_health(const struct rows *r)
{
	struct rows *mutable = (struct rows *)(uintptr_t)r;
	LOCKED(mutable);

	return r->health;
}

uint64_t rows_commits(const struct rows *r)
{
	return r->commits;
}

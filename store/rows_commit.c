/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The committer: a thread that takes the open batch as a whole, never in the
 * middle of a change, and writes it in one transaction.  The batch is freed only
 * when COMMIT has returned.  When SQLite has no space or fails, it has rolled
 * back everything of the transaction, and the batch is written again:
 *
 *  - A full disk: the reserve file is given up, which makes room for what was acknowledged, and
 *    the batch is tried once more at once.  From then on health is WK_FULL, so that no new
 *    write is acknowledged, until the reserve could be made again.
 *  - Anything else, or still full: those who wait are told, and it is tried again after a pause.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/scoped.h"
#include "store/rows_private.h"

#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS 5000
#define RESERVE_RETRY_MS 1000
#define CLOSE_TRIES 3
#define SHRINK_MS 20
#define SHRINK_QUIET_MS 2000	/* free pages are likely to be used again soon */
#define TRIM_BYTES (4u * 1024 * 1024)

/* --- the reserve --- */

static bool make_reserve(struct rows *r)
{
	SCOPED(scoped_close) int fd = -1;

	if (r->has_reserve)
		return true;
	fd = open(r->reserve_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	r->has_reserve = posix_fallocate(fd, 0, ROWS_RESERVE) == 0;
	if (!r->has_reserve)
		(void)unlink(r->reserve_path);
	return r->has_reserve;
}

static void give_up_reserve(struct rows *r)
{
	(void)unlink(r->reserve_path);
	r->has_reserve = false;
}

/* --- one batch, one transaction --- */

static enum wk_status step(struct rows_db *db, sqlite3_stmt *s)
{
	int rc = sqlite3_step(s);
	enum wk_status st = rows_db_status(db->sql, rc);

	(void)sqlite3_reset(s);
	return st;
}

static enum wk_status write_ranges(struct rows_db *db, const struct rows_batch *b)
{
	for (const struct rows_family *f = b->first_family; f; f = f->next) {
		sqlite3_stmt *s;
		enum wk_status st;

		if (f->gone_from == ROWS_NOT_GONE)
			continue;
		st = rows_db_statement(db, f->table, ROWS_SQL_DELETE_FROM, f->key1, f->gone_from,
				       &s);
		if (st == WK_OK)
			st = step(db, s);
		if (st != WK_OK)
			return st;
	}
	return WK_OK;
}

static enum wk_status write_entry(struct rows_db *db, const struct rows_entry *e)
{
	sqlite3_stmt *s;
	enum wk_status st = rows_db_statement(db, e->table,
					      e->sealed ? ROWS_SQL_PUT : ROWS_SQL_DELETE, e->key1,
					      e->key2, &s);

	if (st != WK_OK)
		return st;
	if (e->sealed && sqlite3_bind_blob64(s, 3, e->sealed, e->n, SQLITE_STATIC) != SQLITE_OK)
		return rows_db_status(db->sql, sqlite3_errcode(db->sql));
	return step(db, s);
}

static enum wk_status simple(struct rows_db *db, const char *text)
{
	return rows_db_status(db->sql, sqlite3_exec(db->sql, text, NULL, NULL, NULL));
}

static enum wk_status write_batch(struct rows_db *db, const struct rows_batch *b)
{
	enum wk_status st = simple(db, "BEGIN IMMEDIATE");

	if (st == WK_OK)
		st = write_ranges(db, b);
	for (const struct rows_entry *e = b->first; e && st == WK_OK; e = e->next)
		st = write_entry(db, e);
	if (st == WK_OK)
		st = simple(db, "COMMIT");
	/* SQLite may have rolled back by itself already. */
	if (st != WK_OK && !sqlite3_get_autocommit(db->sql) && simple(db, "ROLLBACK") != WK_OK)
		log_error("store: a failed commit could not be rolled back");
	return st;
}

static enum wk_status land_batch(struct rows *r)
{
	enum wk_status st = write_batch(&r->writer, &r->committing);

	if (st == WK_FULL && r->has_reserve) {
		log_warn("store: the disk is full; giving up the reserve to keep what was written");
		give_up_reserve(r);
		st = write_batch(&r->writer, &r->committing);
	}
	return st;
}

/* --- telling --- */

static void run_waiter(void *arg)
{
	struct rows_waiter *w = arg;

	w->done(w->arg, w->st);
	free(w);
}

/* Answers those who wait for this batch or an earlier one.  The caller holds the lock. */
static void answer(struct rows *r, uint64_t upto, enum wk_status st)
{
	struct rows_waiter **at = &r->waiters, *due = NULL;

	while (*at) {
		struct rows_waiter *w = *at;

		if (w->upto > upto) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->next = due;		/* the list is newest first: this turns it round */
		w->st = st;
		due = w;
	}
	while (due) {
		struct rows_waiter *next = due->next;

		if (loop_post(r->loop, run_waiter, due) != WK_OK)
			free(due);
		due = next;
	}
	(void)pthread_cond_broadcast(&r->room);
}

static void set_health(struct rows *r, enum wk_status health)
{
	if (r->health == health)
		return;
	if (health == WK_OK)
		log_info("store: there is space again");
	else
		log_warn("store: writing fails: %s", wk_status_text(health));
	r->health = health;
}

/* --- the thread --- */

static struct timespec at_us(int64_t mono_us)
{
	return (struct timespec){ .tv_sec = mono_us / 1000000,
				  .tv_nsec = (mono_us % 1000000) * 1000 };
}

static void sleep_ms(struct rows *r, int64_t ms)
{
	struct timespec until = at_us(clock_mono_us() + ms * 1000);

	(void)pthread_cond_timedwait(&r->work, &r->lock, &until);
}

/* Sleeps until it is woken, or there is something to tidy. */
static void nap(struct rows *r)
{
	r->idle = true;
	if (r->shrinking)
		sleep_ms(r, r->has_reserve && r->quiet ? SHRINK_QUIET_MS : SHRINK_MS);
	else if (!r->has_reserve)
		sleep_ms(r, RESERVE_RETRY_MS);
	else
		(void)pthread_cond_wait(&r->work, &r->lock);
	r->idle = false;
}

/* What is done while nothing waits to be written.  The caller holds the lock; it is let go. */
static void tidy(struct rows *r)
{
	if (r->shrinking) {
		(void)pthread_mutex_unlock(&r->lock);
		rows_copy_shrink(r);
		r->shrinking = rows_copy_can_shrink(r);
		r->quiet = false;
		(void)pthread_mutex_lock(&r->lock);
	}
	if (!r->has_reserve) {
		bool made;

		(void)pthread_mutex_unlock(&r->lock);
		made = make_reserve(r);
		(void)pthread_mutex_lock(&r->lock);
		if (made)
			set_health(r, WK_OK);
	}
}

/* Waits until the open batch is due, and takes it.  False: closing, and nothing is left. */
static bool take_batch(struct rows *r)
{
	for (;;) {
		bool empty = rows_batch_is_empty(&r->open);
		int64_t due_us = r->open.began_us + ROWS_COMMIT_MS * 1000;
		bool due = !empty && (r->wanted >= r->open.number || r->closing ||
				      clock_mono_us() >= due_us);

		if (due && !r->in_change)
			break;
		if (empty && r->closing)
			return false;
		if (!empty && !due) {
			struct timespec until = at_us(due_us);

			(void)pthread_cond_timedwait(&r->work, &r->lock, &until);
			continue;
		}
		nap(r);
		if (empty && rows_batch_is_empty(&r->open) && !r->closing)
			tidy(r);
	}
	r->committing = r->open;
	rows_batch_init(&r->open, r->committing.number + 1);
	return true;
}

/* The caller holds the lock; it is let go while memory is given back. */
static void landed(struct rows *r, bool has_reserve)
{
	struct rows_batch done = r->committing;
	bool trim = done.bytes >= TRIM_BYTES && rows_batch_is_empty(&r->open);

	r->landed = done.number;
	rows_batch_init(&r->committing, done.number);
	r->commits++;
	set_health(r, has_reserve ? WK_OK : WK_FULL);
	answer(r, r->landed, WK_OK);
	(void)pthread_mutex_unlock(&r->lock);
	rows_batch_fini(&done);
	if (trim)
		(void)malloc_trim(0);
	rows_copy_consider(r);
	r->shrinking = rows_copy_can_shrink(r);
	r->quiet = true;
	(void)pthread_mutex_lock(&r->lock);
}

/* Brings the batch that was taken to disk, however long it takes; at closing a few tries. */
static enum wk_status land(struct rows *r)
{
	int64_t pause_ms = RETRY_FIRST_MS;
	unsigned tries_left = CLOSE_TRIES;
	enum wk_status st;

	for (;;) {
		bool has_reserve;

		(void)pthread_mutex_unlock(&r->lock);
		st = land_batch(r);
		/* Where a file system cannot set space aside, this writes all of it. */
		has_reserve = st == WK_OK && make_reserve(r);
		(void)pthread_mutex_lock(&r->lock);
		if (st == WK_OK) {
			landed(r, has_reserve);
			return WK_OK;
		}
		set_health(r, st);
		r->failures++;
		answer(r, r->committing.number, st);
		if (r->closing && --tries_left == 0)
			return st;
		sleep_ms(r, r->closing ? RETRY_FIRST_MS : pause_ms);
		pause_ms = pause_ms * 2 > RETRY_LAST_MS ? RETRY_LAST_MS : pause_ms * 2;
	}
}

static void *run(void *arg)
{
	struct rows *r = arg;
	enum wk_status st = WK_OK;

	(void)pthread_mutex_lock(&r->lock);
	while (st == WK_OK && take_batch(r))
		st = land(r);
	if (st != WK_OK)
		log_error("store: %zu bytes could not be written: %s",
			  r->committing.bytes + r->open.bytes, wk_status_text(st));
	answer(r, UINT64_MAX, st);
	(void)pthread_mutex_unlock(&r->lock);
	return NULL;
}

enum wk_status rows_commit_start(struct rows *r)
{
	enum wk_status st;

	if (!make_reserve(r))
		set_health(r, WK_FULL);
	st = rows_copy_start(r);
	if (st != WK_OK)
		return st;
	if (pthread_create(&r->committer, NULL, run, r) != 0) {
		rows_copy_stop(r);
		give_up_reserve(r);
		return WK_NOMEM;
	}
	return WK_OK;
}

enum wk_status rows_commit_stop(struct rows *r)
{
	bool clean;

	(void)pthread_mutex_lock(&r->lock);
	r->closing = true;
	(void)pthread_cond_signal(&r->work);
	(void)pthread_mutex_unlock(&r->lock);
	(void)pthread_join(r->committer, NULL);
	rows_copy_stop(r);
	give_up_reserve(r);
	clean = rows_batch_is_empty(&r->open) && rows_batch_is_empty(&r->committing);
	return clean ? WK_OK : r->health;
}

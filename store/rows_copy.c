/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps the files of the database small.
 *
 * The checkpointer: copies the write-ahead log back into the database file on a
 * thread and connection of its own, because it takes 150-500 ms that no commit should
 * wait for.  Passive checkpoints never finish while commits go on without a
 * pause; so when the log has grown all the same, the committer does the (by then short) rest
 * between two commits, and the log starts anew.
 *
 * Free pages: when deleting has left many, the committer moves the last pages into them in
 * small steps while it is idle, and the file gets shorter; on a full disk, few are enough.
 */
#include "base/log.h"
#include "store/rows_private.h"

#define COPY_PAGES 500		/* of log, about 4 MiB: worth a checkpoint */
#define CATCH_UP_PAGES 4000	/* the committer helps */

#define SHRINK_PAGES 4096	/* free ones that are worth it: 32 MiB, */
#define SHRINK_PART 4		/* and a quarter of the file */
#define SHRINK_STEP "PRAGMA incremental_vacuum(256)"

static int checkpoint(struct rows_db *db)
{
	return sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static int note_pages(void *arg, sqlite3 *sql, const char *name, int pages)
{
	struct rows *r = arg;

	(void)sql;
	(void)name;
	r->wal_pages = pages;
	return SQLITE_OK;
}

static void *run(void *arg)
{
	struct rows *r = arg;

	(void)pthread_mutex_lock(&r->lock);
	for (;;) {
		int rc;

		while (!r->copy_wanted && !r->copier_ends)
			(void)pthread_cond_wait(&r->copy, &r->lock);
		if (r->copier_ends)
			break;
		r->copy_wanted = false;
		(void)pthread_mutex_unlock(&r->lock);
		rc = checkpoint(&r->copier);
		if (rc != SQLITE_OK && rc != SQLITE_BUSY)
			log_warn("store: checkpoint failed: %d", rc);
		(void)pthread_mutex_lock(&r->lock);
	}
	(void)pthread_mutex_unlock(&r->lock);
	return NULL;
}

void rows_copy_consider(struct rows *r)
{
	if (r->wal_pages >= COPY_PAGES) {
		(void)pthread_mutex_lock(&r->lock);
		r->copy_wanted = true;
		(void)pthread_cond_signal(&r->copy);
		(void)pthread_mutex_unlock(&r->lock);
	}
	if (r->wal_pages >= CATCH_UP_PAGES)
		(void)checkpoint(&r->writer);
}

static int64_t ask(struct rows_db *db, const char *pragma)
{
	sqlite3_stmt *s = NULL;
	int64_t value = 0;

	if (sqlite3_prepare_v2(db->sql, pragma, -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		value = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	return value;
}

bool rows_copy_can_shrink(struct rows *r)
{
	const int64_t pages = ask(&r->writer, "PRAGMA page_count");
	const int64_t unused = ask(&r->writer, "PRAGMA freelist_count");

	if (!r->has_reserve)
		return unused > 0;
	return unused >= SHRINK_PAGES && unused >= pages / SHRINK_PART;
}

void rows_copy_shrink(struct rows *r)
{
	int rc = sqlite3_exec(r->writer.sql, SHRINK_STEP, NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		log_debug("store: giving space back failed: %d", rc);
	/* Only a checkpoint makes the file shorter. */
	if (!r->has_reserve)
		(void)checkpoint(&r->writer);
	else
		rows_copy_consider(r);
}

enum wk_status rows_copy_start(struct rows *r)
{
	(void)sqlite3_wal_hook(r->writer.sql, note_pages, r);
	return pthread_create(&r->checkpointer, NULL, run, r) == 0 ? WK_OK : WK_NOMEM;
}

void rows_copy_stop(struct rows *r)
{
	(void)pthread_mutex_lock(&r->lock);
	r->copier_ends = true;
	(void)pthread_cond_signal(&r->copy);
	(void)pthread_mutex_unlock(&r->lock);
	(void)pthread_join(r->checkpointer, NULL);
}

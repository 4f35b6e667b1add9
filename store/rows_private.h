/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_ROWS_PRIVATE_H
#define STORE_ROWS_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "store/rows.h"

/* What the files of rows share: the database (rows_db.c), what is not yet in it
 * (rows_batch.c), who brings it there (rows_commit.c). */

/* --- one connection and its statements; used by one thread at a time --- */

enum rows_sql {
	ROWS_SQL_GET,
	ROWS_SQL_PUT,
	ROWS_SQL_DELETE,
	ROWS_SQL_DELETE_FROM,
	ROWS_SQL_EACH,
	ROWS_SQL_NEXT,
	ROWS_SQL_LAST,
	ROWS_SQLS
};

struct rows_db {
	sqlite3 *sql;
	sqlite3_stmt *statements[ROWS_TABLES][ROWS_SQLS];	/* made when first used */
	sqlite3_stmt *begin, *commit;
};

const char *rows_db_table(enum rows_table t);
bool rows_db_has_key2(enum rows_table t);
/* The status for a connection's last error. */
enum wk_status rows_db_status(sqlite3 *sql, int rc);
enum wk_status rows_db_open(const char *path, int cache_kib, struct rows_db *db_out);
void rows_db_close(struct rows_db *db);
/* Makes tables that are missing. */
enum wk_status rows_db_create(struct rows_db *db);
/* Bound to the keys that it has; the caller steps it and resets it at once. */
enum wk_status rows_db_statement(struct rows_db *db, enum rows_table t, enum rows_sql which,
				 int64_t key1, int64_t key2, sqlite3_stmt **out);

/* --- writes that are not yet durable --- */

struct rows_entry {
	struct rows_entry *chain;	/* in its bucket */
	struct rows_entry *next;	/* in the order of writing */
	struct rows_entry *sibling;	/* of the same family */
	int64_t key1, key2;
	uint8_t *sealed;		/* NULL: deleted */
	uint32_t n;
	uint8_t table;
};

/* What a two-key table's rows of one key1 have in common. */
struct rows_family {
	struct rows_family *chain, *next;
	struct rows_entry *entries;
	int64_t key1;
	int64_t gone_from;		/* rows from here on are deleted, but for entries here */
	uint8_t table;
};
#define ROWS_NOT_GONE INT64_MAX

struct rows_batch {
	struct rows_entry **buckets;
	struct rows_entry *first, **tail;
	struct rows_family **family_buckets;
	struct rows_family *first_family;
	size_t mask, count, family_mask, family_count;
	size_t bytes;			/* memory held */
	uint64_t number;		/* grows by one a batch */
	int64_t began_us;
};

void rows_batch_init(struct rows_batch *b, uint64_t number);
void rows_batch_fini(struct rows_batch *b);
static inline bool rows_batch_is_empty(const struct rows_batch *b)
{
	return b->count == 0 && b->family_count == 0;
}
/* Takes over `sealed` (NULL: deleted) unless it fails. */
enum wk_status rows_batch_put(struct rows_batch *b, enum rows_table t, int64_t key1, int64_t key2,
			      uint8_t *sealed, size_t n);
enum wk_status rows_batch_delete_from(struct rows_batch *b, enum rows_table t, int64_t key1,
				      int64_t from);
/* Whether the batch decides about this row: *entry_out is it, or NULL when it is gone. */
bool rows_batch_knows(const struct rows_batch *b, enum rows_table t, int64_t key1, int64_t key2,
		      const struct rows_entry **entry_out);
const struct rows_family *rows_batch_family(const struct rows_batch *b, enum rows_table t,
					    int64_t key1);

/* --- the whole --- */

struct rows_waiter {
	struct rows_waiter *next;
	uint64_t upto;			/* waits for this batch and those before */
	rows_done_fn *done;
	void *arg;
	enum wk_status st;
};

struct rows {
	struct loop *loop;
	_Atomic(struct row_sealer *) sealer;
	struct rows_db reader;		/* the owner's */
	struct rows_db writer;		/* the committer's */
	struct rows_db copier;		/* the checkpointer's */
	char *reserve_path;
	pthread_t committer, checkpointer;
	unsigned depth;			/* owner: of rows_begin() */
	enum wk_status taken;		/* owner: what puts of this change are answered */
	_Atomic uint64_t commits;

	pthread_mutex_t lock;		/* everything below */
	pthread_cond_t work;		/* for the committer */
	pthread_cond_t room;		/* for the owner: a batch has landed or failed */
	pthread_cond_t copy;		/* for the checkpointer */
	struct rows_batch open;
	struct rows_batch committing;	/* unchanged until it has landed: read without the lock */
	bool in_change;			/* between begin and end: `open` stays */
	bool idle;			/* the committer sleeps until it is woken */
	bool closing;
	bool copy_wanted, copier_ends;
	uint64_t wanted;		/* batches up to this one are wanted at once */
	uint64_t landed;		/* batches up to this one are durable */
	struct rows_waiter *waiters;
	enum wk_status health;
	uint64_t failures;		/* commits that failed, the reserve given up and all */

	/* the committer's own: */
	bool has_reserve;
	bool shrinking;
	bool quiet;			/* shrinking waits for a quiet moment first */
	int wal_pages;
};

enum wk_status rows_commit_start(struct rows *r);
/* Commits what is left, ends both threads; the status of the last commit. */
enum wk_status rows_commit_stop(struct rows *r);

/* The checkpointer: copies the log back into the database file when it is told to. */
enum wk_status rows_copy_start(struct rows *r);
void rows_copy_stop(struct rows *r);
/* Committer, after a commit, without the lock. */
void rows_copy_consider(struct rows *r);
/* Committer, while idle, without the lock: whether the file should get shorter, and a step of
 * it. */
bool rows_copy_can_shrink(struct rows *r);
void rows_copy_shrink(struct rows *r);

#endif

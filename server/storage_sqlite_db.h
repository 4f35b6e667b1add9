/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_STORAGE_SQLITE_DB_H
#define SERVER_STORAGE_SQLITE_DB_H

#include <pthread.h>
#include <sqlite3.h>

#include "base/scoped.h"
#include "server/storage.h"

/*
 * Private to storage_sqlite*.c: connections, statements, rows.
 *
 * The revisions of a group lie together in one B-tree, by sequence: their row id
 * is group number and sequence in one integer.
 */
#define SQLITE_SEQ_BITS 40
#define SQLITE_SEQ_MAX ((1LL << SQLITE_SEQ_BITS) - 1)

static inline int64_t sqlite_revision_n(int64_t group_n, uint64_t seq)
{
	return group_n << SQLITE_SEQ_BITS | (int64_t)(seq & (uint64_t)SQLITE_SEQ_MAX);
}

#define SQLITE_STATEMENTS 64

struct sqlite_storage;

/* A connection is a transaction when it is lent out. */
struct storage_tx {
	struct sqlite_storage *storage;
	struct storage_tx *next;	/* idle ones */
	sqlite3 *db;
	bool is_write;
	size_t count;
	const char *texts[SQLITE_STATEMENTS];	/* of prepared ones: compared by address */
	sqlite3_stmt *statements[SQLITE_STATEMENTS];
};

struct sqlite_storage {
	struct storage base;
	char *path;
	int lock_fd;
	struct storage_tx *writer;
	pthread_mutex_t mutex;		/* guards what follows */
	pthread_cond_t wake;
	struct storage_tx *idle;	/* reading connections */
	bool is_checkpoint_due, is_closing;
	pthread_t checkpointer;
};

/* Logs once and translates. */
enum wk_status sqlite_status(sqlite3 *db, int rc, const char *doing);

/*
 * A statement of this connection, prepared once for each text (a string constant);
 * reset and unbound when its scope ends:  SCOPED(sqlite_done) sqlite3_stmt *q = ...
 * Failures of preparing and binding show up in sqlite_step().
 */
sqlite3_stmt *sqlite_query(struct storage_tx *tx, const char *text);
void sqlite_done(sqlite3_stmt **q);
/* WK_OK: a row.  WK_NOT_FOUND: none (any more). */
enum wk_status sqlite_step(struct storage_tx *tx, sqlite3_stmt *q);
/* Runs one that gives no rows. */
enum wk_status sqlite_run(struct storage_tx *tx, sqlite3_stmt *q);

void sqlite_bind_bytes(sqlite3_stmt *q, int at, struct bytes text);	/* as text; .p NULL: null */
void sqlite_bind_blob(sqlite3_stmt *q, int at, const uint8_t *p, size_t n);
/* Borrowed until the next step; .p NULL for null. */
struct bytes sqlite_text(sqlite3_stmt *q, int at);
/* A blob of exactly n bytes; WK_CORRUPT. */
enum wk_status sqlite_blob(sqlite3_stmt *q, int at, uint8_t *out, size_t n);
/* To the arena; .p stays NULL for null.  WK_NOMEM. */
enum wk_status sqlite_copy(sqlite3_stmt *q, int at, struct arena *arena, struct bytes *out);

/* The operations, by file. */
enum wk_status sqlite_secret(struct storage_tx *tx, const char *purpose,
			     uint8_t secret_out[STORAGE_SECRET]);
enum wk_status sqlite_account_add(struct storage_tx *tx, const struct storage_account *a);
enum wk_status sqlite_account_by_email(struct storage_tx *tx, struct bytes email,
				       struct arena *arena, struct storage_account *out);
enum wk_status sqlite_account_by_n(struct storage_tx *tx, int64_t account_n, struct arena *arena,
				   struct storage_account *out);
enum wk_status sqlite_session_add(struct storage_tx *tx, const uint8_t hash[HASH_SIZE],
				  int64_t account_n, int64_t now_ms);
enum wk_status sqlite_session_find(struct storage_tx *tx, const uint8_t hash[HASH_SIZE],
				   struct arena *arena, struct storage_session *out);
enum wk_status sqlite_session_touch(struct storage_tx *tx, const uint8_t hash[HASH_SIZE],
				    int64_t now_ms);
enum wk_status sqlite_session_end(struct storage_tx *tx, const uint8_t hash[HASH_SIZE]);
enum wk_status sqlite_sessions_expire(struct storage_tx *tx, int64_t created_ms,
				      int64_t used_ms);
enum wk_status sqlite_group_add(struct storage_tx *tx, int64_t account_n,
				const struct wire_group *told, int64_t now_ms,
				int64_t *group_n_out);
enum wk_status sqlite_group_find(struct storage_tx *tx, int64_t account_n, struct bytes id,
				 int64_t *group_n_out);
enum wk_status sqlite_group_get(struct storage_tx *tx, int64_t account_n, struct bytes id,
				struct arena *arena, struct storage_group *out);
enum wk_status sqlite_groups(struct storage_tx *tx, int64_t account_n, storage_group_fn *fn,
			     void *arg);
enum wk_status sqlite_heads(struct storage_tx *tx, int64_t account_n, storage_head_fn *fn,
			    void *arg);
enum wk_status sqlite_head(struct storage_tx *tx, int64_t group_n, struct storage_head *out);
enum wk_status sqlite_group_disable(struct storage_tx *tx, int64_t group_n);
enum wk_status sqlite_group_is_subset(struct storage_tx *tx, int64_t part, int64_t whole,
				      bool *is_subset_out, uint64_t *count_out);
enum wk_status sqlite_account_reset(struct storage_tx *tx, int64_t account_n);
enum wk_status sqlite_put(struct storage_tx *tx, const struct storage_put *put,
			  struct storage_put_result *out);
enum wk_status sqlite_revive(struct storage_tx *tx, int64_t group_n, struct bytes id,
			     const uint8_t mark[STORAGE_MARK]);
enum wk_status sqlite_mark_known(struct storage_tx *tx, int64_t group_n, uint64_t seq,
				 const uint8_t mark[STORAGE_MARK], bool *known_out);
enum wk_status sqlite_mark_of(struct storage_tx *tx, int64_t group_n, uint64_t seq,
			      uint8_t mark_out[STORAGE_MARK]);
enum wk_status sqlite_changes(struct storage_tx *tx, const struct storage_changes *what,
			      storage_resource_fn *fn, void *arg);
enum wk_status sqlite_listing(struct storage_tx *tx, int64_t group_n, struct bytes after,
			      unsigned limit, storage_light_fn *fn, void *arg);
enum wk_status sqlite_lights(struct storage_tx *tx, int64_t group_n, storage_light_fn *fn,
			     void *arg);
enum wk_status sqlite_fetch(struct storage_tx *tx, int64_t group_n, struct bytes id,
			    unsigned chain_max, storage_resource_fn *fn, void *arg);
enum wk_status sqlite_revision(struct storage_tx *tx, int64_t group_n, uint64_t seq,
			       storage_resource_fn *fn, void *arg);
enum wk_status sqlite_revisions(struct storage_tx *tx, int64_t group_n, struct bytes id,
				unsigned limit, storage_resource_fn *fn, void *arg);

#endif

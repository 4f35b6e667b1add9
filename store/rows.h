/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/loop.h"
#include "crypto/row.h"

/*
 * The sealed table store below everything else: values by (table, key1, key2), each
 * sealed for its place, in one SQLite file (WAL, synchronous=FULL).
 *
 * Writes go to memory, sealed, and to disk in groups by a committer thread: a commit
 * begins at most ROWS_COMMIT_MS after the first write it carries, at once when somebody waits.  A
 * group stays in memory until its commit has returned, so that SQLite's own rollback
 * (full disk, I/O error) loses nothing; reads see the newest write always.
 * Checkpoints run on a connection and thread of their own.
 *
 * All calls by the owner thread, except where said.  No read transaction outlives a call.
 */
#define ROWS_COMMIT_MS 100
/*
 * Past the first, who writes much should wait for rows_flush() before it goes on: so a mount holds
 * the reply to a writer, and serves everybody else meanwhile.  At the second the call itself waits
 * (or fails, where writing to disk does).
 */
#define ROWS_DIRTY_MAX (32u * 1024 * 1024)
#define ROWS_DIRTY_STOP (2 * ROWS_DIRTY_MAX)

enum rows_table {
	ROWS_SETTING,	/* (enum store_setting, 0) */
	ROWS_GROUP,	/* (group number, 0) */
	ROWS_NODE,	/* (inode number, 0) */
	ROWS_DENTRY,	/* (cookie, 0) */
	ROWS_BLOCK,	/* (inode number, block index) */
	ROWS_DOC,	/* (document number, 0): everything but its text */
	ROWS_TEXT,	/* (document number, enum docs_text) */
	ROWS_PAST,	/* (document number, i): digests that were superseded */
	ROWS_TABLES
};

struct rows;

struct rows_params {
	const char *path;		/* the database file; made if missing */
	struct row_sealer *sealer;	/* borrowed */
	struct loop *loop;		/* for completions */
};
enum wk_status rows_open(const struct rows_params *p, struct rows **rows_out);
/* Commits what is left and closes; WK_FULL or WK_IO say that something could not be written. */
enum wk_status rows_close(struct rows *r);

/* Appends the value.  WK_NOT_FOUND; WK_TAMPERED: the row was moved or altered on disk. */
enum wk_status rows_get(struct rows *r, enum rows_table t, int64_t key1, int64_t key2,
			struct buf *value_out);
enum wk_status rows_put(struct rows *r, enum rows_table t, int64_t key1, int64_t key2,
			struct bytes value);
enum wk_status rows_delete(struct rows *r, enum rows_table t, int64_t key1, int64_t key2);
/* Every row of key1 with key2 >= from. */
enum wk_status rows_delete_from(struct rows *r, enum rows_table t, int64_t key1, int64_t from);

/* Each row in key order; what was written before the call is seen.  fn's status ends it. */
typedef enum wk_status rows_fn(void *arg, int64_t key1, int64_t key2, struct bytes value);
enum wk_status rows_each(struct rows *r, enum rows_table t, rows_fn *fn, void *arg);
/* Highest key1 in a table, 0 when empty. */
int64_t rows_last_key(struct rows *r, enum rows_table t);
/* The lowest key2 >= from that key1 has; WK_NOT_FOUND: none. */
enum wk_status rows_next(struct rows *r, enum rows_table t, int64_t key1, int64_t from,
			 int64_t *key2_out);

/* One visible change is one transaction: what is written between begin and end commits together.
 * Nests. */
void rows_begin(struct rows *r);
void rows_end(struct rows *r);
/*
 * The same for a change that gives space back (deleting files): its puts are taken on a full
 * disk too.
 * Whether puts are taken is decided once, at the outermost begin: after that only WK_NOMEM
 * can break a change off in the middle.
 */
void rows_begin_freeing(struct rows *r);
/* Inside a change: what its puts will be answered. */
enum wk_status rows_admitted(const struct rows *r);

/* Commits at once; done(arg, status) runs on the loop when all written before is durable. */
typedef void rows_done_fn(void *arg, enum wk_status st);
enum wk_status rows_flush(struct rows *r, rows_done_fn *done, void *arg);
/* The same, waiting (start, end and tools; never while serving a mount). */
enum wk_status rows_flush_wait(struct rows *r);

/* Bytes not yet durable; whether disk writes fail now (then rows_put says WK_FULL at once, or WK_IO
 * at the limit). */
size_t rows_dirty_bytes(const struct rows *r);
enum wk_status rows_health(const struct rows *r);
/* Of the file beside the database that is given up to land what was acknowledged on a disk that
 * turns out to be full.  While it is gone, rows_health() is WK_FULL. */
#define ROWS_RESERVE ROWS_DIRTY_MAX
/* Any thread: commits since open. */
uint64_t rows_commits(const struct rows *r);

/* From now on rows are sealed by this one (a newer generation); borrowed like the first. */
void rows_set_sealer(struct rows *r, struct row_sealer *sealer);

/* Unsealed header values (store id, format version, key slots), readable without any key; used
 * before rows_open() and by it.  name: "id", "format", "slot-passphrase", "slot-account", "generation". */
enum wk_status rows_header_get(const char *path, const char *name, struct buf *value_out);
enum wk_status rows_header_put(const char *path, const char *name, struct bytes value);

#endif

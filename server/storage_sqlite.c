/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite file: opening, schema, transactions, checkpoints.
 *
 * One connection writes; readers take theirs from a list of idle ones and never
 * wait for it (WAL).  Commits reach the disk (synchronous=FULL).  Checkpoints are
 * made by a thread of their own, so that no push waits for one.
 */
#include "server/storage_sqlite.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "server/storage_sqlite_db.h"

#define SCHEMA_VERSION 1
#define APPLICATION_ID 0x77616b65	/* "wake" */
#define CHECKPOINT_PAGES 1000

/*
 * mode, role: for groups opened to apps and for sharing; every group is strict and
 * every link an admin's so far.
 * resource: what is known of its newest revision, so that listings need not touch
 * the contents.  prev_seq: of the revision before it (0: none); context_seq: of the
 * newest with an ad.
 * revision.side_met: NULL for one that counted; for an app's push that lost, the
 * version that it lost against, and session whose push it was.
 */
static const char schema[] =
	"CREATE TABLE secret(purpose TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE account(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
	" email TEXT NOT NULL UNIQUE, first_name TEXT NOT NULL, last_name TEXT NOT NULL,"
	" salt_enc TEXT NOT NULL, salt_auth TEXT NOT NULL, salt_key TEXT NOT NULL,"
	" verifier BLOB NOT NULL, public_key TEXT NOT NULL, enc_private_key TEXT NOT NULL,"
	" enc_symmetric_key TEXT NOT NULL, created_ms INTEGER NOT NULL);"
	"CREATE TABLE session(hash BLOB PRIMARY KEY, account_n INTEGER NOT NULL,"
	" created_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX session_account ON session(account_n);"
	"CREATE TABLE grp(n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
	" name TEXT NOT NULL, parent_resource_id TEXT, mode TEXT NOT NULL DEFAULT 'strict',"
	" is_disabled INTEGER NOT NULL DEFAULT 0, created_by INTEGER NOT NULL,"
	" created_ms INTEGER NOT NULL, seq INTEGER NOT NULL DEFAULT 0, mark BLOB NOT NULL,"
	" resources INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE link(account_n INTEGER NOT NULL, group_n INTEGER NOT NULL,"
	" enc_symmetric_key TEXT NOT NULL, role TEXT NOT NULL DEFAULT 'admin',"
	" PRIMARY KEY(account_n, group_n)) WITHOUT ROWID;"
	"CREATE INDEX link_group ON link(group_n);"
	"CREATE TABLE resource(n INTEGER PRIMARY KEY, group_n INTEGER NOT NULL, id TEXT NOT NULL,"
	" seq INTEGER NOT NULL, prev_seq INTEGER NOT NULL, context_seq INTEGER NOT NULL,"
	" version BLOB NOT NULL, digest BLOB NOT NULL, type TEXT NOT NULL,"
	" removed INTEGER NOT NULL, edited_ms INTEGER NOT NULL, created_by INTEGER NOT NULL);"
	"CREATE UNIQUE INDEX resource_id ON resource(group_n, id);"
	"CREATE UNIQUE INDEX resource_seq ON resource(group_n, seq);"
	"CREATE TABLE revision(n INTEGER PRIMARY KEY, resource_n INTEGER NOT NULL,"
	" version BLOB NOT NULL, base BLOB, mark BLOB NOT NULL, type TEXT NOT NULL,"
	" name TEXT NOT NULL, removed INTEGER NOT NULL, edited_ms INTEGER NOT NULL,"
	" author INTEGER NOT NULL, ad BLOB NOT NULL, inner_hash BLOB NOT NULL,"
	" digest BLOB NOT NULL, side_met BLOB, session BLOB, enc_content TEXT NOT NULL);"
	"CREATE INDEX revision_resource ON revision(resource_n, n);"
	"CREATE INDEX revision_side ON revision(n) WHERE side_met IS NOT NULL;"
	"PRAGMA user_version = 1;";

static void connection_free(struct storage_tx *tx)
{
	if (!tx)
		return;
	for (size_t i = 0; i < tx->count; i++)
		sqlite3_finalize(tx->statements[i]);
	sqlite3_close(tx->db);
	free(tx);
}
DEFINE_SCOPED_FREE(struct storage_tx, connection_free)

static enum wk_status execute(sqlite3 *db, const char *sql)
{
	return sqlite_status(db, sqlite3_exec(db, sql, NULL, NULL, NULL), "storage: statement");
}

static enum wk_status connection_new(struct sqlite_storage *s, bool is_write,
				     struct storage_tx **tx_out)
{
	SCOPED(connection_free_scoped) struct storage_tx *tx = calloc(1, sizeof *tx);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	enum wk_status st;
	int rc;

	if (!tx)
		return WK_NOMEM;
	tx->storage = s;
	tx->is_write = is_write;
	rc = sqlite3_open_v2(s->path, &tx->db, flags, NULL);
	st = sqlite_status(tx->db, rc, "storage: open");
	if (st != WK_OK)
		return st;
	sqlite3_busy_timeout(tx->db, 10000);
	sqlite3_extended_result_codes(tx->db, 1);
	st = execute(tx->db, "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;"
			     "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
			     "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;"
			     "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;");
	if (st == WK_OK && !is_write)
		st = execute(tx->db, "PRAGMA query_only = ON;");
	if (st == WK_OK)
		*tx_out = take(&tx);
	return st;
}

static enum wk_status read_pragma(sqlite3 *db, const char *sql, int *value_out)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*value_out = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	return rc == SQLITE_ROW ? WK_OK : sqlite_status(db, rc, "storage: pragma");
}

static enum wk_status check_schema(sqlite3 *db)
{
	int version = 0, application = 0, tables = 0;
	enum wk_status st = read_pragma(db, "PRAGMA user_version", &version);

	if (st == WK_OK)
		st = read_pragma(db, "PRAGMA application_id", &application);
	if (st == WK_OK)
		st = read_pragma(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (st != WK_OK)
		return st;
	if (tables == 0 && version == 0) {
		st = execute(db, "BEGIN IMMEDIATE; PRAGMA application_id = 2002873189;");
		if (st == WK_OK)
			st = execute(db, schema);
		return st == WK_OK ? execute(db, "COMMIT") : st;
	}
	if (application != APPLICATION_ID || version < 1) {
		log_error("storage: the file is a database of something else");
		return WK_CORRUPT;
	}
	if (version > SCHEMA_VERSION) {
		log_error("storage: the database has version %d, this wakefsd knows %d", version,
			  SCHEMA_VERSION);
		return WK_UNSUPPORTED;
	}
	return WK_OK;
}

/* --- checkpoints --- */

static int on_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_storage *s = arg;

	(void)db;
	(void)name;
	if (pages >= CHECKPOINT_PAGES) {
		pthread_mutex_lock(&s->mutex);
		s->is_checkpoint_due = true;
		pthread_cond_signal(&s->wake);
		pthread_mutex_unlock(&s->mutex);
	}
	return SQLITE_OK;
}

static void *checkpoint_main(void *arg)
{
	struct sqlite_storage *s = arg;
	struct storage_tx *own = NULL;

	if (connection_new(s, true, &own) != WK_OK)
		return NULL;
	pthread_mutex_lock(&s->mutex);
	while (!s->is_closing) {
		if (!s->is_checkpoint_due) {
			pthread_cond_wait(&s->wake, &s->mutex);
			continue;
		}
		s->is_checkpoint_due = false;
		pthread_mutex_unlock(&s->mutex);
		(void)sqlite3_wal_checkpoint_v2(own->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
						NULL);
		pthread_mutex_lock(&s->mutex);
	}
	pthread_mutex_unlock(&s->mutex);
	connection_free(own);
	return NULL;
}

/* --- transactions --- */

static struct storage_tx *take_idle(struct sqlite_storage *s)
{
	struct storage_tx *tx;

	pthread_mutex_lock(&s->mutex);
	tx = s->idle;
	if (tx)
		s->idle = tx->next;
	pthread_mutex_unlock(&s->mutex);
	return tx;
}

static void put_idle(struct storage_tx *tx)
{
	struct sqlite_storage *s = tx->storage;

	if (tx->is_write)
		return;
	pthread_mutex_lock(&s->mutex);
	tx->next = s->idle;
	s->idle = tx;
	pthread_mutex_unlock(&s->mutex);
}

static enum wk_status begin(struct storage *storage, bool is_write, struct storage_tx **tx_out)
{
	struct sqlite_storage *s = (struct sqlite_storage *)storage;
	struct storage_tx *tx = is_write ? s->writer : take_idle(s);
	enum wk_status st;

	if (!tx) {
		st = connection_new(s, false, &tx);
		if (st != WK_OK)
			return st;
	}
	st = sqlite_run(tx, sqlite_query(tx, is_write ? "BEGIN IMMEDIATE" : "BEGIN"));
	if (st == WK_OK)
		*tx_out = tx;
	else
		put_idle(tx);
	return st;
}

static void abort_tx(struct storage_tx *tx)
{
	if (!sqlite3_get_autocommit(tx->db))
		(void)sqlite3_exec(tx->db, "ROLLBACK", NULL, NULL, NULL);
	put_idle(tx);
}

static enum wk_status commit(struct storage_tx *tx)
{
	enum wk_status st = sqlite_run(tx, sqlite_query(tx, "COMMIT"));

	if (st != WK_OK)
		abort_tx(tx);
	else
		put_idle(tx);
	return st;
}

static enum wk_status mark(struct storage_tx *tx)
{
	return sqlite_run(tx, sqlite_query(tx, "SAVEPOINT request"));
}

static enum wk_status keep(struct storage_tx *tx)
{
	return sqlite_run(tx, sqlite_query(tx, "RELEASE request"));
}

static enum wk_status undo(struct storage_tx *tx)
{
	enum wk_status st = sqlite_run(tx, sqlite_query(tx, "ROLLBACK TO request"));

	return st == WK_OK ? keep(tx) : st;
}

/* --- opening --- */

static void close_storage(struct storage *storage)
{
	struct sqlite_storage *s = (struct sqlite_storage *)storage;

	pthread_mutex_lock(&s->mutex);
	s->is_closing = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->mutex);
	pthread_join(s->checkpointer, NULL);
	while (s->idle) {
		struct storage_tx *tx = s->idle;

		s->idle = tx->next;
		connection_free(tx);
	}
	connection_free(s->writer);
	close(s->lock_fd);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->mutex);
	free(s->path);
	free(s);
}

static const struct storage_ops ops = {
	.close = close_storage,
	.begin = begin,
	.commit = commit,
	.abort = abort_tx,
	.mark = mark,
	.keep = keep,
	.undo = undo,
	.secret = sqlite_secret,
	.account_add = sqlite_account_add,
	.account_by_email = sqlite_account_by_email,
	.account_by_n = sqlite_account_by_n,
	.session_add = sqlite_session_add,
	.session_find = sqlite_session_find,
	.session_touch = sqlite_session_touch,
	.session_end = sqlite_session_end,
	.sessions_expire = sqlite_sessions_expire,
	.group_add = sqlite_group_add,
	.group_find = sqlite_group_find,
	.group_get = sqlite_group_get,
	.groups = sqlite_groups,
	.heads = sqlite_heads,
	.head = sqlite_head,
	.group_disable = sqlite_group_disable,
	.group_is_subset = sqlite_group_is_subset,
	.account_reset = sqlite_account_reset,
	.put = sqlite_put,
	.revive = sqlite_revive,
	.mark_known = sqlite_mark_known,
	.mark_of = sqlite_mark_of,
	.changes = sqlite_changes,
	.listing = sqlite_listing,
	.lights = sqlite_lights,
	.fetch = sqlite_fetch,
	.revision = sqlite_revision,
	.revisions = sqlite_revisions,
};

static enum wk_status take_lock(const char *path, char *owner_out, size_t owner_size, int *fd_out)
{
	SCOPED(buf_fini) struct buf name = BUF_INIT(4200);
	SCOPED(buf_fini) struct buf line = BUF_INIT(100);
	const char *name_text = NULL, *line_text = NULL;
	enum wk_status st = buf_printf(&name, "%s.lock", path);

	if (st == WK_OK)
		st = buf_cstr(&name, &name_text);
	if (st == WK_OK)
		st = buf_printf(&line, "wakefsd, process %d", (int)getpid());
	if (st == WK_OK)
		st = buf_cstr(&line, &line_text);
	return st == WK_OK ? files_lock(name_text, line_text, fd_out, owner_out, owner_size) : st;
}

static void discard(struct sqlite_storage *s)
{
	connection_free(s->writer);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->path);
	free(s);
}

enum wk_status storage_sqlite_open(const char *path, char *owner_out, size_t owner_size,
				   struct storage **storage_out)
{
	struct sqlite_storage *s = calloc(1, sizeof *s);
	enum wk_status st;

	if (!s)
		return WK_NOMEM;
	s->base.ops = &ops;
	s->lock_fd = -1;
	s->path = strdup(path);
	st = s->path ? take_lock(path, owner_out, owner_size, &s->lock_fd) : WK_NOMEM;
	if (st == WK_OK)
		st = connection_new(s, true, &s->writer);
	if (st == WK_OK)
		st = check_schema(s->writer->db);
	if (st != WK_OK) {
		discard(s);
		return st;
	}
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->wake, NULL);
	sqlite3_wal_hook(s->writer->db, on_wal, s);
	if (pthread_create(&s->checkpointer, NULL, checkpoint_main, s) != 0) {
		discard(s);
		return WK_NOMEM;
	}
	*storage_out = &s->base;
	return WK_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite side of rows: connections with our pragmas, tables, statements,
 * and the unsealed header.  Tables with one key are ordinary (the key is the rowid), those
 * with two are WITHOUT ROWID, so that each row is found in one search.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/scoped.h"
#include "store/rows_private.h"

#define BUSY_MS 10000
#define WAL_KEPT (8 * 1024 * 1024)
/* Of a new database.  8192: measured 1.3 to 1.5 times the speed of 4096 for files, and no slower
 * for rows.  auto_vacuum: or else what is deleted on a full disk would never give its space back. */
#define LAYOUT "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL;"
#define HEADER_NAME_MAX 64
#define HEADER_VALUE_MAX 4096

static const struct {
	const char *name;
	bool key2;
} tables[ROWS_TABLES] = {
	[ROWS_SETTING] = { "setting", false },	[ROWS_GROUP] = { "grp", false },
	[ROWS_NODE] = { "node", false },	[ROWS_DENTRY] = { "dentry", false },
	[ROWS_BLOCK] = { "block", true },	[ROWS_DOC] = { "doc", false },
	[ROWS_TEXT] = { "text", true },		[ROWS_PAST] = { "past", true },
};

/* %s is the table; [0] for one key, [1] for two. */
static const char *const texts[ROWS_SQLS][2] = {
	[ROWS_SQL_GET] = { "SELECT v FROM %s WHERE k1=?1",
			   "SELECT v FROM %s WHERE k1=?1 AND k2=?2" },
	[ROWS_SQL_PUT] = { "INSERT OR REPLACE INTO %s(k1,v) VALUES(?1,?3)",
			   "INSERT OR REPLACE INTO %s(k1,k2,v) VALUES(?1,?2,?3)" },
	[ROWS_SQL_DELETE] = { "DELETE FROM %s WHERE k1=?1",
			      "DELETE FROM %s WHERE k1=?1 AND k2=?2" },
	[ROWS_SQL_DELETE_FROM] = { "DELETE FROM %s WHERE k1=?1 AND ?2<=0",
				   "DELETE FROM %s WHERE k1=?1 AND k2>=?2" },
	[ROWS_SQL_EACH] = { "SELECT k1,0,v FROM %s ORDER BY k1",
			    "SELECT k1,k2,v FROM %s ORDER BY k1,k2" },
	[ROWS_SQL_NEXT] = { "SELECT 0 FROM %s WHERE k1=?1 AND ?2<=0",
			    "SELECT k2 FROM %s WHERE k1=?1 AND k2>=?2 ORDER BY k2" },
	[ROWS_SQL_LAST] = { "SELECT k1,0 FROM %s ORDER BY k1 DESC",
			    "SELECT k1,k2 FROM %s ORDER BY k1 DESC, k2 DESC" },
};

const char *rows_db_table(enum rows_table t)
{
	return tables[t].name;
}

bool rows_db_has_key2(enum rows_table t)
{
	return tables[t].key2;
}

enum wk_status rows_db_status(sqlite3 *sql, int rc)
{
	int error_number = sql ? sqlite3_system_errno(sql) : 0;

	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return WK_OK;
	case SQLITE_NOMEM:
		return WK_NOMEM;
	case SQLITE_FULL:
		return WK_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return WK_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR:	/* a statement does not fit the tables it finds */
		return WK_CORRUPT;
	default:
		/* A quota, or the wal-index on a full disk, come as I/O errors. */
		return error_number == ENOSPC || error_number == EDQUOT ? WK_FULL : WK_IO;
	}
}

static enum wk_status run(sqlite3 *sql, const char *text)
{
	return rows_db_status(sql, sqlite3_exec(sql, text, NULL, NULL, NULL));
}

void rows_db_close(struct rows_db *db)
{
	for (unsigned t = 0; t < ROWS_TABLES; t++)
		for (unsigned i = 0; i < ROWS_SQLS; i++)
			(void)sqlite3_finalize(db->statements[t][i]);
	(void)sqlite3_finalize(db->begin);
	(void)sqlite3_finalize(db->commit);
	(void)sqlite3_close(db->sql);
	*db = (struct rows_db){ .sql = NULL };
}

/* Only where there is none: closing a descriptor of a database that is open elsewhere in
 * the process would drop SQLite's locks on it. */
static enum wk_status make_file(const char *path)
{
	SCOPED(scoped_close) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd >= 0 || errno == EEXIST ? WK_OK : files_errno_status(errno);
}

enum wk_status rows_db_open(const char *path, int cache_kib, struct rows_db *db_out)
{
	SCOPED(rows_db_close) struct rows_db db = { .sql = NULL };
	char pragmas[384];
	enum wk_status st = make_file(path);

	if (st != WK_OK)
		return st;
	st = rows_db_status(NULL, sqlite3_open_v2(path, &db.sql,
						  SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
						  NULL));
	if (st != WK_OK)
		return st;
	(void)sqlite3_busy_timeout(db.sql, BUSY_MS);
	(void)snprintf(pragmas, sizeof pragmas,
		       LAYOUT "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		       "PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=0; PRAGMA secure_delete=OFF;"
		       "PRAGMA journal_size_limit=%d; PRAGMA cache_size=-%d;", WAL_KEPT, cache_kib);
	st = run(db.sql, pragmas);
	if (st == WK_OK) {
		*db_out = db;
		db = (struct rows_db){ .sql = NULL };
	}
	return st;
}

static enum wk_status create_table(sqlite3 *sql, enum rows_table t)
{
	char text[160];

	(void)snprintf(text, sizeof text,
		       tables[t].key2 ? "CREATE TABLE IF NOT EXISTS %s(k1 INTEGER NOT NULL, "
					"k2 INTEGER NOT NULL, v BLOB NOT NULL, "
					"PRIMARY KEY(k1,k2)) WITHOUT ROWID" :
					"CREATE TABLE IF NOT EXISTS %s(k1 INTEGER PRIMARY KEY, "
					"v BLOB NOT NULL)", tables[t].name);
	return run(sql, text);
}

static enum wk_status create_header(sqlite3 *sql)
{
	return run(sql, "CREATE TABLE IF NOT EXISTS header(name TEXT PRIMARY KEY, "
			"value BLOB NOT NULL) WITHOUT ROWID");
}

enum wk_status rows_db_create(struct rows_db *db)
{
	enum wk_status st = run(db->sql, "BEGIN IMMEDIATE");

	if (st == WK_OK)
		st = create_header(db->sql);
	for (unsigned t = 0; t < ROWS_TABLES && st == WK_OK; t++)
		st = create_table(db->sql, t);
	if (st == WK_OK)
		return run(db->sql, "COMMIT");
	if (run(db->sql, "ROLLBACK") != WK_OK)
		log_debug("nothing to roll back");
	return st;
}

static enum wk_status bind(struct rows_db *db, sqlite3_stmt *s, int64_t key1, int64_t key2)
{
	int n = sqlite3_bind_parameter_count(s);

	if (n >= 1 && sqlite3_bind_int64(s, 1, key1) != SQLITE_OK)
		return rows_db_status(db->sql, sqlite3_errcode(db->sql));
	if (n >= 2 && sqlite3_bind_int64(s, 2, key2) != SQLITE_OK)
		return rows_db_status(db->sql, sqlite3_errcode(db->sql));
	return WK_OK;
}

enum wk_status rows_db_statement(struct rows_db *db, enum rows_table t, enum rows_sql which,
				 int64_t key1, int64_t key2, sqlite3_stmt **out)
{
	sqlite3_stmt **s = &db->statements[t][which];
	enum wk_status st;

	if (!*s) {
		char text[160];
		int rc;

		(void)snprintf(text, sizeof text, texts[which][tables[t].key2], tables[t].name);
		rc = sqlite3_prepare_v3(db->sql, text, -1, SQLITE_PREPARE_PERSISTENT, s, NULL);
		if (rc != SQLITE_OK)
			return rows_db_status(db->sql, rc);
	}
	st = bind(db, *s, key1, key2);
	if (st == WK_OK)
		*out = *s;
	return st;
}

/* --- the header --- */

static void close_sql(sqlite3 **sql)
{
	(void)sqlite3_close(*sql);
}

static void finalize(sqlite3_stmt **s)
{
	(void)sqlite3_finalize(*s);
}

static enum wk_status header_open(const char *path, sqlite3 **sql_out)
{
	int rc = sqlite3_open_v2(path, sql_out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	enum wk_status st = rows_db_status(NULL, rc);

	if (st == WK_OK) {
		(void)sqlite3_busy_timeout(*sql_out, BUSY_MS);
		st = run(*sql_out, LAYOUT "PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=FULL");
	}
	return st;
}

static enum wk_status find_header(sqlite3 *sql)
{
	SCOPED(finalize) sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(sql, "SELECT 1 FROM sqlite_master WHERE name='header'", -1, &s,
				    NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	return rc == SQLITE_DONE ? WK_NOT_FOUND : rows_db_status(sql, rc);
}

enum wk_status rows_header_get(const char *path, const char *name, struct buf *value_out)
{
	SCOPED(close_sql) sqlite3 *sql = NULL;
	SCOPED(finalize) sqlite3_stmt *s = NULL;
	enum wk_status st;
	int n;

	if (access(path, F_OK) != 0)
		return files_errno_status(errno);
	st = header_open(path, &sql);
	if (st != WK_OK)
		return st;
	st = find_header(sql);
	if (st != WK_OK)
		return st;
	n = sqlite3_prepare_v2(sql, "SELECT value FROM header WHERE name=?1", -1, &s, NULL);
	if (n == SQLITE_OK)
		n = sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	if (n == SQLITE_OK)
		n = sqlite3_step(s);
	if (n == SQLITE_DONE)
		return WK_NOT_FOUND;
	if (n != SQLITE_ROW)
		return rows_db_status(sql, n);
	n = sqlite3_column_bytes(s, 0);
	if (n > HEADER_VALUE_MAX)
		return WK_CORRUPT;
	return n == 0 ? WK_OK : buf_append(value_out, sqlite3_column_blob(s, 0), (size_t)n);
}

enum wk_status rows_header_put(const char *path, const char *name, struct bytes value)
{
	SCOPED(close_sql) sqlite3 *sql = NULL;
	SCOPED(finalize) sqlite3_stmt *s = NULL;
	enum wk_status st;
	int rc;

	if (value.n > HEADER_VALUE_MAX || strlen(name) > HEADER_NAME_MAX)
		return WK_LIMIT;
	st = make_file(path);
	if (st == WK_OK)
		st = header_open(path, &sql);
	if (st == WK_OK)
		st = run(sql, "PRAGMA journal_mode=WAL");
	if (st == WK_OK)
		st = create_header(sql);
	if (st != WK_OK)
		return st;
	rc = sqlite3_prepare_v2(sql, "INSERT OR REPLACE INTO header(name,value) VALUES(?1,?2)", -1,
				&s, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_blob64(s, 2, value.n ? value.p : (const uint8_t *)"", value.n,
					 SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	return rc == SQLITE_DONE ? WK_OK : rows_db_status(sql, rc);
}

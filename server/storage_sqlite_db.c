/* SPDX-License-Identifier: Apache-2.0 */
/* Statements and rows of SQLite, with our statuses. */
#include "server/storage_sqlite_db.h"

#include "base/log.h"

enum wk_status sqlite_status(sqlite3 *db, int rc, const char *doing)
{
	enum wk_status st;

	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return WK_OK;
	case SQLITE_CONSTRAINT:
		return WK_EXISTS;
	case SQLITE_NOMEM:
		st = WK_NOMEM;
		break;
	case SQLITE_FULL:
		st = WK_FULL;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		st = WK_BUSY;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		st = WK_CORRUPT;
		break;
	case SQLITE_TOOBIG:
		st = WK_LIMIT;
		break;
	default:
		st = WK_IO;
	}
	log_error("%s: %s (%d)", doing, sqlite3_errstr(rc), db ? sqlite3_extended_errcode(db) : rc);
	return st;
}

sqlite3_stmt *sqlite_query(struct storage_tx *tx, const char *text)
{
	sqlite3_stmt *q = NULL;

	for (size_t i = 0; i < tx->count; i++)
		if (tx->texts[i] == text)
			return tx->statements[i];
	if (tx->count == SQLITE_STATEMENTS ||
	    sqlite3_prepare_v3(tx->db, text, -1, SQLITE_PREPARE_PERSISTENT, &q, NULL) != SQLITE_OK) {
		log_error("storage: a statement cannot be prepared: %s", sqlite3_errmsg(tx->db));
		return NULL;
	}
	tx->texts[tx->count] = text;
	tx->statements[tx->count++] = q;
	return q;
}

void sqlite_done(sqlite3_stmt **q)
{
	if (!*q)
		return;
	sqlite3_reset(*q);
	sqlite3_clear_bindings(*q);
}

enum wk_status sqlite_step(struct storage_tx *tx, sqlite3_stmt *q)
{
	int rc = q ? sqlite3_step(q) : SQLITE_ERROR;

	if (rc == SQLITE_ROW)
		return WK_OK;
	if (rc == SQLITE_DONE)
		return WK_NOT_FOUND;
	return sqlite_status(tx->db, rc, "storage: step");
}

enum wk_status sqlite_run(struct storage_tx *tx, sqlite3_stmt *q)
{
	SCOPED(sqlite_done) sqlite3_stmt *mine = q;
	enum wk_status st;

	do
		st = sqlite_step(tx, mine);
	while (st == WK_OK);
	return st == WK_NOT_FOUND ? WK_OK : st;
}

void sqlite_bind_bytes(sqlite3_stmt *q, int at, struct bytes text)
{
	if (text.p)
		sqlite3_bind_text64(q, at, (const char *)text.p, text.n, SQLITE_STATIC,
				    SQLITE_UTF8);
	else
		sqlite3_bind_null(q, at);
}

void sqlite_bind_blob(sqlite3_stmt *q, int at, const uint8_t *p, size_t n)
{
	if (p)
		sqlite3_bind_blob64(q, at, p, n, SQLITE_STATIC);
	else
		sqlite3_bind_null(q, at);
}

struct bytes sqlite_text(sqlite3_stmt *q, int at)
{
	const void *p;

	if (sqlite3_column_type(q, at) == SQLITE_NULL)
		return (struct bytes){ NULL, 0 };
	p = sqlite3_column_blob(q, at);
	return p ? bytes_of(p, (size_t)sqlite3_column_bytes(q, at)) : bytes_of("", 0);
}

enum wk_status sqlite_blob(sqlite3_stmt *q, int at, uint8_t *out, size_t n)
{
	const void *p = sqlite3_column_blob(q, at);

	if (!p || (size_t)sqlite3_column_bytes(q, at) != n) {
		log_error("storage: a column of %d bytes where %zu belong",
			  sqlite3_column_bytes(q, at), n);
		return WK_CORRUPT;
	}
	memcpy(out, p, n);
	return WK_OK;
}

enum wk_status sqlite_copy(sqlite3_stmt *q, int at, struct arena *arena, struct bytes *out)
{
	struct bytes text = sqlite_text(q, at), copy;

	if (!text.p) {
		*out = text;
		return WK_OK;
	}
	copy = arena_copy(arena, text);
	if (!copy.p)
		return WK_NOMEM;
	*out = copy;
	return WK_OK;
}

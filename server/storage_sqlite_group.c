/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and the links that accounts have to them. */
#include "base/hex.h"
#include "server/storage_sqlite_db.h"

#define GROUP_COLUMNS                                                                   \
	"SELECT g.n, g.id, g.name, g.parent_resource_id, l.enc_symmetric_key, g.is_disabled," \
	" g.mode, g.seq, g.mark FROM link l JOIN grp g ON g.n = l.group_n "

static enum wk_status count_groups(struct storage_tx *tx, int64_t account_n, int64_t *count_out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q =
		sqlite_query(tx, "SELECT count(*) FROM link WHERE account_n = ?");
	enum wk_status st;

	sqlite3_bind_int64(q, 1, account_n);
	st = sqlite_step(tx, q);
	if (st == WK_OK)
		*count_out = sqlite3_column_int64(q, 0);
	return st;
}

/* A group of that id exists: is it what is to be made, made by the same account? */
static enum wk_status same_group(struct storage_tx *tx, int64_t account_n,
				 const struct wire_group *told, int64_t *group_n_out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "SELECT g.n, g.created_by, g.name, g.parent_resource_id, l.enc_symmetric_key"
		    " FROM grp g JOIN link l ON l.group_n = g.n AND l.account_n = ?"
		    " WHERE g.id = ?");
	struct bytes parent;
	enum wk_status st;

	sqlite3_bind_int64(q, 1, account_n);
	sqlite_bind_bytes(q, 2, told->id);
	st = sqlite_step(tx, q);
	if (st != WK_OK)
		return st == WK_NOT_FOUND ? WK_EXISTS : st;
	parent = sqlite_text(q, 3);
	if (sqlite3_column_int64(q, 1) != account_n ||
	    !bytes_equal(sqlite_text(q, 2), told->name) ||
	    !bytes_equal(parent, told->parent_resource_id) ||
	    !bytes_equal(sqlite_text(q, 4), told->enc_symmetric_key))
		return WK_EXISTS;
	*group_n_out = sqlite3_column_int64(q, 0);
	return WK_OK;
}

static enum wk_status add_link(struct storage_tx *tx, int64_t account_n, int64_t group_n,
			       struct bytes key)
{
	sqlite3_stmt *q = sqlite_query(
		tx, "INSERT INTO link(account_n, group_n, enc_symmetric_key) VALUES (?,?,?)");

	sqlite3_bind_int64(q, 1, account_n);
	sqlite3_bind_int64(q, 2, group_n);
	sqlite_bind_bytes(q, 3, key);
	return sqlite_run(tx, q);
}

enum wk_status sqlite_group_add(struct storage_tx *tx, int64_t account_n,
				const struct wire_group *told, int64_t now_ms,
				int64_t *group_n_out)
{
	sqlite3_stmt *q;
	int64_t count = 0, group_n;
	enum wk_status st;

	q = sqlite_query(tx, "INSERT INTO grp(id, name, parent_resource_id, created_by,"
			     " created_ms, mark) VALUES (?,?,?,?,?,zeroblob(16))"
			     " ON CONFLICT DO NOTHING");
	sqlite_bind_bytes(q, 1, told->id);
	sqlite_bind_bytes(q, 2, told->name);
	sqlite_bind_bytes(q, 3, told->parent_resource_id);
	sqlite3_bind_int64(q, 4, account_n);
	sqlite3_bind_int64(q, 5, now_ms);
	st = sqlite_run(tx, q);
	if (st != WK_OK)
		return st;
	if (sqlite3_changes(tx->db) == 0)
		return same_group(tx, account_n, told, group_n_out);
	group_n = sqlite3_last_insert_rowid(tx->db);
	st = count_groups(tx, account_n, &count);
	if (st == WK_OK && count >= WIRE_GROUPS_MAX)
		st = WK_LIMIT;
	if (st == WK_OK)
		st = add_link(tx, account_n, group_n, told->enc_symmetric_key);
	if (st == WK_OK)
		*group_n_out = group_n;
	return st;
}

enum wk_status sqlite_group_find(struct storage_tx *tx, int64_t account_n, struct bytes id,
				 int64_t *group_n_out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "SELECT g.n, g.is_disabled FROM grp g JOIN link l ON l.group_n = g.n"
		    " AND l.account_n = ? WHERE g.id = ?");
	enum wk_status st;

	sqlite3_bind_int64(q, 1, account_n);
	sqlite_bind_bytes(q, 2, id);
	st = sqlite_step(tx, q);
	if (st != WK_OK)
		return st;
	if (sqlite3_column_int(q, 1))
		return WK_DENIED;
	*group_n_out = sqlite3_column_int64(q, 0);
	return WK_OK;
}

/* A row of GROUP_COLUMNS; the texts are the row's own. */
static enum wk_status read_group(sqlite3_stmt *q, char mark_hex[2 * STORAGE_MARK + 1],
				 struct storage_group *out)
{
	*out = (struct storage_group){
		.told = { .id = sqlite_text(q, 1), .name = sqlite_text(q, 2),
			  .parent_resource_id = sqlite_text(q, 3),
			  .enc_symmetric_key = sqlite_text(q, 4),
			  .is_disabled = sqlite3_column_int(q, 5) != 0 },
		.is_strict = bytes_equal_str(sqlite_text(q, 6), "strict"),
	};
	out->head.group_n = sqlite3_column_int64(q, 0);
	out->head.seq = (uint64_t)sqlite3_column_int64(q, 7);
	out->told.head.seq = out->head.seq;
	if (sqlite_blob(q, 8, out->head.mark, STORAGE_MARK) != WK_OK)
		return WK_CORRUPT;
	hex_encode(out->head.mark, STORAGE_MARK, mark_hex);
	out->told.head.mark = bytes_of(mark_hex, out->head.seq ? 2 * STORAGE_MARK : 0);
	return WK_OK;
}

static enum wk_status copy_text(struct arena *arena, struct bytes *text)
{
	if (!text->p)
		return WK_OK;
	*text = arena_copy(arena, *text);
	return text->p ? WK_OK : WK_NOMEM;
}

enum wk_status sqlite_group_get(struct storage_tx *tx, int64_t account_n, struct bytes id,
				struct arena *arena, struct storage_group *out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q =
		sqlite_query(tx, GROUP_COLUMNS "WHERE l.account_n = ? AND g.id = ?");
	char mark_hex[2 * STORAGE_MARK + 1];
	struct storage_group found;
	enum wk_status st;

	sqlite3_bind_int64(q, 1, account_n);
	sqlite_bind_bytes(q, 2, id);
	st = sqlite_step(tx, q);
	if (st == WK_OK)
		st = read_group(q, mark_hex, &found);
	if (st == WK_OK)
		st = copy_text(arena, &found.told.id);
	if (st == WK_OK)
		st = copy_text(arena, &found.told.name);
	if (st == WK_OK)
		st = copy_text(arena, &found.told.parent_resource_id);
	if (st == WK_OK)
		st = copy_text(arena, &found.told.enc_symmetric_key);
	if (st == WK_OK)
		st = copy_text(arena, &found.told.head.mark);
	if (st == WK_OK)
		*out = found;
	return st;
}

enum wk_status sqlite_groups(struct storage_tx *tx, int64_t account_n, storage_group_fn *fn,
			     void *arg)
{
	SCOPED(sqlite_done) sqlite3_stmt *q =
		sqlite_query(tx, GROUP_COLUMNS "WHERE l.account_n = ? ORDER BY g.n");
	enum wk_status st;

	sqlite3_bind_int64(q, 1, account_n);
	while ((st = sqlite_step(tx, q)) == WK_OK) {
		char mark_hex[2 * STORAGE_MARK + 1];
		struct storage_group row;

		st = read_group(q, mark_hex, &row);
		if (st == WK_OK)
			st = fn(arg, &row);
		if (st != WK_OK)
			return st == WK_CANCELLED ? WK_OK : st;
	}
	return st == WK_NOT_FOUND ? WK_OK : st;
}

enum wk_status sqlite_heads(struct storage_tx *tx, int64_t account_n, storage_head_fn *fn,
			    void *arg)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "SELECT g.n, g.id, g.seq, g.mark FROM link l JOIN grp g ON g.n = l.group_n"
		    " WHERE l.account_n = ? ORDER BY g.n");
	enum wk_status st;

	sqlite3_bind_int64(q, 1, account_n);
	while ((st = sqlite_step(tx, q)) == WK_OK) {
		struct storage_head row = { .group_n = sqlite3_column_int64(q, 0),
					    .seq = (uint64_t)sqlite3_column_int64(q, 2) };

		st = sqlite_blob(q, 3, row.mark, STORAGE_MARK);
		if (st == WK_OK)
			st = fn(arg, sqlite_text(q, 1), &row);
		if (st != WK_OK)
			return st == WK_CANCELLED ? WK_OK : st;
	}
	return st == WK_NOT_FOUND ? WK_OK : st;
}

enum wk_status sqlite_head(struct storage_tx *tx, int64_t group_n, struct storage_head *out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q =
		sqlite_query(tx, "SELECT seq, mark FROM grp WHERE n = ?");
	struct storage_head row = { .group_n = group_n };
	enum wk_status st;

	sqlite3_bind_int64(q, 1, group_n);
	st = sqlite_step(tx, q);
	if (st == WK_OK)
		st = sqlite_blob(q, 1, row.mark, STORAGE_MARK);
	if (st != WK_OK)
		return st;
	row.seq = (uint64_t)sqlite3_column_int64(q, 0);
	*out = row;
	return WK_OK;
}

enum wk_status sqlite_group_disable(struct storage_tx *tx, int64_t group_n)
{
	sqlite3_stmt *q = sqlite_query(tx, "UPDATE grp SET is_disabled = 1 WHERE n = ?");

	sqlite3_bind_int64(q, 1, group_n);
	return sqlite_run(tx, q);
}

enum wk_status sqlite_group_is_subset(struct storage_tx *tx, int64_t part, int64_t whole,
				      bool *is_subset_out, uint64_t *count_out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "SELECT (SELECT resources FROM grp WHERE n = ?1),"
		    " EXISTS(SELECT 1 FROM resource a WHERE a.group_n = ?1 AND NOT EXISTS"
		    " (SELECT 1 FROM resource b WHERE b.group_n = ?2 AND b.id = a.id))");
	enum wk_status st;

	sqlite3_bind_int64(q, 1, part);
	sqlite3_bind_int64(q, 2, whole);
	st = sqlite_step(tx, q);
	if (st != WK_OK)
		return st;
	*count_out = (uint64_t)sqlite3_column_int64(q, 0);
	*is_subset_out = sqlite3_column_int(q, 1) == 0;
	return WK_OK;
}

/* Deletes by one text with the account's number in it. */
static enum wk_status run_for(struct storage_tx *tx, const char *text, int64_t n)
{
	sqlite3_stmt *q = sqlite_query(tx, text);

	sqlite3_bind_int64(q, 1, n);
	return sqlite_run(tx, q);
}

#define ORPHANED                                                                      \
	"(SELECT group_n FROM link l WHERE account_n = ?1 AND NOT EXISTS"             \
	" (SELECT 1 FROM link o WHERE o.group_n = l.group_n AND o.account_n <> ?1))"

enum wk_status sqlite_account_reset(struct storage_tx *tx, int64_t account_n)
{
	enum wk_status st = run_for(tx, "DELETE FROM revision WHERE resource_n IN (SELECT n FROM"
					" resource WHERE group_n IN " ORPHANED ")", account_n);

	if (st == WK_OK)
		st = run_for(tx, "DELETE FROM resource WHERE group_n IN " ORPHANED, account_n);
	if (st == WK_OK)
		st = run_for(tx, "DELETE FROM grp WHERE n IN " ORPHANED, account_n);
	if (st == WK_OK)
		st = run_for(tx, "DELETE FROM link WHERE account_n = ?1", account_n);
	return st;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, sessions and the database's own secrets. */
#include "server/storage_sqlite_db.h"

#define ACCOUNT_COLUMNS                                                                      \
	"SELECT n, id, email, first_name, last_name, salt_enc, salt_auth, salt_key, verifier," \
	" public_key, enc_private_key, enc_symmetric_key, created_ms FROM account "

/* Where the texts stand in that list. */
static const struct {
	int column;
	size_t offset;
} texts[] = {
	{ 1, offsetof(struct wire_signup, id) },
	{ 2, offsetof(struct wire_signup, email) },
	{ 3, offsetof(struct wire_signup, first_name) },
	{ 4, offsetof(struct wire_signup, last_name) },
	{ 5, offsetof(struct wire_signup, salt_enc) },
	{ 6, offsetof(struct wire_signup, salt_auth) },
	{ 7, offsetof(struct wire_signup, salt_key) },
	{ 9, offsetof(struct wire_signup, public_key) },
	{ 10, offsetof(struct wire_signup, enc_private_key) },
	{ 11, offsetof(struct wire_signup, enc_symmetric_key) },
};

enum wk_status sqlite_secret(struct storage_tx *tx, const char *purpose,
			     uint8_t secret_out[STORAGE_SECRET])
{
	SCOPED(sqlite_done) sqlite3_stmt *q =
		sqlite_query(tx, "SELECT value FROM secret WHERE purpose = ?");
	uint8_t fresh[STORAGE_SECRET];
	sqlite3_stmt *add;
	enum wk_status st;

	sqlite_bind_bytes(q, 1, bytes_str(purpose));
	st = sqlite_step(tx, q);
	if (st == WK_OK)
		return sqlite_blob(q, 0, secret_out, STORAGE_SECRET);
	if (st != WK_NOT_FOUND || !tx->is_write)
		return st;
	secret_random(fresh, sizeof fresh);
	add = sqlite_query(tx, "INSERT INTO secret VALUES (?, ?)");
	sqlite_bind_bytes(add, 1, bytes_str(purpose));
	sqlite_bind_blob(add, 2, fresh, sizeof fresh);
	st = sqlite_run(tx, add);
	if (st == WK_OK)
		memcpy(secret_out, fresh, sizeof fresh);
	explicit_bzero(fresh, sizeof fresh);
	return st;
}

enum wk_status sqlite_account_add(struct storage_tx *tx, const struct storage_account *a)
{
	sqlite3_stmt *q = sqlite_query(tx, "INSERT INTO account(id, email, first_name, last_name,"
					   " salt_enc, salt_auth, salt_key, verifier, public_key,"
					   " enc_private_key, enc_symmetric_key, created_ms)"
					   " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
					   " ON CONFLICT DO NOTHING");
	enum wk_status st;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct bytes text;

		memcpy(&text, (const uint8_t *)&a->told + texts[i].offset, sizeof text);
		sqlite_bind_bytes(q, texts[i].column, text);
	}
	sqlite_bind_blob(q, 8, a->verifier, sizeof a->verifier);
	sqlite3_bind_int64(q, 12, a->created_ms);
	st = sqlite_run(tx, q);
	if (st == WK_OK && sqlite3_changes(tx->db) == 0)
		return WK_EXISTS;
	return st;
}

static enum wk_status read_account(struct storage_tx *tx, sqlite3_stmt *q, struct arena *arena,
				   struct storage_account *out)
{
	struct storage_account a = { 0 };
	enum wk_status st = sqlite_step(tx, q);

	if (st != WK_OK)
		return st;
	a.n = sqlite3_column_int64(q, 0);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct bytes text;

		st = sqlite_copy(q, texts[i].column, arena, &text);
		if (st != WK_OK)
			return st;
		memcpy((uint8_t *)&a.told + texts[i].offset, &text, sizeof text);
	}
	st = sqlite_blob(q, 8, a.verifier, sizeof a.verifier);
	if (st != WK_OK)
		return st;
	a.created_ms = sqlite3_column_int64(q, 12);
	*out = a;
	return WK_OK;
}

enum wk_status sqlite_account_by_email(struct storage_tx *tx, struct bytes email,
				       struct arena *arena, struct storage_account *out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q =
		sqlite_query(tx, ACCOUNT_COLUMNS "WHERE email = ?");

	sqlite_bind_bytes(q, 1, email);
	return read_account(tx, q, arena, out);
}

enum wk_status sqlite_account_by_n(struct storage_tx *tx, int64_t account_n, struct arena *arena,
				   struct storage_account *out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(tx, ACCOUNT_COLUMNS "WHERE n = ?");

	sqlite3_bind_int64(q, 1, account_n);
	return read_account(tx, q, arena, out);
}

enum wk_status sqlite_session_add(struct storage_tx *tx, const uint8_t hash[HASH_SIZE],
				  int64_t account_n, int64_t now_ms)
{
	sqlite3_stmt *q = sqlite_query(tx, "INSERT OR REPLACE INTO session VALUES (?,?,?,?)");

	sqlite_bind_blob(q, 1, hash, HASH_SIZE);
	sqlite3_bind_int64(q, 2, account_n);
	sqlite3_bind_int64(q, 3, now_ms);
	sqlite3_bind_int64(q, 4, now_ms);
	return sqlite_run(tx, q);
}

enum wk_status sqlite_session_find(struct storage_tx *tx, const uint8_t hash[HASH_SIZE],
				   struct arena *arena, struct storage_session *out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "SELECT s.account_n, a.id, s.created_ms, s.used_ms FROM session s"
		    " JOIN account a ON a.n = s.account_n WHERE s.hash = ?");
	struct storage_session found;
	enum wk_status st;

	sqlite_bind_blob(q, 1, hash, HASH_SIZE);
	st = sqlite_step(tx, q);
	if (st == WK_OK)
		st = sqlite_copy(q, 1, arena, &found.account_id);
	if (st != WK_OK)
		return st;
	found.account_n = sqlite3_column_int64(q, 0);
	found.created_ms = sqlite3_column_int64(q, 2);
	found.used_ms = sqlite3_column_int64(q, 3);
	*out = found;
	return WK_OK;
}

enum wk_status sqlite_session_touch(struct storage_tx *tx, const uint8_t hash[HASH_SIZE],
				    int64_t now_ms)
{
	sqlite3_stmt *q = sqlite_query(tx, "UPDATE session SET used_ms = ? WHERE hash = ?");

	sqlite3_bind_int64(q, 1, now_ms);
	sqlite_bind_blob(q, 2, hash, HASH_SIZE);
	return sqlite_run(tx, q);
}

enum wk_status sqlite_session_end(struct storage_tx *tx, const uint8_t hash[HASH_SIZE])
{
	sqlite3_stmt *q = sqlite_query(tx, "DELETE FROM session WHERE hash = ?");

	sqlite_bind_blob(q, 1, hash, HASH_SIZE);
	return sqlite_run(tx, q);
}

enum wk_status sqlite_sessions_expire(struct storage_tx *tx, int64_t created_ms, int64_t used_ms)
{
	sqlite3_stmt *q = sqlite_query(
		tx, "DELETE FROM session WHERE created_ms < ? OR used_ms < ?");

	sqlite3_bind_int64(q, 1, created_ms);
	sqlite3_bind_int64(q, 2, used_ms);
	return sqlite_run(tx, q);
}

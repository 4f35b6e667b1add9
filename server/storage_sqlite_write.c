/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storing a revision: compare and swap.
 *
 * 1. Every revision takes the group's next sequence in the transaction that
 *    stores it; only one transaction writes at a time, so a sequence that a
 *    reader sees has none missing below it.
 * 2. resource tells of the newest revision that counts; side revisions have a
 *    sequence of their own and never move it.
 */
#include "base/hex.h"
#include "server/storage_sqlite_db.h"

struct newest {
	int64_t resource_n;
	uint64_t seq, context_seq;
	uint8_t version[STORAGE_VERSION], digest[DIGEST_SIZE];
	int64_t edited_ms;
	bool removed;
};

static enum wk_status find_newest(struct storage_tx *tx, int64_t group_n, struct bytes id,
				  struct newest *out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "SELECT n, seq, context_seq, version, digest, edited_ms, removed FROM resource"
		    " WHERE group_n = ? AND id = ?");
	struct newest row;
	enum wk_status st;

	sqlite3_bind_int64(q, 1, group_n);
	sqlite_bind_bytes(q, 2, id);
	st = sqlite_step(tx, q);
	if (st != WK_OK)
		return st;
	row.resource_n = sqlite3_column_int64(q, 0);
	row.seq = (uint64_t)sqlite3_column_int64(q, 1);
	row.context_seq = (uint64_t)sqlite3_column_int64(q, 2);
	st = sqlite_blob(q, 3, row.version, sizeof row.version);
	if (st == WK_OK)
		st = sqlite_blob(q, 4, row.digest, sizeof row.digest);
	if (st != WK_OK)
		return st;
	row.edited_ms = sqlite3_column_int64(q, 5);
	row.removed = sqlite3_column_int(q, 6) != 0;
	*out = row;
	return WK_OK;
}

/* The next sequence of the group, whose head moves with it. */
static enum wk_status next_seq(struct storage_tx *tx, int64_t group_n, const uint8_t *mark,
			       bool is_new_resource, uint64_t *seq_out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "UPDATE grp SET seq = seq + 1, mark = ?, resources = resources + ?"
		    " WHERE n = ? RETURNING seq, resources");
	enum wk_status st;

	sqlite_bind_blob(q, 1, mark, STORAGE_MARK);
	sqlite3_bind_int(q, 2, is_new_resource);
	sqlite3_bind_int64(q, 3, group_n);
	st = sqlite_step(tx, q);
	if (st != WK_OK)
		return st;
	if (is_new_resource && sqlite3_column_int64(q, 1) > WIRE_RESOURCES_MAX)
		return WK_LIMIT;
	*seq_out = (uint64_t)sqlite3_column_int64(q, 0);
	return *seq_out > (uint64_t)SQLITE_SEQ_MAX ? WK_LIMIT : WK_OK;
}

struct fresh {			/* a revision about to be stored */
	int64_t resource_n;
	uint64_t seq;
	uint8_t version[STORAGE_VERSION];
	const uint8_t *base;		/* STORAGE_VERSION, or NULL */
	const uint8_t *side_met;	/* the same: a side revision */
};

static enum wk_status add_revision(struct storage_tx *tx, const struct storage_put *put,
				   const struct fresh *f)
{
	sqlite3_stmt *q = sqlite_query(
		tx, "INSERT INTO revision(n, resource_n, version, base, mark, type, name, removed,"
		    " edited_ms, author, ad, inner_hash, digest, side_met, session, enc_content)"
		    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");

	sqlite3_bind_int64(q, 1, sqlite_revision_n(put->group_n, f->seq));
	sqlite3_bind_int64(q, 2, f->resource_n);
	sqlite_bind_blob(q, 3, f->version, STORAGE_VERSION);
	sqlite_bind_blob(q, 4, f->base, STORAGE_VERSION);
	sqlite_bind_blob(q, 5, put->mark, STORAGE_MARK);
	sqlite_bind_bytes(q, 6, put->type);
	sqlite_bind_bytes(q, 7, put->name);
	sqlite3_bind_int(q, 8, put->removed);
	sqlite3_bind_int64(q, 9, put->last_edited_ms);
	sqlite3_bind_int64(q, 10, put->account_n);
	sqlite_bind_blob(q, 11, put->ad.n ? put->ad.p : (const uint8_t *)"", put->ad.n);
	sqlite_bind_blob(q, 12, put->inner, HASH_SIZE);
	sqlite_bind_blob(q, 13, put->digest, DIGEST_SIZE);
	sqlite_bind_blob(q, 14, f->side_met, STORAGE_VERSION);
	sqlite_bind_blob(q, 15, f->side_met ? put->app_session : NULL, HASH_SIZE);
	sqlite_bind_bytes(q, 16, put->enc_content);
	return sqlite_run(tx, q);
}

static enum wk_status create(struct storage_tx *tx, const struct storage_put *put,
			     struct storage_put_result *out)
{
	struct fresh f = { 0 };
	sqlite3_stmt *q;
	enum wk_status st = next_seq(tx, put->group_n, put->mark, true, &f.seq);

	if (st != WK_OK)
		return st;
	secret_random(f.version, sizeof f.version);
	q = sqlite_query(tx, "INSERT INTO resource(group_n, id, seq, prev_seq, context_seq, version,"
			     " digest, type, removed, edited_ms, created_by)"
			     " VALUES (?,?,?,0,?,?,?,?,?,?,?)");
	sqlite3_bind_int64(q, 1, put->group_n);
	sqlite_bind_bytes(q, 2, put->id);
	sqlite3_bind_int64(q, 3, (int64_t)f.seq);
	sqlite3_bind_int64(q, 4, put->ad.n ? (int64_t)f.seq : 0);
	sqlite_bind_blob(q, 5, f.version, sizeof f.version);
	sqlite_bind_blob(q, 6, put->digest, DIGEST_SIZE);
	sqlite_bind_bytes(q, 7, put->type);
	sqlite3_bind_int(q, 8, put->removed);
	sqlite3_bind_int64(q, 9, put->last_edited_ms);
	sqlite3_bind_int64(q, 10, put->account_n);
	st = sqlite_run(tx, q);
	if (st != WK_OK)
		return st;
	f.resource_n = sqlite3_last_insert_rowid(tx->db);
	st = add_revision(tx, put, &f);
	if (st != WK_OK)
		return st;
	out->outcome = STORAGE_CREATED;
	memcpy(out->version, f.version, sizeof f.version);
	out->seq = f.seq;
	return WK_OK;
}

static enum wk_status move_newest(struct storage_tx *tx, const struct storage_put *put,
				  const struct newest *now, const struct fresh *f)
{
	sqlite3_stmt *q = sqlite_query(
		tx, "UPDATE resource SET seq = ?, prev_seq = ?, context_seq = ?, version = ?,"
		    " digest = ?, type = ?, removed = ?, edited_ms = ? WHERE n = ?");

	sqlite3_bind_int64(q, 1, (int64_t)f->seq);
	sqlite3_bind_int64(q, 2, (int64_t)now->seq);
	sqlite3_bind_int64(q, 3, (int64_t)(put->ad.n ? f->seq : now->context_seq));
	sqlite_bind_blob(q, 4, f->version, STORAGE_VERSION);
	sqlite_bind_blob(q, 5, put->digest, DIGEST_SIZE);
	sqlite_bind_bytes(q, 6, put->type);
	sqlite3_bind_int(q, 7, put->removed);
	sqlite3_bind_int64(q, 8, put->last_edited_ms);
	sqlite3_bind_int64(q, 9, now->resource_n);
	return sqlite_run(tx, q);
}

/*
 * What an app's push is based on.  An app that lost a conflict but has the later
 * edit takes the server's version, keeps its own content and pushes again: then
 * the base is what it had named before the conflict.
 */
static enum wk_status app_base(struct storage_tx *tx, const struct storage_put *put,
			       const struct newest *now, uint8_t base[STORAGE_VERSION])
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "SELECT base FROM revision WHERE resource_n = ? AND side_met = ?"
		    " AND session = ? AND edited_ms >= ? ORDER BY n DESC LIMIT 1");
	enum wk_status st;

	memcpy(base, now->version, STORAGE_VERSION);
	sqlite3_bind_int64(q, 1, now->resource_n);
	sqlite_bind_blob(q, 2, now->version, STORAGE_VERSION);
	sqlite_bind_blob(q, 3, put->app_session, HASH_SIZE);
	sqlite3_bind_int64(q, 4, now->edited_ms);
	st = sqlite_step(tx, q);
	if (st == WK_OK && sqlite3_column_type(q, 0) != SQLITE_NULL)
		return sqlite_blob(q, 0, base, STORAGE_VERSION);
	return st == WK_NOT_FOUND ? WK_OK : st;
}

static enum wk_status update(struct storage_tx *tx, const struct storage_put *put,
			     const struct newest *now, struct storage_put_result *out)
{
	uint8_t base[STORAGE_VERSION];
	struct fresh f = { .resource_n = now->resource_n, .base = base };
	enum wk_status st = WK_OK;

	memcpy(base, now->version, sizeof base);
	if (put->app_session)
		st = app_base(tx, put, now, base);
	if (st == WK_OK)
		st = next_seq(tx, put->group_n, put->mark, false, &f.seq);
	if (st != WK_OK)
		return st;
	secret_random(f.version, sizeof f.version);
	st = move_newest(tx, put, now, &f);
	if (st == WK_OK)
		st = add_revision(tx, put, &f);
	if (st != WK_OK)
		return st;
	out->outcome = STORAGE_UPDATED;
	memcpy(out->version, f.version, sizeof f.version);
	out->seq = f.seq;
	return WK_OK;
}

/* Whether this very push was kept as a side revision before: its answer was lost. */
static enum wk_status side_exists(struct storage_tx *tx, const struct storage_put *put,
				  const struct newest *now, bool *exists_out)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "SELECT 1 FROM revision WHERE resource_n = ? AND side_met = ? AND digest = ?"
		    " AND session = ?");
	enum wk_status st;

	sqlite3_bind_int64(q, 1, now->resource_n);
	sqlite_bind_blob(q, 2, now->version, STORAGE_VERSION);
	sqlite_bind_blob(q, 3, put->digest, DIGEST_SIZE);
	sqlite_bind_blob(q, 4, put->app_session, HASH_SIZE);
	st = sqlite_step(tx, q);
	*exists_out = st == WK_OK;
	return st == WK_NOT_FOUND ? WK_OK : st;
}

static enum wk_status keep_loser(struct storage_tx *tx, const struct storage_put *put,
				 const struct newest *now)
{
	uint8_t named[STORAGE_VERSION];
	struct fresh f = { .resource_n = now->resource_n, .side_met = now->version };
	bool exists = false;
	enum wk_status st = side_exists(tx, put, now, &exists);

	if (st != WK_OK || exists)
		return st;
	if (hex_decode(put->seen_version, named, sizeof named) == WK_OK)
		f.base = named;
	st = next_seq(tx, put->group_n, put->mark, false, &f.seq);
	if (st != WK_OK)
		return st;
	secret_random(f.version, sizeof f.version);
	return add_revision(tx, put, &f);
}

static bool was_seen(const struct storage_put *put, const struct newest *now)
{
	uint8_t seen[STORAGE_VERSION];

	return hex_decode(put->seen_version, seen, sizeof seen) == WK_OK &&
	       memcmp(seen, now->version, sizeof seen) == 0;
}

enum wk_status sqlite_put(struct storage_tx *tx, const struct storage_put *put,
			  struct storage_put_result *out)
{
	struct newest now;
	enum wk_status st = find_newest(tx, put->group_n, put->id, &now);

	if (st == WK_NOT_FOUND) {
		/* An app takes a resource that the server lost for new; a /v1 client is told. */
		if (put->app_session || bytes_equal_str(put->seen_version, WIRE_NO_VERSION))
			return create(tx, put, out);
		*out = (struct storage_put_result){ .outcome = STORAGE_CONFLICT };
		return WK_OK;
	}
	if (st != WK_OK)
		return st;
	if (now.removed == put->removed && memcmp(now.digest, put->digest, DIGEST_SIZE) == 0) {
		out->outcome = STORAGE_ALREADY;
	} else if (was_seen(put, &now)) {
		return update(tx, put, &now, out);
	} else {
		if (put->app_session) {
			st = keep_loser(tx, put, &now);
			if (st != WK_OK)
				return st;
		}
		out->outcome = STORAGE_CONFLICT;
	}
	memcpy(out->version, now.version, sizeof now.version);
	out->seq = now.seq;
	out->is_removed = now.removed;
	out->last_edited_ms = now.edited_ms;
	return WK_OK;
}

enum wk_status sqlite_revive(struct storage_tx *tx, int64_t group_n, struct bytes id,
			     const uint8_t mark[STORAGE_MARK])
{
	struct newest now;
	uint8_t version[STORAGE_VERSION];
	uint64_t seq;
	sqlite3_stmt *q;
	enum wk_status st = find_newest(tx, group_n, id, &now);

	if (st == WK_OK)
		st = next_seq(tx, group_n, mark, false, &seq);
	if (st != WK_OK)
		return st;
	secret_random(version, sizeof version);
	q = sqlite_query(tx, "INSERT INTO revision SELECT ?1, resource_n, ?2, version, ?3, type,"
			     " name, removed, edited_ms, author, ad, inner_hash, digest, NULL,"
			     " NULL, enc_content FROM revision WHERE n = ?4");
	sqlite3_bind_int64(q, 1, sqlite_revision_n(group_n, seq));
	sqlite_bind_blob(q, 2, version, sizeof version);
	sqlite_bind_blob(q, 3, mark, STORAGE_MARK);
	sqlite3_bind_int64(q, 4, sqlite_revision_n(group_n, now.seq));
	st = sqlite_run(tx, q);
	if (st != WK_OK)
		return st;
	q = sqlite_query(tx, "UPDATE resource SET prev_seq = seq, version = ?2, context_seq ="
			     " CASE WHEN context_seq = seq THEN ?1 ELSE context_seq END, seq = ?1"
			     " WHERE n = ?3");
	sqlite3_bind_int64(q, 1, (int64_t)seq);
	sqlite_bind_blob(q, 2, version, sizeof version);
	sqlite3_bind_int64(q, 3, now.resource_n);
	return sqlite_run(tx, q);
}

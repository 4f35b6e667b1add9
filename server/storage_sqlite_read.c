/* SPDX-License-Identifier: Apache-2.0 */
/* Reading resources: feeds, listings, single ones, history. */
#include <stdlib.h>

#include "base/hex.h"
#include "server/storage_sqlite_db.h"

/* One shape of row for every reader of whole resources; see read_row(). */
#define ROW_COLUMNS                                                                        \
	"SELECT v.n, r.n, r.id, g.id, v.type, v.name, v.version, v.base, v.removed,"       \
	" v.edited_ms, author.id, creator.id, v.side_met IS NOT NULL, v.digest,"           \
	" v.enc_content, r.prev_seq, CASE WHEN v.ad = x'' AND v.side_met IS NULL"          \
	" THEN (SELECT c.enc_content FROM revision c WHERE r.context_seq > 0 AND"          \
	" c.n = (r.group_n << 40 | r.context_seq)) END"
#define ROW_JOINS                                                                   \
	" JOIN grp g ON g.n = r.group_n JOIN account author ON author.n = v.author" \
	" JOIN account creator ON creator.n = r.created_by "

#define HEX_VERSION (2 * STORAGE_VERSION + 1)

struct row {
	struct wire_resource resource;
	int64_t n, resource_n;
	uint64_t prev_seq;
	uint8_t digest[DIGEST_SIZE];
	char version[HEX_VERSION], base[HEX_VERSION];
};

static enum wk_status hex_column(sqlite3_stmt *q, int at, char text[HEX_VERSION],
				 struct bytes *out)
{
	uint8_t raw[STORAGE_VERSION];

	if (sqlite_blob(q, at, raw, sizeof raw) != WK_OK)
		return WK_CORRUPT;
	hex_encode(raw, sizeof raw, text);
	*out = bytes_of(text, HEX_VERSION - 1);
	return WK_OK;
}

static enum wk_status read_row(sqlite3_stmt *q, struct row *row)
{
	struct wire_resource *r = &row->resource;
	enum wk_status st;

	*r = (struct wire_resource){
		.id = sqlite_text(q, 2), .group_id = sqlite_text(q, 3),
		.type = sqlite_text(q, 4), .name = sqlite_text(q, 5),
		.removed = sqlite3_column_int(q, 8) != 0,
		.last_edited_ms = sqlite3_column_int64(q, 9),
		.last_edited_by = sqlite_text(q, 10), .created_by = sqlite_text(q, 11),
		.side = sqlite3_column_int(q, 12) != 0, .enc_content = sqlite_text(q, 14),
		.last_context = sqlite_text(q, 16),
	};
	row->n = sqlite3_column_int64(q, 0);
	row->resource_n = sqlite3_column_int64(q, 1);
	row->prev_seq = (uint64_t)sqlite3_column_int64(q, 15);
	r->seq = (uint64_t)(row->n & SQLITE_SEQ_MAX);
	st = hex_column(q, 6, row->version, &r->version);
	if (st == WK_OK && sqlite3_column_type(q, 7) != SQLITE_NULL)
		st = hex_column(q, 7, row->base, &r->base_version);
	if (st == WK_OK)
		st = sqlite_blob(q, 13, row->digest, sizeof row->digest);
	return st;
}

/* --- chains --- */

struct chain {
	struct wire_link_hash links[WIRE_CHAIN_MAX];
	size_t count;
	uint8_t newer[DIGEST_SIZE];	/* of the revision that follows */
	struct buf text;		/* where the links' digits are, as offsets until the end */
};

static enum wk_status add_link(struct chain *c, sqlite3_stmt *q)
{
	struct bytes ad = sqlite_text(q, 0), inner = sqlite_text(q, 1);
	uint8_t digest[DIGEST_SIZE];
	enum wk_status st = sqlite_blob(q, 2, digest, sizeof digest);
	struct wire_link_hash *link = &c->links[c->count];

	if (st != WK_OK)
		return st;
	/* The same envelope twice in a row is one step: it was stored again under a new version. */
	if (memcmp(digest, c->newer, sizeof digest) == 0)
		return WK_OK;
	memcpy(c->newer, digest, sizeof digest);
	link->ad = (struct bytes){ (const uint8_t *)c->text.n, 2 * ad.n };
	st = hex_append(&c->text, ad.p, ad.n);
	link->inner = (struct bytes){ (const uint8_t *)c->text.n, 2 * inner.n };
	if (st == WK_OK)
		st = hex_append(&c->text, inner.p, inner.n);
	if (st == WK_OK)
		c->count++;
	return st;
}

/* Offsets become pointers, newest first becomes oldest first. */
static void finish_chain(struct chain *c)
{
	for (size_t i = 0; i < c->count; i++) {
		c->links[i].ad.p = c->text.p + (size_t)c->links[i].ad.p;
		c->links[i].inner.p = c->text.p + (size_t)c->links[i].inner.p;
	}
	for (size_t i = 0; i < c->count / 2; i++) {
		struct wire_link_hash link = c->links[i];

		c->links[i] = c->links[c->count - 1 - i];
		c->links[c->count - 1 - i] = link;
	}
}

/* The revisions of the row's resource after after_seq and before the row. */
static enum wk_status read_chain(struct storage_tx *tx, const struct row *row, int64_t group_n,
				 uint64_t after_seq, size_t max, struct chain *c)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "SELECT ad, inner_hash, digest FROM revision WHERE resource_n = ? AND n > ?"
		    " AND n < ? AND side_met IS NULL ORDER BY n DESC");
	enum wk_status st;

	c->count = 0;
	buf_clear(&c->text);
	memcpy(c->newer, row->digest, sizeof c->newer);
	sqlite3_bind_int64(q, 1, row->resource_n);
	sqlite3_bind_int64(q, 2, sqlite_revision_n(group_n, after_seq));
	sqlite3_bind_int64(q, 3, row->n);
	while (c->count < max && (st = sqlite_step(tx, q)) == WK_OK) {
		st = add_link(c, q);
		if (st != WK_OK)
			return st;
	}
	if (c->count < max && st != WK_NOT_FOUND)
		return st;
	finish_chain(c);
	return WK_OK;
}

static void chain_free(struct chain *c)
{
	if (!c)
		return;
	buf_fini(&c->text);
	free(c);
}
DEFINE_SCOPED_FREE(struct chain, chain_free)

static struct chain *chain_new(void)
{
	struct chain *c = calloc(1, sizeof *c);

	if (c)
		c->text = (struct buf)BUF_INIT((size_t)WIRE_CHAIN_MAX * 4096);
	return c;
}

/* --- feeds --- */

/* In its inner order the sides' rows and the newest revisions come from one index scan each. */
static const char changes_text[] =
	ROW_COLUMNS " FROM resource r JOIN revision v ON v.n = (r.group_n << 40 | r.seq)" ROW_JOINS
		    "WHERE r.group_n = ? AND r.seq > ? ORDER BY r.seq LIMIT ?";
static const char changes_with_sides_text[] =
	ROW_COLUMNS " FROM revision v JOIN resource r ON r.n = v.resource_n" ROW_JOINS
		    "WHERE v.n > (?1 << 40 | ?2) AND v.n < (?1 + 1) << 40"
		    " AND (v.side_met IS NOT NULL OR v.n = (r.group_n << 40 | r.seq))"
		    " ORDER BY v.n LIMIT ?3";

enum wk_status sqlite_changes(struct storage_tx *tx, const struct storage_changes *what,
			      storage_resource_fn *fn, void *arg)
{
	SCOPED(chain_free_scoped) struct chain *chain = chain_new();
	SCOPED(sqlite_done) sqlite3_stmt *q =
		sqlite_query(tx, what->sides ? changes_with_sides_text : changes_text);
	enum wk_status st;

	if (!chain)
		return WK_NOMEM;
	sqlite3_bind_int64(q, 1, what->group_n);
	sqlite3_bind_int64(q, 2, (int64_t)what->after_seq);
	sqlite3_bind_int64(q, 3, what->limit);
	while ((st = sqlite_step(tx, q)) == WK_OK) {
		struct row row;

		st = read_row(q, &row);
		if (st == WK_OK && what->after_seq > 0 && row.prev_seq > what->after_seq &&
		    !row.resource.side) {
			st = read_chain(tx, &row, what->group_n, what->after_seq, WIRE_CHAIN_MAX,
					chain);
			row.resource.chain = chain->links;
			row.resource.chain_count = chain->count;
		}
		if (st == WK_OK)
			st = fn(arg, &row.resource);
		if (st != WK_OK)
			return st == WK_CANCELLED ? WK_OK : st;
	}
	return st == WK_NOT_FOUND ? WK_OK : st;
}

enum wk_status sqlite_mark_of(struct storage_tx *tx, int64_t group_n, uint64_t seq,
			      uint8_t mark_out[STORAGE_MARK])
{
	SCOPED(sqlite_done) sqlite3_stmt *q =
		sqlite_query(tx, "SELECT mark FROM revision WHERE n = ?");
	enum wk_status st;

	if (seq == 0 || seq > (uint64_t)SQLITE_SEQ_MAX)
		return WK_NOT_FOUND;
	sqlite3_bind_int64(q, 1, sqlite_revision_n(group_n, seq));
	st = sqlite_step(tx, q);
	return st == WK_OK ? sqlite_blob(q, 0, mark_out, STORAGE_MARK) : st;
}

enum wk_status sqlite_mark_known(struct storage_tx *tx, int64_t group_n, uint64_t seq,
				 const uint8_t mark[STORAGE_MARK], bool *known_out)
{
	uint8_t held[STORAGE_MARK];
	enum wk_status st = sqlite_mark_of(tx, group_n, seq, held);

	if (st != WK_OK && st != WK_NOT_FOUND)
		return st;
	*known_out = st == WK_OK && memcmp(held, mark, STORAGE_MARK) == 0;
	return WK_OK;
}

/* --- resources without content --- */

static enum wk_status read_lights(struct storage_tx *tx, sqlite3_stmt *q, storage_light_fn *fn,
				  void *arg)
{
	enum wk_status st;

	while ((st = sqlite_step(tx, q)) == WK_OK) {
		struct storage_light row = { .id = sqlite_text(q, 0), .type = sqlite_text(q, 1),
					     .seq = (uint64_t)sqlite3_column_int64(q, 4),
					     .removed = sqlite3_column_int(q, 5) != 0 };

		st = sqlite_blob(q, 2, row.version, sizeof row.version);
		if (st == WK_OK)
			st = sqlite_blob(q, 3, row.digest, sizeof row.digest);
		if (st == WK_OK)
			st = fn(arg, &row);
		if (st != WK_OK)
			return st == WK_CANCELLED ? WK_OK : st;
	}
	return st == WK_NOT_FOUND ? WK_OK : st;
}

enum wk_status sqlite_listing(struct storage_tx *tx, int64_t group_n, struct bytes after,
			      unsigned limit, storage_light_fn *fn, void *arg)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "SELECT id, type, version, digest, seq, removed FROM resource"
		    " WHERE group_n = ? AND id > ? ORDER BY id LIMIT ?");

	sqlite3_bind_int64(q, 1, group_n);
	sqlite_bind_bytes(q, 2, after.p ? after : bytes_of("", 0));
	sqlite3_bind_int64(q, 3, limit);
	return read_lights(tx, q, fn, arg);
}

enum wk_status sqlite_lights(struct storage_tx *tx, int64_t group_n, storage_light_fn *fn,
			     void *arg)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, "SELECT id, type, version, digest, seq, removed FROM resource"
		    " WHERE group_n = ? ORDER BY seq");

	sqlite3_bind_int64(q, 1, group_n);
	return read_lights(tx, q, fn, arg);
}

/* --- single ones --- */

enum wk_status sqlite_fetch(struct storage_tx *tx, int64_t group_n, struct bytes id,
			    unsigned chain_max, storage_resource_fn *fn, void *arg)
{
	SCOPED(chain_free_scoped) struct chain *chain = NULL;
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, ROW_COLUMNS
		" FROM resource r JOIN revision v ON v.n = (r.group_n << 40 | r.seq)" ROW_JOINS
		"WHERE r.group_n = ? AND r.id = ?");
	struct row row;
	enum wk_status st;

	sqlite3_bind_int64(q, 1, group_n);
	sqlite_bind_bytes(q, 2, id);
	st = sqlite_step(tx, q);
	if (st == WK_OK)
		st = read_row(q, &row);
	if (st != WK_OK)
		return st;
	if (row.prev_seq > 0 && chain_max > 0) {
		chain = chain_new();
		if (!chain)
			return WK_NOMEM;
		st = read_chain(tx, &row, group_n, 0, chain_max, chain);
		if (st != WK_OK)
			return st;
		row.resource.chain = chain->links;
		row.resource.chain_count = chain->count;
	}
	return fn(arg, &row.resource);
}

enum wk_status sqlite_revision(struct storage_tx *tx, int64_t group_n, uint64_t seq,
			       storage_resource_fn *fn, void *arg)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, ROW_COLUMNS " FROM revision v JOIN resource r ON r.n = v.resource_n" ROW_JOINS
				"WHERE v.n = ?");
	struct row row;
	enum wk_status st;

	sqlite3_bind_int64(q, 1, sqlite_revision_n(group_n, seq));
	st = sqlite_step(tx, q);
	if (st == WK_OK)
		st = read_row(q, &row);
	return st == WK_OK ? fn(arg, &row.resource) : st;
}

enum wk_status sqlite_revisions(struct storage_tx *tx, int64_t group_n, struct bytes id,
				unsigned limit, storage_resource_fn *fn, void *arg)
{
	SCOPED(sqlite_done) sqlite3_stmt *q = sqlite_query(
		tx, ROW_COLUMNS " FROM resource r JOIN revision v ON v.resource_n = r.n" ROW_JOINS
				"WHERE r.group_n = ? AND r.id = ? ORDER BY v.n DESC LIMIT ?");
	enum wk_status st;

	sqlite3_bind_int64(q, 1, group_n);
	sqlite_bind_bytes(q, 2, id);
	sqlite3_bind_int64(q, 3, limit);
	while ((st = sqlite_step(tx, q)) == WK_OK) {
		struct row row;

		st = read_row(q, &row);
		/* What each followed is plain from the list itself. */
		row.resource.last_context = (struct bytes){ NULL, 0 };
		if (st == WK_OK)
			st = fn(arg, &row.resource);
		if (st != WK_OK)
			return st == WK_CANCELLED ? WK_OK : st;
	}
	return st == WK_NOT_FOUND ? WK_OK : st;
}

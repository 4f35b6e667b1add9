/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking a table: its rows in the database, in key order, laid over by what is not yet
 * there.  What is pending is copied first and the statement begun after that: whatever lands in
 * between is then in both, the same.
 */
#include <stdlib.h>

#include "base/scoped.h"
#include "store/rows_private.h"

#define VALUE_MAX ((size_t)64 << 20)

struct pending {
	int64_t key1, key2;
	uint8_t *sealed;	/* NULL: gone */
	size_t n;
};

struct overlay {
	struct pending *rows;	/* in key order */
	size_t n, at;
	struct { int64_t key1, from; } *ranges;
	size_t range_count;
};

static void overlay_fini(struct overlay *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->rows[i].sealed);
	free(o->rows);
	free(o->ranges);
}

static int compare_keys(int64_t a1, int64_t a2, int64_t b1, int64_t b2)
{
	if (a1 != b1)
		return a1 < b1 ? -1 : 1;
	return a2 == b2 ? 0 : a2 < b2 ? -1 : 1;
}

static int compare(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	return compare_keys(x->key1, x->key2, y->key1, y->key2);
}

/* `newer` is what the entry must not be decided by already; NULL for the newest batch. */
static enum wk_status copy_batch(const struct rows_batch *b, const struct rows_batch *newer,
				 enum rows_table t, struct overlay *o)
{
	const struct rows_entry *known;

	for (const struct rows_family *f = b->first_family; f; f = f->next) {
		if (f->table != (uint8_t)t || f->gone_from == ROWS_NOT_GONE)
			continue;
		o->ranges[o->range_count].key1 = f->key1;
		o->ranges[o->range_count++].from = f->gone_from;
	}
	for (const struct rows_entry *e = b->first; e; e = e->next) {
		struct pending *p = &o->rows[o->n];

		if (e->table != (uint8_t)t ||
		    (newer && rows_batch_knows(newer, t, e->key1, e->key2, &known)))
			continue;
		*p = (struct pending){ .key1 = e->key1, .key2 = e->key2, .n = e->n };
		if (e->sealed) {
			p->sealed = malloc(e->n);
			if (!p->sealed)
				return WK_NOMEM;
			memcpy(p->sealed, e->sealed, e->n);
		}
		o->n++;
	}
	return WK_OK;
}

static enum wk_status copy_pending(struct rows *r, enum rows_table t, struct overlay *o)
{
	enum wk_status st = WK_NOMEM;

	(void)pthread_mutex_lock(&r->lock);
	o->rows = calloc(r->open.count + r->committing.count + 1, sizeof *o->rows);
	o->ranges = calloc(r->open.family_count + r->committing.family_count + 1,
			   sizeof *o->ranges);
	if (o->rows && o->ranges)
		st = copy_batch(&r->open, NULL, t, o);
	if (st == WK_OK)
		st = copy_batch(&r->committing, &r->open, t, o);
	(void)pthread_mutex_unlock(&r->lock);
	if (st == WK_OK && o->n > 1)
		qsort(o->rows, o->n, sizeof *o->rows, compare);
	return st;
}

static bool is_in_range(const struct overlay *o, int64_t key1, int64_t key2)
{
	for (size_t i = 0; i < o->range_count; i++)
		if (o->ranges[i].key1 == key1 && key2 >= o->ranges[i].from)
			return true;
	return false;
}

struct walk {
	struct rows *r;
	enum rows_table table;
	rows_fn *fn;
	void *arg;
	struct overlay overlay;
	struct buf value;
};

static enum wk_status hand_out(struct walk *w, int64_t key1, int64_t key2, struct bytes sealed)
{
	const struct row_place at = { .table = rows_db_table(w->table), .key1 = key1, .key2 = key2,
				      .column = "v" };
	enum wk_status st;

	buf_clear(&w->value);
	st = row_open(w->r->sealer, &at, sealed, &w->value);
	return st == WK_OK ? w->fn(w->arg, key1, key2, buf_bytes(&w->value)) : st;
}

/* Hands out what is pending before this key; tells whether it decides about the key itself. */
static enum wk_status pending_before(struct walk *w, int64_t key1, int64_t key2, bool *decided)
{
	struct overlay *o = &w->overlay;
	enum wk_status st = WK_OK;

	*decided = is_in_range(o, key1, key2);
	while (o->at < o->n && st == WK_OK) {
		const struct pending *p = &o->rows[o->at];
		int order = compare_keys(p->key1, p->key2, key1, key2);

		if (order > 0)
			break;
		if (order == 0)
			*decided = true;
		o->at++;
		if (p->sealed)
			st = hand_out(w, p->key1, p->key2, bytes_of(p->sealed, p->n));
	}
	return st;
}

static enum wk_status walk_database(struct walk *w, sqlite3_stmt *s)
{
	for (;;) {
		int rc = sqlite3_step(s);
		int64_t key1, key2;
		bool decided;
		enum wk_status st;

		if (rc != SQLITE_ROW)
			return rows_db_status(w->r->reader.sql, rc);
		key1 = sqlite3_column_int64(s, 0);
		key2 = sqlite3_column_int64(s, 1);
		st = pending_before(w, key1, key2, &decided);
		if (st == WK_OK && !decided)
			st = hand_out(w, key1, key2,
				      bytes_of(sqlite3_column_blob(s, 2),
					       (size_t)sqlite3_column_bytes(s, 2)));
		if (st != WK_OK)
			return st;
	}
}

static void walk_fini(struct walk *w)
{
	overlay_fini(&w->overlay);
	buf_fini(&w->value);
}

enum wk_status rows_each(struct rows *r, enum rows_table t, rows_fn *fn, void *arg)
{
	SCOPED(walk_fini) struct walk w = { .r = r, .table = t, .fn = fn, .arg = arg,
					    .value = BUF_SECRET_INIT(VALUE_MAX) };
	enum wk_status st = copy_pending(r, t, &w.overlay);
	sqlite3_stmt *s;
	bool decided;

	if (st == WK_OK)
		st = rows_db_statement(&r->reader, t, ROWS_SQL_EACH, 0, 0, &s);
	if (st != WK_OK)
		return st;
	st = walk_database(&w, s);
	(void)sqlite3_reset(s);
	return st == WK_OK ? pending_before(&w, INT64_MAX, INT64_MAX, &decided) : st;
}

/*
 * From here on the lock is held over the look into the database too: otherwise a batch that
 * lands in between takes its deletions along, while the statement still sees what they deleted.
 */

static bool is_gone(const struct rows *r, enum rows_table t, int64_t key1, int64_t key2)
{
	const struct rows_entry *e;

	return (rows_batch_knows(&r->open, t, key1, key2, &e) ||
		rows_batch_knows(&r->committing, t, key1, key2, &e)) && !e;
}

static int64_t last_pending(const struct rows *r, enum rows_table t)
{
	const struct rows_batch *batches[] = { &r->open, &r->committing };
	const struct rows_entry *known;
	int64_t last = 0;

	for (size_t i = 0; i < ARRAY_LEN(batches); i++)
		for (const struct rows_entry *e = batches[i]->first; e; e = e->next)
			if (e->table == (uint8_t)t && e->sealed && e->key1 > last &&
			    (i == 0 || !rows_batch_knows(&r->open, t, e->key1, e->key2, &known)))
				last = e->key1;
	return last;
}

static int64_t last_key(struct rows *r, enum rows_table t)
{
	int64_t last = last_pending(r, t);
	sqlite3_stmt *s;

	if (rows_db_statement(&r->reader, t, ROWS_SQL_LAST, 0, 0, &s) != WK_OK)
		return last;
	while (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int64(s, 0) > last)
		if (!is_gone(r, t, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1)))
			last = sqlite3_column_int64(s, 0);
	(void)sqlite3_reset(s);
	return last;
}

int64_t rows_last_key(struct rows *r, enum rows_table t)
{
	int64_t last;

	(void)pthread_mutex_lock(&r->lock);
	last = last_key(r, t);
	(void)pthread_mutex_unlock(&r->lock);
	return last;
}

/* The lowest pending row of key1 from `from` on; ROWS_NOT_GONE when there is none. */
static int64_t next_pending(const struct rows *r, enum rows_table t, int64_t key1, int64_t from)
{
	const struct rows_batch *batches[] = { &r->open, &r->committing };
	const struct rows_entry *known;
	int64_t next = ROWS_NOT_GONE;

	for (size_t i = 0; i < ARRAY_LEN(batches); i++) {
		const struct rows_family *f = rows_batch_family(batches[i], t, key1);

		for (const struct rows_entry *e = f ? f->entries : NULL; e; e = e->sibling)
			if (e->sealed && e->key2 >= from && e->key2 < next &&
			    (i == 0 || !rows_batch_knows(&r->open, t, key1, e->key2, &known)))
				next = e->key2;
	}
	return next;
}

static enum wk_status next_key(struct rows *r, enum rows_table t, int64_t key1, int64_t from,
			       int64_t *key2_out)
{
	int64_t next = next_pending(r, t, key1, from);
	sqlite3_stmt *s;
	enum wk_status st = rows_db_statement(&r->reader, t, ROWS_SQL_NEXT, key1, from, &s);
	int rc;

	if (st != WK_OK)
		return st;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && sqlite3_column_int64(s, 0) < next) {
		if (!is_gone(r, t, key1, sqlite3_column_int64(s, 0))) {
			next = sqlite3_column_int64(s, 0);
			break;
		}
	}
	if (rc != SQLITE_ROW)
		st = rows_db_status(r->reader.sql, rc);
	(void)sqlite3_reset(s);
	if (st != WK_OK)
		return st;
	if (next == ROWS_NOT_GONE)
		return WK_NOT_FOUND;
	*key2_out = next;
	return WK_OK;
}

enum wk_status rows_next(struct rows *r, enum rows_table t, int64_t key1, int64_t from,
			 int64_t *key2_out)
{
	enum wk_status st;

	(void)pthread_mutex_lock(&r->lock);
	st = next_key(r, t, key1, from, key2_out);
	(void)pthread_mutex_unlock(&r->lock);
	return st;
}

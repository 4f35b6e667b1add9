/* SPDX-License-Identifier: Apache-2.0 */
/* What /v1 reads of a group: changes, listing, fetch, revisions. */
#include "base/hex.h"
#include "server/handlers.h"

/* A page that is about to pass WIRE_PAGE_BYTES may get one more of the largest. */
#define PAGE_MAX ((size_t)WIRE_BODY_MAX)
#define FETCH_BYTES ((size_t)24 * 1024 * 1024)
#define FETCH_CHAIN 100
#define REVISIONS_DEFAULT 100

struct page {
	struct buf json;
	size_t count, bytes_max;
	uint64_t last_seq;
	struct bytes last_id;
	struct arena *arena;
	bool is_cut;
};

static void page_fini(struct page *p)
{
	buf_fini(&p->json);
}

/* One row more, unless the page is long enough. */
static enum wk_status add_resource(void *arg, const struct wire_resource *row)
{
	struct page *p = arg;
	enum wk_status st;

	if (p->json.n > p->bytes_max) {
		p->is_cut = true;
		return WK_CANCELLED;
	}
	st = p->count > 0 ? buf_append_char(&p->json, ',') : WK_OK;
	if (st == WK_OK)
		st = wire_resource_write(row, true, &p->json);
	if (st == WK_LIMIT && p->count > 0) {
		p->json.n--;	/* the comma; the row comes with the next page */
		p->is_cut = true;
		return WK_CANCELLED;
	}
	p->count++;
	p->last_seq = row->seq;
	return st;
}

/* A reading transaction on a group of this account; answers the request when there is none. */
static struct storage_tx *open_group(struct request *r, int64_t *group_n_out)
{
	struct storage *storage = r->server->storage;
	struct storage_tx *tx;
	enum wk_status st = storage->ops->begin(storage, false, &tx);

	if (st == WK_OK) {
		st = storage->ops->group_find(tx, r->account_n, r->segment, group_n_out);
		if (st == WK_OK)
			return tx;
		storage->ops->abort(tx);
	}
	reply_status(r, st);
	return NULL;
}

static enum wk_status append_head(struct buf *json, const struct storage_head *head)
{
	char mark[2 * STORAGE_MARK + 1];
	struct wire_head told = { .seq = head->seq };

	hex_encode(head->mark, STORAGE_MARK, mark);
	told.mark = bytes_of(mark, head->seq ? 2 * STORAGE_MARK : 0);
	return wire_head_write(&told, json);
}

static void finish(struct request *r, struct page *p, enum wk_status st)
{
	if (st != WK_OK) {
		reply_status(r, st);
		return;
	}
	server_count(r->server, pages);
	reply_json(r, 200, &p->json);
}

/* --- changes --- */

struct cursor {
	uint64_t seq, limit;
	uint8_t mark[STORAGE_MARK];
	bool sides;
};

static enum wk_status read_cursor(struct request *r, struct cursor *c)
{
	struct bytes mark = request_query(r, "mark"), sides = request_query(r, "sides");
	enum wk_status st = request_query_uint(r, "seq", 0, &c->seq);

	if (st == WK_OK)
		st = request_query_uint(r, "limit", WIRE_PAGE_ITEMS, &c->limit);
	if (st != WK_OK)
		return st;
	if (c->limit == 0 || c->limit > WIRE_PAGE_ITEMS)
		c->limit = WIRE_PAGE_ITEMS;
	c->sides = sides.p && bytes_equal_str(sides, "1");
	return c->seq == 0 ? WK_OK : hex_decode(mark, c->mark, sizeof c->mark);
}

static enum wk_status fill_changes(const struct storage_ops *ops, struct storage_tx *tx,
				   int64_t group_n, const struct cursor *c, struct page *p)
{
	struct storage_changes what = { .group_n = group_n, .after_seq = c->seq,
					.limit = (unsigned)c->limit, .sides = c->sides };
	struct storage_head next;
	bool is_known = true;
	enum wk_status st = ops->head(tx, group_n, &next);

	if (st == WK_OK && c->seq > 0)
		st = ops->mark_known(tx, group_n, c->seq, c->mark, &is_known);
	if (st == WK_OK)
		st = buf_append_str(&p->json, "{\"items\":[");
	if (st == WK_OK && is_known)
		st = ops->changes(tx, &what, add_resource, p);
	/* A whole page may be followed by another, which may turn out to be empty. */
	if (st == WK_OK && (p->is_cut || p->count == c->limit)) {
		p->is_cut = true;
		next.seq = p->last_seq;
		st = ops->mark_of(tx, group_n, next.seq, next.mark);
	}
	if (st == WK_OK)
		st = buf_append_str(&p->json, "],\"next\":");
	if (st == WK_OK)
		st = append_head(&p->json, &next);
	if (st == WK_OK)
		st = buf_printf(&p->json, ",\"more\":%s,\"resync\":%s}",
				p->is_cut ? "true" : "false", is_known ? "false" : "true");
	return st;
}

void v1_changes(struct request *r)
{
	SCOPED(page_fini) struct page page = { .json = BUF_INIT(PAGE_MAX),
					       .bytes_max = WIRE_PAGE_BYTES };
	struct cursor cursor;
	struct storage_tx *tx;
	int64_t group_n;
	enum wk_status st = read_cursor(r, &cursor);

	if (st != WK_OK) {
		reply_status(r, st);
		return;
	}
	tx = open_group(r, &group_n);
	if (!tx)
		return;
	st = fill_changes(r->server->storage->ops, tx, group_n, &cursor, &page);
	r->server->storage->ops->abort(tx);
	finish(r, &page, st);
}

/* --- listing --- */

static enum wk_status add_listed(void *arg, const struct storage_light *row)
{
	struct page *p = arg;
	char version[2 * STORAGE_VERSION + 1], digest[2 * DIGEST_SIZE + 1];
	struct wire_listed m = { .id = row->id, .removed = row->removed };
	enum wk_status st = p->count > 0 ? buf_append_char(&p->json, ',') : WK_OK;

	hex_encode(row->version, STORAGE_VERSION, version);
	hex_encode(row->digest, DIGEST_SIZE, digest);
	m.version = bytes_str(version);
	m.digest = bytes_str(digest);
	if (st == WK_OK)
		st = wire_listed_write(&m, &p->json);
	if (st != WK_OK)
		return st;
	if (++p->count < p->bytes_max)
		return WK_OK;
	p->last_id = arena_copy(p->arena, row->id);
	return p->last_id.p ? WK_OK : WK_NOMEM;
}

static enum wk_status fill_listing(const struct storage_ops *ops, struct storage_tx *tx,
				   int64_t group_n, struct bytes after, unsigned limit,
				   struct page *p)
{
	struct storage_head head;
	enum wk_status st = ops->head(tx, group_n, &head);

	p->bytes_max = limit;	/* here: rows */
	if (st == WK_OK)
		st = buf_append_str(&p->json, "{\"items\":[");
	if (st == WK_OK)
		st = ops->listing(tx, group_n, after, limit, add_listed, p);
	if (st == WK_OK)
		st = buf_append_str(&p->json, "],\"head\":");
	if (st == WK_OK)
		st = append_head(&p->json, &head);
	if (st == WK_OK)
		st = buf_append_str(&p->json, ",\"next\":");
	if (st == WK_OK)
		st = p->last_id.p ? json_write_string(p->last_id, &p->json)
				  : buf_append_str(&p->json, "null");
	return st == WK_OK ? buf_append_char(&p->json, '}') : st;
}

void v1_listing(struct request *r)
{
	SCOPED(page_fini) struct page page = { .json = BUF_INIT(PAGE_MAX), .arena = r->arena };
	struct bytes after = request_query(r, "after");
	struct storage_tx *tx;
	int64_t group_n;
	uint64_t limit;
	enum wk_status st = request_query_uint(r, "limit", WIRE_LISTING_ITEMS, &limit);

	if (st != WK_OK) {
		reply_status(r, st);
		return;
	}
	if (limit == 0 || limit > WIRE_LISTING_ITEMS)
		limit = WIRE_LISTING_ITEMS;
	tx = open_group(r, &group_n);
	if (!tx)
		return;
	st = fill_listing(r->server->storage->ops, tx, group_n, after, (unsigned)limit, &page);
	r->server->storage->ops->abort(tx);
	finish(r, &page, st);
}

/* --- single ones --- */

static enum wk_status fill_fetch(const struct storage_ops *ops, struct storage_tx *tx,
				 int64_t group_n, const struct wire_ids *ids, struct page *p)
{
	enum wk_status st = buf_append_str(&p->json, "{\"items\":[");

	for (size_t i = 0; st == WK_OK && !p->is_cut && i < ids->count; i++) {
		st = ops->fetch(tx, group_n, ids->ids[i], FETCH_CHAIN, add_resource, p);
		if (st == WK_NOT_FOUND || st == WK_CANCELLED)
			st = WK_OK;
	}
	return st == WK_OK ? buf_printf(&p->json, "],\"more\":%s}", p->is_cut ? "true" : "false")
			   : st;
}

void v1_fetch(struct request *r)
{
	SCOPED(page_fini) struct page page = { .json = BUF_INIT(PAGE_MAX),
					       .bytes_max = FETCH_BYTES };
	struct wire_ids ids;
	struct json *body;
	struct storage_tx *tx;
	int64_t group_n;
	enum wk_status st = request_json(r, &body);

	if (st == WK_OK)
		st = wire_ids_read(r->arena, body, &ids);
	if (st != WK_OK) {
		reply_status(r, st);
		return;
	}
	tx = open_group(r, &group_n);
	if (!tx)
		return;
	st = fill_fetch(r->server->storage->ops, tx, group_n, &ids, &page);
	r->server->storage->ops->abort(tx);
	finish(r, &page, st);
}

void v1_revisions(struct request *r)
{
	SCOPED(page_fini) struct page page = { .json = BUF_INIT(PAGE_MAX),
					       .bytes_max = WIRE_PAGE_BYTES };
	struct bytes id = request_query(r, "id");
	struct storage_tx *tx;
	int64_t group_n;
	uint64_t limit;
	enum wk_status st = request_query_uint(r, "limit", REVISIONS_DEFAULT, &limit);

	if (st == WK_OK && !id.p)
		st = WK_INVALID;
	if (st != WK_OK) {
		reply_status(r, st);
		return;
	}
	if (limit == 0 || limit > WIRE_PAGE_ITEMS)
		limit = WIRE_PAGE_ITEMS;
	tx = open_group(r, &group_n);
	if (!tx)
		return;
	st = buf_append_str(&page.json, "{\"items\":[");
	if (st == WK_OK)
		st = r->server->storage->ops->revisions(tx, group_n, id, (unsigned)limit,
							add_resource, &page);
	if (st == WK_OK)
		st = buf_append_str(&page.json, "]}");
	r->server->storage->ops->abort(tx);
	finish(r, &page, st);
}

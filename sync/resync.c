/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server does not know our cursor: it was restored from a backup, replaced, or lies.  A
 * listing of (id, version, digest) is compared with what is here; what differs is fetched and judged as
 * any arrival; what is missing there is sent again.  Only a tombstone deletes.
 */
#include "base/hex.h"
#include "base/log.h"
#include "sync/sync_private.h"

#include <stdio.h>
#include <stdlib.h>

struct compare {
	struct sync *sync;
	struct sync_group *group;
	const struct wire_listing *listing;
	struct map *seen;		/* ids listed so far */
	struct arena *ids_arena;	/* outlives the pages */
	struct bytes *wanted;		/* to fetch */
	size_t wanted_count;
	size_t given_back;
	enum wk_status st;
};

static enum wk_status compare_one(struct compare *c, const struct wire_listed *l)
{
	struct docs *docs = store_docs(c->sync->store);
	struct doc *doc = docs_find(docs, c->group->group, l->id);
	uint8_t digest[DIGEST_SIZE];
	struct docs_version v;
	struct bytes id = arena_copy(c->ids_arena, l->id);
	enum wk_status st = hex_decode(l->digest, digest, sizeof digest);

	if (!id.p)
		return WK_NOMEM;
	if (st == WK_OK)
		st = map_put(c->seen, id, c);
	if (st != WK_OK || l->version.n > DOCS_VERSION_MAX)
		return st == WK_OK ? WK_CORRUPT : st;
	if (!doc || memcmp(doc->agreed.digest, digest, sizeof digest) != 0) {
		c->wanted[c->wanted_count++] = id;
		return WK_OK;
	}
	v = doc->agreed;
	(void)snprintf(v.version, sizeof v.version, "%.*s", (int)l->version.n,
		       (const char *)l->version.p);
	if (strcmp(v.version, doc->agreed.version) == 0)
		return WK_OK;
	return docs_set_version(docs, doc, &v, doc->pending);
}

static void step_compare(void *arg)
{
	struct compare *c = arg;

	c->st = WK_OK;
	rows_begin(store_rows(c->sync->store));
	for (size_t i = 0; i < c->listing->count && c->st == WK_OK; i++)
		c->st = compare_one(c, &c->listing->items[i]);
	rows_end(store_rows(c->sync->store));
}

/* What the server had once and does not list any more goes up again as new. */
static void step_give_back(void *arg)
{
	struct compare *c = arg;
	struct docs *docs = store_docs(c->sync->store);
	struct doc *doc;

	c->st = WK_OK;
	rows_begin(store_rows(c->sync->store));
	for (size_t i = 0; c->st == WK_OK && (doc = docs_at(docs, c->group->group, i)); i++) {
		struct docs_version v = doc->agreed;

		if (v.version[0] == '\0' || map_get(c->seen, bytes_str(doc->id)))
			continue;
		v.version[0] = '\0';
		c->st = docs_set_version(docs, doc, &v, true);
		c->given_back++;
	}
	rows_end(store_rows(c->sync->store));
}

/* How many of the ids asked for a page has dealt with: all, or those up to its last item. */
static size_t dealt_with(const struct wire_changes *page, const struct bytes *ids, size_t n)
{
	size_t at = n;

	if (!page->more)
		return n;
	while (at > 0 && !bytes_equal(ids[at - 1], page->items[page->count - 1].id))
		at--;
	return at;
}

static enum wk_status fetch_wanted(struct compare *c)
{
	size_t from = 0;

	while (from < c->wanted_count) {
		size_t left = c->wanted_count - from, done;
		size_t n = left < WIRE_PAGE_ITEMS ? left : WIRE_PAGE_ITEMS;
		struct wire_changes page;
		enum wk_status st;

		arena_reset(c->sync->arena);
		st = api_fetch(c->sync->api, c->sync->arena, c->group->id, c->wanted + from, n,
			       &page);
		if (st != WK_OK)
			return st;
		/* A server that says "more" and gives nothing asked for would keep us here. */
		done = page.count > 0 || !page.more ? dealt_with(&page, c->wanted + from, n) : 0;
		if (done == 0)
			return WK_CORRUPT;
		st = sync_apply_page(c->sync, c->group, page.items, page.count, NULL);
		if (st != WK_OK)
			return st;
		from += done;
	}
	return WK_OK;
}

struct set_cursor {
	struct sync *sync;
	struct group *group;
	uint64_t seq;
	char mark[33];
	enum wk_status st;
};

static void step_set_cursor(void *arg)
{
	struct set_cursor *c = arg;

	c->group->seq = c->seq;
	memcpy(c->group->mark, c->mark, sizeof c->mark);
	c->st = docs_group_save(store_docs(c->sync->store), c->group);
}

/* Ids are listed in the order of their bytes; a listing that goes in circles would never end. */
static bool is_behind(struct bytes next, struct bytes from)
{
	size_t n = next.n < from.n ? next.n : from.n;
	int order = n > 0 ? memcmp(next.p, from.p, n) : 0;

	return order > 0 || (order == 0 && next.n > from.n);
}

/* Lists everything; the cursor is the head that stood when the listing began. */
static enum wk_status list_all(struct compare *c, struct set_cursor *cursor)
{
	SCOPED(buf_fini) struct buf after = BUF_INIT(WIRE_ID_MAX * 4);
	struct wire_listing page;
	bool first = true;
	enum wk_status st;

	do {
		struct bytes from = { after.n > 0 ? after.p : NULL, after.n };

		arena_reset(c->sync->arena);
		st = api_listing(c->sync->api, c->sync->arena, c->group->id, from, &page);
		if (st != WK_OK)
			return st;
		if (first) {
			cursor->seq = page.head.seq;
			(void)snprintf(cursor->mark, sizeof cursor->mark, "%.*s",
				       (int)page.head.mark.n, (const char *)page.head.mark.p);
			first = false;
		}
		if (page.next.p && (page.count == 0 || !is_behind(page.next, from)))
			return WK_CORRUPT;
		c->wanted = arena_alloc(c->ids_arena, (page.count + 1) * sizeof *c->wanted);
		if (!c->wanted)
			return WK_NOMEM;
		c->wanted_count = 0;
		c->listing = &page;
		buf_clear(&after);
		if (page.next.p)
			st = buf_append(&after, page.next.p, page.next.n);
		if (st == WK_OK)
			st = sync_step(c->sync, step_compare, c);
		if (st == WK_OK)
			st = c->st;
		if (st == WK_OK)
			st = fetch_wanted(c);
	} while (st == WK_OK && after.n > 0);
	return st;
}

enum wk_status sync_resync(struct sync *s, struct sync_group *g)
{
	SCOPED(arena_free_scoped) struct arena *ids = arena_new(64u * 1024 * 1024);
	SCOPED(map_free_scoped) struct map *seen = map_new();
	struct compare c = { .sync = s, .group = g, .seen = seen, .ids_arena = ids };
	struct set_cursor cursor = { .sync = s, .group = g->group };
	enum wk_status st;

	if (!ids || !seen)
		return WK_NOMEM;
	log_warn("group %s: the server does not know this cursor; comparing everything", g->id);
	st = list_all(&c, &cursor);
	if (st == WK_OK)
		st = sync_step(s, step_give_back, &c);
	if (st == WK_OK)
		st = c.st;
	if (st == WK_OK)
		st = sync_step(s, step_set_cursor, &cursor);
	if (st == WK_OK)
		st = cursor.st;
	if (st == WK_OK && g->seq > 0) {
		char text[160];

		(void)snprintf(text, sizeof text,
			       "the server went back in time; %zu documents were given back",
			       c.given_back);
		sync_report(s, WK_TAMPERED, text);
	}
	return st == WK_OK ? sync_group_refresh(s, g) : st;
}

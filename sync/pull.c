/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes since a cursor.  A page is opened in chunks (so that plaintext of at most one chunk is
 * held), each chunk applied in one step; the cursor moves with the last one, so that a kill in the
 * middle only means that some revisions arrive twice, as ours.
 */
#include "base/clock.h"
#include "sync/sync_private.h"

#include <stdio.h>

#define CHUNK_ITEMS 200
#define CHUNK_TEXT_MAX (256u * 1024 * 1024)
/* A feed has each resource once, and tombstones are kept: more is no feed. */
#define FEED_ITEMS_MAX (10u * WIRE_RESOURCES_MAX)

struct page {
	struct sync *sync;
	struct sync_group *group;
	const struct wire_resource *items;
	size_t count;
	const struct wire_head *cursor;	/* NULL: the cursor stays */
};

static enum wk_status apply_some(const struct page *p, size_t from, size_t count,
				  struct arena *arena, bool is_last)
{
	struct opened *opened = arena_alloc(arena, (count + 1) * sizeof *opened);
	struct apply_chunk chunk = {
		.sync = p->sync,
		.group = p->group->group,
		.items = opened,
		.count = count,
		.cursor = is_last ? p->cursor : NULL,
		.arena = arena,
	};
	struct envelopes *envelopes = NULL;
	enum wk_status st;

	if (!opened)
		return WK_NOMEM;
	st = sync_envelopes(p->sync, p->group, &envelopes);
	if (st != WK_OK)
		return st;
	/* What there is no room for here is not refused: ours would be given back over it. */
	for (size_t i = 0; i < count && st == WK_OK; i++)
		st = opened_make(envelopes, p->group, arena, &p->items[from + i], &opened[i]);
	if (st == WK_OK)
		st = sync_step(p->sync, apply_step, &chunk);
	if (st == WK_OK)
		st = chunk.st;
	if (st != WK_OK)
		return st;
	sync_count(p->sync, 0, 0, chunk.taken);
	if (chunk.forged > 0)
		sync_report(p->sync, WK_TAMPERED,
			    "the server sent altered documents; they were refused");
	else if (chunk.unreadable > 0)
		sync_report(p->sync, WK_CORRUPT,
			    "the server sent documents that cannot be read; they were left out");
	else if (chunk.stale > 0)
		sync_report(p->sync, WK_TAMPERED,
			    "the server sent old documents as new; they were refused");
	else if (chunk.forked > 0)
		sync_report(p->sync, WK_TAMPERED,
			    "the history of documents from the server does not fit; merged");
	return WK_OK;
}

/* Applies a page of resources; also used by resync.c. */
enum wk_status sync_apply_page(struct sync *s, struct sync_group *g,
			       const struct wire_resource *items, size_t count,
			       const struct wire_head *cursor)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(CHUNK_TEXT_MAX);
	const struct page p = { s, g, items, count, cursor };
	size_t from = 0;
	enum wk_status st = WK_OK;

	if (!arena)
		return WK_NOMEM;
	do {
		size_t n = count - from < CHUNK_ITEMS ? count - from : CHUNK_ITEMS;

		st = apply_some(&p, from, n, arena, from + n == count);
		arena_reset(arena);
		from += n;
	} while (st == WK_OK && from < count);
	return st;
}

struct progress {
	struct sync *sync;
	const char *name;
	size_t done, total;
};

static void step_progress(void *arg)
{
	const struct progress *p = arg;

	p->sync->params.progress(p->sync->params.arg, p->name, p->done, p->total);
}

void sync_tell_progress(struct sync *s, const struct sync_group *g, size_t done, size_t total)
{
	struct progress p = { s, g->name, done, total };

	if (s->params.progress && sync_step(s, step_progress, &p) != WK_OK)
		return;		/* the loop has ended, and with it who would look */
}

enum wk_status sync_pull(struct sync *s, struct sync_group *g)
{
	size_t done = 0, total = 0;
	struct wire_changes page;
	enum wk_status st;

	if (g->head_known && g->head.seq == g->seq &&
	    bytes_equal_str(g->head.mark, g->mark))
		return WK_OK;
	if (g->head_known && g->head.seq > g->seq)
		total = g->head.seq - g->seq;
	do {
		arena_reset(s->arena);
		st = api_changes(s->api, s->arena, g->id, g->seq, g->mark, WIRE_PAGE_ITEMS, &page);
		if (st != WK_OK)
			return st;
		if (page.resync)
			return sync_resync(s, g);
		/* "More" for ever, without anything or without an end, would keep us here. */
		if (page.more && (page.count == 0 || page.next.seq <= g->seq ||
				  done > FEED_ITEMS_MAX))
			return WK_CORRUPT;
		st = sync_apply_page(s, g, page.items, page.count, &page.next);
		if (st == WK_OK)
			st = sync_group_refresh(s, g);
		if (st != WK_OK)
			return st;
		done += page.count;
		sync_tell_progress(s, g, done, total > done ? total : done);
		if (sync_is_stopping(s))
			return WK_CANCELLED;
	} while (page.more);
	return WK_OK;
}

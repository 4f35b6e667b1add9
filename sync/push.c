/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits goes up, in batches, in the order docs_outgoing() gives.  Before a batch is sent, the
 * change and the digest of its envelope are durable here: if the answer is lost, the envelope is
 * known when it comes back.
 */
#include "base/log.h"
#include "sync/sync_private.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH_ITEMS 500
#define BATCH_BYTES (8u * 1024 * 1024)
#define BATCH_ARENA (512u * 1024 * 1024)

struct push_one {
	struct docs_outgoing out;
	struct bytes text;
	struct docs_version next;	/* n and digest of the new envelope */
	struct context ctx;
	char seen[DOCS_VERSION_MAX + 1];
	struct bytes name;
	int64_t modified_ms;
};

struct batch {
	struct sync *sync;
	struct sync_group *group;
	struct arena *arena;
	struct push_one *items;
	size_t count;
	bool more;
	const struct wire_push_answer *answer;
	struct sync_group *refreshed;
	enum wk_status st;
};

/* A tombstone still carries the document, so that stock readers know what to delete. */
static enum wk_status text_to_send(struct docs *docs, const struct doc *doc, struct buf *text)
{
	enum wk_status st = docs_text(docs, doc, DOCS_LOCAL, text);

	if (st == WK_NOT_FOUND)
		st = docs_text(docs, doc, DOCS_AGREED, text);
	if (st != WK_NOT_FOUND)
		return st;
	st = buf_append_str(text, "{\"_id\":");
	if (st == WK_OK)
		st = json_write_string(bytes_str(doc->id), text);
	if (st == WK_OK)
		st = buf_append_str(text, ",\"type\":");
	if (st == WK_OK)
		st = json_write_string(bytes_str(doc->type), text);
	if (st == WK_OK)
		st = buf_append_str(text, "}");
	return st;
}

static enum wk_status name_to_send(struct batch *b, struct bytes text, struct bytes *out)
{
	struct json *json = NULL;
	struct doc_head head;
	enum wk_status st;

	*out = bytes_str("n/a");
	if (b->sync->hide_names)
		return WK_OK;
	st = json_parse(b->arena, text, &json, NULL);
	if (st == WK_OK)
		st = doc_read_head(json, &head);
	if (st == WK_OK && head.name.n > 0 && head.name.n <= WIRE_NAME_MAX)
		*out = head.name;
	return st;
}

static enum wk_status collect_one(struct batch *b, struct docs *docs, struct push_one *p)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(DOC_MAX + 65536);
	const struct doc *doc = p->out.doc;
	enum wk_status st = text_to_send(docs, doc, &text);

	if (st != WK_OK)
		return st;
	p->text = arena_copy(b->arena, buf_bytes(&text));
	if (!p->text.p)
		return WK_NOMEM;
	p->modified_ms = doc->modified_ms;
	p->next.n = doc->agreed.n + 1;
	p->ctx.n = p->next.n;
	p->ctx.removed = p->out.removed;
	memcpy(p->ctx.p, doc->agreed.digest, DIGEST_SIZE);
	(void)snprintf(p->ctx.group_id, sizeof p->ctx.group_id, "%s", b->group->id);
	(void)snprintf(p->ctx.resource_id, sizeof p->ctx.resource_id, "%s", doc->id);
	(void)snprintf(p->ctx.type, sizeof p->ctx.type, "%s", doc->type);
	(void)snprintf(p->seen, sizeof p->seen, "%s",
		       doc->agreed.version[0] ? doc->agreed.version : WIRE_NO_VERSION);
	return name_to_send(b, p->text, &p->name);
}

static void step_collect(void *arg)
{
	struct batch *b = arg;
	struct docs *docs = store_docs(b->sync->store);
	struct docs_outgoing out[BATCH_ITEMS];
	size_t n = docs_outgoing(docs, b->group->group, out, BATCH_ITEMS), bytes = 0;

	b->st = WK_OK;
	b->count = 0;
	b->items = arena_alloc(b->arena, (n + 1) * sizeof *b->items);
	if (!b->items) {
		b->st = WK_NOMEM;
		return;
	}
	while (b->count < n && bytes < BATCH_BYTES && b->st == WK_OK) {
		struct push_one *p = &b->items[b->count];

		p->out = out[b->count];
		b->st = collect_one(b, docs, p);
		bytes += p->text.n;
		b->count++;
	}
	b->more = b->count < n || n == BATCH_ITEMS;
}

static enum wk_status seal_one(struct envelopes *envelopes, struct push_one *p, struct buf *request)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(ENVELOPE_TEXT_MAX);
	struct wire_push_item item = {
		.id = bytes_str(p->ctx.resource_id),
		.type = bytes_str(p->ctx.type),
		.name = p->name,
		.seen_version = bytes_str(p->seen),
		.last_edited_ms = p->modified_ms,
		.removed = p->out.removed,
	};
	enum wk_status st = envelopes_seal(envelopes, &p->ctx, p->text, &text, p->next.digest);

	if (st != WK_OK)
		return st;
	item.enc_content = buf_bytes(&text);
	return wire_push_item_write(&item, request);
}

static enum wk_status seal(struct batch *b, struct buf *request)
{
	struct envelopes *envelopes = NULL;
	enum wk_status st = sync_envelopes(b->sync, b->group, &envelopes);

	if (st == WK_OK)
		st = buf_append_str(request, "{\"changes\":[");
	for (size_t i = 0; i < b->count && st == WK_OK; i++) {
		if (i > 0)
			st = buf_append_char(request, ',');
		if (st == WK_OK)
			st = seal_one(envelopes, &b->items[i], request);
	}
	if (st == WK_OK)
		st = buf_append_str(request, "]}");
	return st;
}

static void step_remember(void *arg)
{
	struct batch *b = arg;
	struct docs *docs = store_docs(b->sync->store);

	b->st = WK_OK;
	rows_begin(store_rows(b->sync->store));
	for (size_t i = 0; i < b->count && b->st == WK_OK; i++)
		b->st = docs_set_sent(docs, b->items[i].out.doc, b->items[i].out.generation,
				      b->items[i].next.digest);
	rows_end(store_rows(b->sync->store));
}

static enum wk_status agree_one(struct docs *docs, struct push_one *p,
				const struct wire_pushed *answer)
{
	if (!bytes_equal_str(answer->id, p->ctx.resource_id) ||
	    answer->version.n == 0 || answer->version.n > DOCS_VERSION_MAX)
		return WK_CORRUPT;
	memcpy(p->next.version, answer->version.p, answer->version.n);
	p->next.version[answer->version.n] = '\0';
	/* It may have arrived as a change already and been agreed there. */
	if (memcmp(p->out.doc->agreed.digest, p->next.digest, DIGEST_SIZE) == 0)
		return WK_OK;
	return docs_set_agreed(docs, p->out.doc, p->out.generation, p->out.removed, &p->next,
			       p->text);
}

static void step_agree(void *arg)
{
	struct batch *b = arg;
	struct docs *docs = store_docs(b->sync->store);
	struct group *g = b->group->group;
	const struct wire_head *head = &b->answer->head, *before = &b->answer->before;

	b->st = b->answer->count == b->count ? WK_OK : WK_CORRUPT;
	rows_begin(store_rows(b->sync->store));
	for (size_t i = 0; i < b->count && b->st == WK_OK; i++)
		b->st = agree_one(docs, &b->items[i], &b->answer->items[i]);
	/* Nobody else wrote since our cursor: it may follow without our own changes being read. */
	if (b->st == WK_OK && before->seq == g->seq && bytes_equal_str(before->mark, g->mark) &&
	    head->seq == g->seq + b->count && head->mark.n < sizeof g->mark) {
		g->seq = head->seq;
		memcpy(g->mark, head->mark.p, head->mark.n);
		g->mark[head->mark.n] = '\0';
		b->st = docs_group_save(docs, g);
	}
	rows_end(store_rows(b->sync->store));
}

static enum wk_status push_batch(struct batch *b)
{
	SCOPED(buf_fini) struct buf request = BUF_INIT(WIRE_BODY_MAX);
	struct wire_push_answer answer = { 0 };
	struct sync *s = b->sync;
	enum wk_status st = seal(b, &request);

	if (st == WK_OK)
		st = sync_step(s, step_remember, b);
	if (st == WK_OK)
		st = b->st;
	if (st == WK_OK)
		st = sync_flush(s);
	if (st != WK_OK)
		return st;
	arena_reset(s->arena);
	st = api_push(s->api, s->arena, b->group->id, buf_bytes(&request), &answer);
	sync_count(s, 1, 0, 0);
	if (st != WK_OK)
		return st;
	b->answer = &answer;
	st = sync_step(s, step_agree, b);
	if (st == WK_OK)
		st = b->st;
	if (st == WK_OK)
		sync_count(s, 0, b->count, 0);
	return st;
}

enum wk_status sync_push(struct sync *s, struct sync_group *g)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(BATCH_ARENA);
	struct batch b = { .sync = s, .group = g, .arena = arena };
	size_t done = 0;
	enum wk_status st;

	if (!arena)
		return WK_NOMEM;
	do {
		st = sync_step(s, step_collect, &b);
		if (st == WK_OK)
			st = b.st;
		if (st != WK_OK || b.count == 0)
			return st;
		st = push_batch(&b);
		if (st == WK_OK)
			st = sync_group_refresh(s, g);
		if (st != WK_OK)
			return st;
		done += b.count;
		sync_tell_progress(s, g, done, done);
		arena_reset(arena);
	} while (b.more && !sync_is_stopping(s));
	return WK_OK;
}

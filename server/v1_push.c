/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/groups/ID/push: all of it in one transaction, or none. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/map.h"
#include "server/batch.h"
#include "server/handlers.h"

#define ANSWER_MAX ((size_t)1024 * 1024)
#define ELEMENT_MAX ((size_t)WIRE_CONTENT_MAX + 64 * 1024)
#define HEX_VERSION (2 * STORAGE_VERSION + 1)

struct push {
	struct batch batch;
	int64_t now_ms;
	/* Made in the transaction: */
	int64_t group_n;
	struct storage_put_result *results;
	struct storage_head before, head;
	size_t conflicts, written;
};

static void push_free(void *state)
{
	struct push *p = state;

	batch_fini(&p->batch);
	free(p->results);
	free(p);
}

static enum wk_status take_element(void *arg, struct bytes key, bool is_element,
				   struct bytes text)
{
	struct push *p = arg;

	if (!is_element || !bytes_equal_str(key, "changes"))
		return WK_OK;
	if (p->batch.count == WIRE_PAGE_ITEMS)
		return WK_LIMIT;
	return batch_add(&p->batch, text, false, p->now_ms);
}

void v1_push_begin(struct request *r)
{
	struct push *p = calloc(1, sizeof *p);
	enum wk_status st = p ? batch_init(&p->batch) : WK_NOMEM;

	r->state = p;
	r->state_free = push_free;
	if (st == WK_OK) {
		p->now_ms = clock_wall_ms();
		st = split_new(ELEMENT_MAX, take_element, p, &r->split);
	}
	if (st != WK_OK)
		reply_status(r, st);
}

static enum wk_status run(struct request *r, struct storage_tx *tx)
{
	const struct storage_ops *ops = r->server->storage->ops;
	struct push *p = r->state;
	uint8_t mark[STORAGE_MARK];
	enum wk_status st = ops->group_find(tx, r->account_n, r->segment, &p->group_n);

	if (st == WK_OK)
		st = ops->head(tx, p->group_n, &p->before);
	secret_random(mark, sizeof mark);
	p->conflicts = p->written = 0;
	for (size_t i = 0; st == WK_OK && i < p->batch.count; i++) {
		struct storage_put put = batch_put(&p->batch.items[i]);

		put.group_n = p->group_n;
		put.account_n = r->account_n;
		put.mark = mark;
		st = ops->put(tx, &put, &p->results[i]);
		if (st == WK_OK && p->results[i].outcome == STORAGE_CONFLICT)
			p->conflicts++;
		else if (st == WK_OK && p->results[i].outcome != STORAGE_ALREADY)
			p->written++;
	}
	if (st == WK_OK && p->conflicts == 0)
		st = ops->head(tx, p->group_n, &p->head);
	return st == WK_OK && p->conflicts > 0 ? WK_CONFLICT : st;
}

static void name_head(const struct storage_head *head, char mark[2 * STORAGE_MARK + 1],
		      struct wire_head *out)
{
	hex_encode(head->mark, STORAGE_MARK, mark);
	out->seq = head->seq;
	out->mark = bytes_of(mark, head->seq ? 2 * STORAGE_MARK : 0);
}

/* What was rolled back left the head as it is now. */
static enum wk_status read_head(struct request *r, struct push *p)
{
	struct storage *storage = r->server->storage;
	struct storage_tx *tx;
	enum wk_status st = storage->ops->begin(storage, false, &tx);

	if (st != WK_OK)
		return st;
	st = storage->ops->head(tx, p->group_n, &p->head);
	storage->ops->abort(tx);
	return st;
}

static enum wk_status write_answer(struct request *r, struct push *p, bool is_conflict,
				   struct buf *json)
{
	struct wire_push_answer answer = { 0 };
	struct wire_pushed *items = arena_alloc(r->arena, (p->batch.count + 1) * sizeof *items);
	struct bytes *conflicts =
		arena_alloc(r->arena, (p->batch.count + 1) * sizeof *conflicts);
	char(*versions)[HEX_VERSION] =
		arena_alloc(r->arena, (p->batch.count + 1) * sizeof *versions);
	char mark[2 * STORAGE_MARK + 1], mark_before[2 * STORAGE_MARK + 1];

	if (!items || !conflicts || !versions)
		return WK_NOMEM;
	answer.items = items;
	answer.conflicts = conflicts;
	name_head(&p->head, mark, &answer.head);
	name_head(&p->before, mark_before, &answer.before);
	for (size_t i = 0; i < p->batch.count; i++) {
		if (is_conflict) {
			if (p->results[i].outcome == STORAGE_CONFLICT)
				conflicts[answer.conflict_count++] = p->batch.items[i].id;
			continue;
		}
		hex_encode(p->results[i].version, STORAGE_VERSION, versions[i]);
		items[answer.count++] = (struct wire_pushed){ p->batch.items[i].id,
							      bytes_str(versions[i]) };
	}
	return wire_push_answer_write(&answer, json);
}

static void after(struct request *r, enum wk_status st)
{
	SCOPED(buf_fini) struct buf json = BUF_INIT(ANSWER_MAX);
	struct push *p = r->state;
	bool is_conflict = st == WK_CONFLICT;

	if (st == WK_OK && p->written > 0) {
		hub_moved(r->server->hub, p->group_n);
		atomic_fetch_add(&r->server->counters.pushed, p->written);
	}
	if (is_conflict) {
		server_count(r->server, conflicts);
		st = read_head(r, p);
	}
	if (st == WK_OK)
		st = write_answer(r, p, is_conflict, &json);
	if (st != WK_OK)
		reply_status(r, st);
	else
		reply_json(r, is_conflict ? 409 : 200, &json);
}

static enum wk_status check_ids(const struct batch *b)
{
	SCOPED(map_free_scoped) struct map *seen = map_new();

	if (!seen)
		return WK_NOMEM;
	for (size_t i = 0; i < b->count; i++) {
		enum wk_status st;

		if (map_get(seen, b->items[i].id))
			return WK_INVALID;
		st = map_put(seen, b->items[i].id, &b->items[i]);
		if (st != WK_OK)
			return st;
	}
	return WK_OK;
}

void v1_push(struct request *r)
{
	struct push *p = r->state;
	enum wk_status st = check_ids(&p->batch);

	if (st == WK_OK) {
		p->results = calloc(p->batch.count + 1, sizeof *p->results);
		st = p->results ? WK_OK : WK_NOMEM;
	}
	if (st != WK_OK)
		reply_status(r, st);
	else
		request_commit(r, run, after);
}

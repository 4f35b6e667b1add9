/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /sync/push: a bare array of records, of any length, as an app sends it.
 *
 * Records are stored in batches while the body arrives, so that the memory of a
 * request does not grow with it.  A batch that was stored stays stored when the
 * connection breaks; the app sends everything again, and what the storage holds
 * already counts as stored.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "server/batch.h"
#include "server/handlers.h"
#include "server/stock_answer.h"

#define ELEMENT_MAX ((size_t)WIRE_CONTENT_MAX + 64 * 1024)
#define BATCH_ITEMS 1000
#define BATCH_BYTES ((size_t)8 * 1024 * 1024)
#define TOUCHED_MAX 16

enum part { CREATED, UPDATED, REMOVED, CONFLICTS };
static const char *const keys[STOCK_PARTS] = { "created", "updated", "removed", "conflicts" };
static const enum stock_part_kind kinds[STOCK_PARTS] = { STOCK_TEXTS, STOCK_TEXTS, STOCK_TEXTS,
							 STOCK_REFS };

struct stock_push_state {
	struct batch batch;
	struct stock_answer *answer;
	int64_t now_ms;
	/* The group of the record before: records of one group come in a row. */
	struct bytes group_id;
	int64_t group_n;
	/* Groups that moved in this batch; more than fit: whoever polls looks. */
	int64_t touched[TOUCHED_MAX];
	size_t touched_count;
	size_t written;
};

static void state_free(void *state)
{
	struct stock_push_state *s = state;

	batch_fini(&s->batch);
	stock_answer_free(s->answer);
	free(s);
}

static enum wk_status take_element(void *arg, struct bytes key, bool is_element,
				   struct bytes text)
{
	struct stock_push_state *s = arg;

	if (!is_element || key.n > 0)
		return WK_INVALID;	/* not a bare array */
	return batch_add(&s->batch, text, true, s->now_ms);
}

void stock_push_begin(struct request *r)
{
	struct stock_push_state *s = calloc(1, sizeof *s);
	enum wk_status st = s ? batch_init(&s->batch) : WK_NOMEM;

	r->state = s;
	r->state_free = state_free;
	if (st == WK_OK) {
		s->now_ms = clock_wall_ms();
		s->answer = stock_answer_new(r->server->storage, keys, kinds);
		st = s->answer ? split_new(ELEMENT_MAX, take_element, s, &r->split) : WK_NOMEM;
	}
	if (st != WK_OK)
		reply_status(r, st);
}

/* group_n = 0: no access, or disabled. */
static enum wk_status find_group(struct request *r, struct storage_tx *tx, struct bytes id)
{
	struct stock_push_state *s = r->state;
	enum wk_status st;

	if (s->group_id.p && bytes_equal(id, s->group_id))
		return WK_OK;
	s->group_n = 0;
	st = r->server->storage->ops->group_find(tx, r->account_n, id, &s->group_n);
	if (st != WK_OK && st != WK_NOT_FOUND && st != WK_DENIED)
		return st;
	s->group_id = id;
	return WK_OK;
}

static void touch(struct stock_push_state *s)
{
	for (size_t i = 0; i < s->touched_count; i++)
		if (s->touched[i] == s->group_n)
			return;
	if (s->touched_count < TOUCHED_MAX)
		s->touched[s->touched_count++] = s->group_n;
}

static enum wk_status report(struct request *r, struct storage_tx *tx,
			     const struct batch_item *item, const struct storage_put *put,
			     const struct storage_put_result *result)
{
	struct stock_push_state *s = r->state;
	bool is_new = result->outcome == STORAGE_CREATED ||
		      bytes_equal_str(item->seen_version, WIRE_NO_VERSION);
	enum wk_status st;

	if (result->outcome != STORAGE_CONFLICT) {
		if (result->outcome != STORAGE_ALREADY)
			s->written++;
		return stock_answer_id(s->answer,
				       item->removed ? REMOVED : is_new ? CREATED : UPDATED,
				       item->id, result->version);
	}
	st = stock_answer_ref(s->answer, CONFLICTS,
			      (struct stock_ref){ put->group_n, result->seq });
	/* The app forgets the document it deleted; the new version makes its next pull bring it. */
	if (st == WK_OK && item->removed && !result->is_removed &&
	    result->last_edited_ms > item->last_edited_ms)
		st = r->server->storage->ops->revive(tx, put->group_n, item->id, put->mark);
	return st;
}

static enum wk_status run(struct request *r, struct storage_tx *tx)
{
	struct stock_push_state *s = r->state;
	uint8_t mark[STORAGE_MARK];
	enum wk_status st = WK_OK;

	secret_random(mark, sizeof mark);
	s->touched_count = s->written = 0;
	s->group_id = (struct bytes){ NULL, 0 };
	for (size_t i = 0; st == WK_OK && i < s->batch.count; i++) {
		struct storage_put put = batch_put(&s->batch.items[i]);
		struct storage_put_result result;

		st = find_group(r, tx, s->batch.items[i].group_id);
		if (st != WK_OK || s->group_n == 0)
			continue;
		put.group_n = s->group_n;
		put.account_n = r->account_n;
		put.mark = mark;
		put.app_session = r->session_hash;
		st = r->server->storage->ops->put(tx, &put, &result);
		if (st != WK_OK)
			break;
		touch(s);
		st = report(r, tx, &s->batch.items[i], &put, &result);
	}
	return st;
}

/* A batch is on disk, or the whole is refused. */
static void stored(struct request *r, enum wk_status st)
{
	struct stock_push_state *s = r->state;

	if (st != WK_OK) {
		reply_status(r, st);
		return;
	}
	for (size_t i = 0; i < s->touched_count; i++)
		hub_moved(r->server->hub, s->touched[i]);
	atomic_fetch_add(&r->server->counters.pushed, s->written);
	if (s->answer->parts[CONFLICTS].count > 0)
		server_count(r->server, conflicts);
	batch_clear(&s->batch);
}

static void stored_last(struct request *r, enum wk_status st)
{
	struct stock_push_state *s = r->state;

	stored(r, st);
	if (!r->reply)
		stock_answer_send(r, take(&s->answer));
}

void stock_push_fed(struct request *r)
{
	struct stock_push_state *s = r->state;

	if (s->batch.count >= BATCH_ITEMS || s->batch.bytes >= BATCH_BYTES)
		request_commit(r, run, stored);
}

void stock_push(struct request *r)
{
	request_commit(r, run, stored_last);
}

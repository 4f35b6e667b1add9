/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/poll: which groups stand elsewhere than the client thinks, now or soon. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/map.h"
#include "server/handlers.h"

#define ANSWER_MAX ((size_t)1024 * 1024)

struct poll_state {
	struct wire_poll asked;
	struct map *by_id;		/* of the asked heads */
	int64_t groups[WIRE_GROUPS_MAX];	/* the account's, ascending */
	size_t count;
	bool *is_found;			/* for each asked head: the account has that group */
	struct buf json;
	bool is_any;			/* a head differs */
	uint64_t moves;
	int64_t deadline_ms;
};

static void poll_free(void *state)
{
	struct poll_state *p = state;

	map_free(p->by_id);
	buf_fini(&p->json);
	free(p->is_found);
	free(p);
}

static enum wk_status append_head(struct poll_state *p, struct bytes id,
				  const struct wire_head *head)
{
	enum wk_status st = buf_append_str(&p->json, p->is_any ? ",{\"id\":" : "{\"id\":");

	if (st == WK_OK)
		st = json_write_string(id, &p->json);
	if (st == WK_OK)
		st = buf_printf(&p->json, ",\"seq\":%llu,\"mark\":\"%.*s\"}",
				(unsigned long long)head->seq, (int)head->mark.n,
				(const char *)head->mark.p);
	p->is_any = true;
	return st;
}

static enum wk_status compare_head(void *arg, struct bytes id, const struct storage_head *row)
{
	struct poll_state *p = arg;
	struct wire_poll_head *asked = map_get(p->by_id, id);
	char mark[2 * STORAGE_MARK + 1];
	struct wire_head head = { .seq = row->seq };

	if (p->count == WIRE_GROUPS_MAX)
		return WK_CANCELLED;
	p->groups[p->count++] = row->group_n;
	hex_encode(row->mark, STORAGE_MARK, mark);
	head.mark = bytes_of(mark, row->seq ? 2 * STORAGE_MARK : 0);
	if (asked) {
		p->is_found[asked - p->asked.heads] = true;
		if (asked->head.seq == head.seq && bytes_equal(asked->head.mark, head.mark))
			return WK_OK;
	}
	return append_head(p, id, &head);
}

/* Heads of groups that the account has no link to (any more). */
static enum wk_status append_lost(struct poll_state *p)
{
	enum wk_status st = WK_OK;

	for (size_t i = 0; st == WK_OK && i < p->asked.count; i++)
		if (!p->is_found[i] && p->asked.heads[i].head.seq != 0)
			st = append_head(p, p->asked.heads[i].group_id,
					 &(struct wire_head){ 0, bytes_of("", 0) });
	return st;
}

static enum wk_status compare(struct request *r, struct poll_state *p)
{
	struct storage *storage = r->server->storage;
	struct storage_tx *tx;
	enum wk_status st;

	p->count = 0;
	p->is_any = false;
	buf_clear(&p->json);
	memset(p->is_found, 0, (p->asked.count + 1) * sizeof *p->is_found);
	p->moves = hub_moves(r->server->hub);
	st = buf_append_str(&p->json, "{\"heads\":[");
	if (st == WK_OK)
		st = storage->ops->begin(storage, false, &tx);
	if (st != WK_OK)
		return st;
	st = storage->ops->heads(tx, r->account_n, compare_head, p);
	storage->ops->abort(tx);
	if (st == WK_OK)
		st = append_lost(p);
	return st == WK_OK ? buf_append_str(&p->json, "]}") : st;
}

/* Answers, or waits on. */
static void look(struct request *r, enum wk_status st)
{
	struct poll_state *p = r->state;

	if (st == WK_OK)
		st = compare(r, p);
	if (st != WK_OK) {
		reply_status(r, st);
		return;
	}
	if (p->is_any || clock_mono_ms() >= p->deadline_ms || r->server->is_stopping) {
		reply_json(r, 200, &p->json);
		return;
	}
	r->waiter = (struct hub_waiter){ .account_n = r->account_n, .groups = p->groups,
					 .count = p->count, .deadline_ms = p->deadline_ms };
	request_wait(r, p->moves, look);
}

static enum wk_status read_asked(struct request *r, struct poll_state *p)
{
	struct json *body;
	enum wk_status st = request_json(r, &body);

	if (st == WK_OK)
		st = wire_poll_read(r->arena, body, &p->asked);
	if (st != WK_OK)
		return st;
	p->json = (struct buf)BUF_INIT(ANSWER_MAX);
	p->is_found = calloc(p->asked.count + 1, sizeof *p->is_found);
	p->by_id = map_new();
	if (!p->is_found || !p->by_id)
		return WK_NOMEM;
	for (size_t i = 0; st == WK_OK && i < p->asked.count; i++)
		st = map_put(p->by_id, p->asked.heads[i].group_id, &p->asked.heads[i]);
	return st;
}

void poll_handle(struct request *r)
{
	struct poll_state *p = calloc(1, sizeof *p);
	enum wk_status st;

	r->state = p;
	r->state_free = poll_free;
	st = p ? read_asked(r, p) : WK_NOMEM;
	if (st == WK_OK) {
		if (p->asked.timeout_ms > WIRE_POLL_MAX_MS)
			p->asked.timeout_ms = WIRE_POLL_MAX_MS;
		p->deadline_ms = clock_mono_ms() + p->asked.timeout_ms;
	}
	look(r, st);
}
